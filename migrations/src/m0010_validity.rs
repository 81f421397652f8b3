//! From when a message's validity counts, where it had to wait for its channel's cap.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::timestamp_with_time_zone_null;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        // Killed half-way, a step has not happened.
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let valid_from = timestamp_with_time_zone_null("valid_from");
        schema.alter_table(Table::alter().table("message").add_column(valid_from).to_owned()).await
    }
}
