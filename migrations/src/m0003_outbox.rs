//! The outbox: messages that are committed with the decision that they tell.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, binary_null, integer, pk_auto, string, string_null, timestamp_with_time_zone,
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
        schema
            .create_table(
                Table::create()
                    .table("message")
                    .col(pk_auto("id").big_integer())
                    .col(string("channel"))
                    .col(string("letter"))
                    .col(big_integer_null("account_id"))
                    // Erased (NULL) once the carrier has the message or has refused it for good.
                    .col(binary_null("sealed"))
                    .col(string("state"))
                    .col(integer("attempts").default(0))
                    .col(timestamp_with_time_zone("created_at"))
                    // When the worker may take it next: a backoff, or the end of a lease.
                    .col(timestamp_with_time_zone("due_at"))
                    .col(timestamp_with_time_zone_null("ended_at"))
                    .col(string_null("carrier_id"))
                    .col(string_null("failure"))
                    .foreign_key(ForeignKey::create().from("message", "account_id").to("account", "id"))
                    .to_owned(),
            )
            .await?;
        // What a claim reads: only what is still to send, so that its cost does not grow with the archive.
        schema
            .get_connection()
            .execute_unprepared("CREATE INDEX message_due ON message (due_at, id) WHERE ended_at IS NULL")
            .await?;
        Ok(())
    }
}
