//! What commands met that only the operator can mend.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, timestamp_with_time_zone};

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
                    .table("alarm")
                    .col(text("name").primary_key())
                    .col(big_integer("times"))
                    .col(timestamp_with_time_zone("last_at"))
                    .to_owned(),
            )
            .await
    }
}
