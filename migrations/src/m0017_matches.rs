//! A message is never taken for another: what a gateway calls an SMS is one message's, and rivals for it are found.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        // Killed half-way, a step has not happened.
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let db = schema.get_connection();
        for step in [
            // Of two that were taken for one SMS, nobody can tell which it was: the later one is known under no name.
            "UPDATE message SET carrier_id = NULL, ask_at = NULL WHERE carrier_id IS NOT NULL AND id NOT IN \
             (SELECT MIN(id) FROM message WHERE carrier_id IS NOT NULL GROUP BY gateway, carrier_id)",
            "CREATE UNIQUE INDEX message_carrier_once ON message (gateway, carrier_id) WHERE carrier_id IS NOT NULL",
            // Those to one number.
            "CREATE INDEX message_recipient ON message (recipient_digest, tried_at) WHERE recipient_digest IS NOT NULL",
        ] {
            db.execute_unprepared(step).await?;
        }
        Ok(())
    }
}
