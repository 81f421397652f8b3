//! What is known of an account's mailbox, so that somebody is told before the vote.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string_null, timestamp_with_time_zone_null};

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
            // full or unknown; nothing as long as no mail was returned.
            string_null("mailbox_fault"),
            timestamp_with_time_zone_null("mailbox_fault_at"),
        ] {
            schema.alter_table(Table::alter().table("account").add_column(column).to_owned()).await?;
        }
        // Few accounts are in it, and they are looked for among all.
        let db = schema.get_connection();
        db.execute_unprepared("CREATE INDEX account_mailbox ON account (id) WHERE mailbox_fault IS NOT NULL").await?;
        Ok(())
    }
}
