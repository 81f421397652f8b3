//! SMS are found by the number that they are for: others to it may be taken for one.

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
        let index =
            "CREATE INDEX message_recipient ON message (recipient_digest, tried_at) WHERE recipient_digest IS NOT NULL";
        schema.get_connection().execute_unprepared(index).await?;
        Ok(())
    }
}
