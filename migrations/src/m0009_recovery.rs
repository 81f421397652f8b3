//! Requests for a password that wait in a fair order and are tried again; links that take so many refusals; what the upkeep
//! looks for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary_null, integer, timestamp_with_time_zone, timestamp_with_time_zone_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// What an earlier version of the portal, which knows no such columns, writes into them: its requests go first.
const FIRST: &str = "1970-01-01 00:00:00+00:00";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        // Killed half-way, a step has not happened.
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            // Keyed: one address waits once.
            binary_null("address_digest"),
            // Keyed: the network that it was asked from.
            binary_null("origin_digest"),
            // Its place in the line.
            timestamp_with_time_zone("turn_at").default(FIRST).take(),
            // When it may be taken: a pause after a fault, or the end of a lease.
            timestamp_with_time_zone("due_at").default(FIRST).take(),
            integer("attempts").default(0).take(),
            timestamp_with_time_zone_null("set_aside_at"),
        ] {
            schema.alter_table(Table::alter().table("recovery_request").add_column(column).to_owned()).await?;
        }
        let refusals = integer("refusals").default(0).take();
        schema.alter_table(Table::alter().table("recovery_ticket").add_column(refusals).to_owned()).await?;
        let db = schema.get_connection();
        for index in [
            "CREATE UNIQUE INDEX recovery_request_address ON recovery_request (address_digest) WHERE set_aside_at IS NULL",
            "CREATE INDEX recovery_request_turn ON recovery_request (turn_at, id) WHERE set_aside_at IS NULL",
            "CREATE INDEX recovery_request_origin ON recovery_request (origin_digest, turn_at)",
            "CREATE INDEX recovery_ticket_expired ON recovery_ticket (expires_at)",
            "CREATE INDEX session_opened ON session (opened_at)",
            "CREATE INDEX sign_in_throttle_last ON sign_in_throttle (last_failed_at)",
        ] {
            db.execute_unprepared(index).await?;
        }
        Ok(())
    }
}
