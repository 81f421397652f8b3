//! Whether the process lives, and whether it can serve.

use std::time::Duration;

use rocket::http::Status;
use rocket::{State, get};
use tokio::time::timeout;

use crate::entities::message::Channel;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::schema::{self, Standing};

/// A load balancer does not wait longer.
const PATIENCE: Duration = Duration::from_secs(2);

#[get("/healthz")]
pub fn live() -> &'static str {
    "ok\n"
}

/// What is counted, for Prometheus.
#[get("/metrics")]
pub fn metrics(portal: &State<Portal>) -> Result<String, Fault> {
    Ok(portal.metrics.text()?)
}

/// Ready: the database answers, has every step of the schema, can be written, and this process does its part of the work.
#[get("/readyz")]
pub async fn ready(portal: &State<Portal>) -> (Status, &'static str) {
    match timeout(PATIENCE, look(portal)).await {
        Ok(Ok(None)) => (Status::Ok, "ready\n"),
        Ok(Ok(Some(lack))) => (Status::ServiceUnavailable, lack),
        Ok(Err(fault)) => {
            tracing::error!(%fault, "the database does not answer");
            (Status::ServiceUnavailable, "the database does not answer\n")
        }
        Err(_) => (Status::ServiceUnavailable, "the database is silent\n"),
    }
}

/// What is missing to serve. It writes nothing: it is asked every few seconds, also where nothing can be written.
async fn look(portal: &Portal) -> Result<Option<&'static str>, Fault> {
    if schema::standing(&portal.db).await? == Standing::Behind {
        return Ok(Some("the schema is behind: guichet migrate\n"));
    }
    if !schema::can_be_written(&portal.db).await? {
        return Ok(Some("the database can only be read\n"));
    }
    if !portal.clock.is_sound() {
        return Ok(Some("the clock is too far from the database's\n"));
    }
    let waits = [Channel::Sms, Channel::Mail].into_iter().any(|channel| portal.claims.waits(channel).is_some());
    Ok(waits.then_some("messages can't be claimed\n"))
}
