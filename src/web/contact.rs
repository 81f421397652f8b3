//! Whom to call, at the foot of every page: the assistance of the elections that are under way.

use chrono::Duration;
use rocket::fairing::AdHoc;
use serde_json::{Value, json};
use tokio::sync::RwLock;

use crate::fault::Fault;
use crate::outbox::letters::support;
use crate::portal::Portal;
use crate::roll::election;
use crate::values::Instant;

/// How long the answer of the database serves: an election that was just added is on every page soon after.
const KEPT: Duration = Duration::seconds(10);
/// What is no page.
const FILES: [&str; 3] = ["/static/", "/captcha/", "/webhooks/"];

#[derive(Default)]
pub struct Contacts(RwLock<Option<(Instant, Value)>>);

/// Asks anew for the contacts when they are old, once for all requests that come meanwhile.
pub fn fairing() -> AdHoc {
    AdHoc::on_request("contacts", |request, _| {
        Box::pin(async move {
            let path = request.uri().path();
            let state = (request.rocket().state::<Portal>(), request.rocket().state::<Contacts>());
            let (Some(portal), Some(contacts)) = state else { return };
            if FILES.iter().any(|files| path.starts_with(files)) || contacts.are_fresh(portal.now()).await {
                return;
            }
            if let Err(fault) = contacts.renew(portal).await {
                tracing::error!(%fault, "the contacts of the elections could not be read");
            }
        })
    })
}

impl Contacts {
    async fn are_fresh(&self, now: Instant) -> bool {
        is_fresh(self.0.read().await.as_ref(), now)
    }

    async fn renew(&self, portal: &Portal) -> Result<(), Fault> {
        let mut kept = self.0.write().await;
        if is_fresh(kept.as_ref(), portal.now()) {
            return Ok(());
        }
        let current = election::current(portal).await?;
        let contacts = current.iter().map(|election| json!({ "name": election.name, "support": support(election) }));
        *kept = Some((portal.now(), contacts.collect()));
        Ok(())
    }

    /// The elections under way, each with its `name` and `support`.
    pub fn all(&self) -> Value {
        self.0
            .try_read()
            .ok()
            .and_then(|kept| kept.as_ref().map(|(_, contacts)| contacts.clone()))
            .unwrap_or_else(|| json!([]))
    }
}

fn is_fresh(kept: Option<&(Instant, Value)>, now: Instant) -> bool {
    kept.is_some_and(|(at, _)| (Duration::zero()..KEPT).contains(&(now - *at)))
}
