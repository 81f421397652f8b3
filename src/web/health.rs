//! Whether the process lives, and whether it can serve.

use guichet_migrations::Migrator;
use rocket::http::Status;
use rocket::{State, get};
use sea_orm_migration::MigratorTrait;

use crate::fault::Fault;
use crate::portal::Portal;

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
    match Migrator::get_pending_migrations(&*portal.db).await {
        Ok(pending) if pending.is_empty() => (Status::Ok, "ready\n"),
        Ok(_) => (Status::ServiceUnavailable, "the schema is behind: guichet migrate\n"),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            (Status::ServiceUnavailable, "the database does not answer\n")
        }
    }
}
