//! What becomes of a message after the outbox: gateways, receipts, and how many SMS went where.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    binary, binary_null, boolean, integer, small_integer, string_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        // Killed half-way, a step has not happened.
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            // 0 goes first: what somebody waits for.
            small_integer("priority").default(0).take(),
            string_null("gateway"),
            // The carrier's own code of the last failure.
            string_null("code"),
            // It may have left: it is asked for before it is sent again.
            boolean("unsure").default(false).take(),
            // How often it was sent again although it may have left.
            integer("resent").default(0).take(),
            timestamp_with_time_zone_null("tried_at"),
            // When the carrier said what became of it.
            timestamp_with_time_zone_null("settled_at"),
            // When the carrier is asked, unless it tells before.
            timestamp_with_time_zone_null("ask_at"),
            // Keyed: SMS are counted by number.
            binary_null("recipient_digest"),
        ] {
            schema.alter_table(Table::alter().table("message").add_column(column).to_owned()).await?;
        }
        let db = schema.get_connection();
        db.execute_unprepared("DROP INDEX message_due").await?;
        for index in [
            // What a claim reads, in its order: only what is still to send, so that its cost does not grow
            // with the archive nor with the backlog.
            "CREATE INDEX message_claim ON message (channel, priority, due_at, id) WHERE ended_at IS NULL",
            // What has waited too long.
            "CREATE INDEX message_waiting ON message (channel, created_at) WHERE ended_at IS NULL",
            "CREATE INDEX message_ask ON message (ask_at) WHERE ask_at IS NOT NULL",
            "CREATE INDEX message_carrier ON message (carrier_id) WHERE carrier_id IS NOT NULL",
        ] {
            db.execute_unprepared(index).await?;
        }
        schema
            .create_table(
                Table::create()
                    .table("sms_tally")
                    // A number's digest, or nothing for all numbers together.
                    .col(binary("recipient_digest"))
                    .col(timestamp_with_time_zone("hour"))
                    .col(integer("sent"))
                    .primary_key(Index::create().col("recipient_digest").col("hour"))
                    .to_owned(),
            )
            .await
    }
}
