//! Whether the process lives, and whether it can serve.

use std::time::Duration;

use guichet_migrations::Migrator;
use rocket::http::Status;
use rocket::{State, get};
use sea_orm_migration::MigratorTrait;
use tokio::time::timeout;

use crate::fault::Fault;
use crate::portal::Portal;

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

/// Ready: the database answers and has every step of the schema.
#[get("/readyz")]
pub async fn ready(portal: &State<Portal>) -> (Status, &'static str) {
    let pending = Migrator::get_pending_migrations(portal.db.unbounded());
    let Ok(pending) = timeout(PATIENCE, pending).await else {
        return (Status::ServiceUnavailable, "the database is silent\n");
    };
    match pending {
        Ok(pending) if pending.is_empty() => (Status::Ok, "ready\n"),
        Ok(_) => (Status::ServiceUnavailable, "the schema is behind: guichet migrate\n"),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            (Status::ServiceUnavailable, "the database does not answer\n")
        }
    }
}
