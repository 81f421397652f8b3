//! Whom to call, at the foot of every page: the assistance of the elections that are under way, or were lately.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use chrono::TimeDelta;
use rocket::fairing::AdHoc;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::outbox::letters::support;
use crate::portal::Portal;
use crate::roll::election;
use crate::values::Instant;

/// How long an answer of the database serves, or the lack of one: an election that was just added is on every page soon
/// after, and a database that is silent is not asked by every page.
const KEPT: TimeDelta = TimeDelta::seconds(10);
/// Whoever asks anew has a page to wait for, too.
const PATIENCE: Duration = Duration::from_millis(500);
/// What is no page.
const FILES: [&str; 6] = ["/static/", "/captcha/", "/webhooks/", "/healthz", "/readyz", "/metrics"];

#[derive(Default)]
pub struct Contacts {
    kept: RwLock<(Option<Instant>, Value)>,
    /// Who asks the database anew; the others go on with what is kept.
    turn: Mutex<()>,
}

/// Asks for the contacts before the first page.
pub fn at_start() -> AdHoc {
    AdHoc::try_on_ignite("first contacts", |rocket| async {
        let contacts = Contacts::default();
        if let Some(portal) = rocket.state() {
            contacts.renew(portal).await;
        }
        Ok(rocket.manage(contacts))
    })
}

/// Asks anew when they are old.
pub fn meanwhile() -> AdHoc {
    AdHoc::on_request("contacts", |request, _| {
        Box::pin(async move {
            let path = request.uri().path();
            if FILES.iter().any(|files| path.starts_with(files)) {
                return;
            }
            if let (Some(portal), Some(contacts)) = (request.rocket().state(), request.rocket().state::<Contacts>()) {
                contacts.renew(portal).await;
            }
        })
    })
}

impl Contacts {
    async fn renew(&self, portal: &Portal) {
        if self.are_fresh(portal.now()) {
            return;
        }
        let Ok(_turn) = self.turn.try_lock() else { return };
        let contacts = match timeout(PATIENCE, election::supported(portal)).await {
            Ok(Ok(elections)) => elections
                .iter()
                .map(|election| json!({ "name": election.name, "support": support(election) }))
                .collect(),
            other => {
                tracing::error!(silent = other.is_err(), "the contacts of the elections could not be read");
                self.all()
            }
        };
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = (Some(portal.now()), contacts);
    }

    /// The elections, each with its `name` and `support`.
    pub fn all(&self) -> Value {
        match &self.kept.read().unwrap_or_else(PoisonError::into_inner).1 {
            Value::Null => json!([]),
            contacts => contacts.clone(),
        }
    }

    fn are_fresh(&self, now: Instant) -> bool {
        let asked = self.kept.read().unwrap_or_else(PoisonError::into_inner).0;
        asked.is_some_and(|at| (TimeDelta::zero()..KEPT).contains(&(now - at)))
    }
}
