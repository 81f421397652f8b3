//! What tells whether a process holds the master secret under which the database was filled.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, integer};

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
                    .table("master_secret")
                    // Always 1: there is one.
                    .col(integer("id").primary_key())
                    .col(binary("check_digest"))
                    .to_owned(),
            )
            .await
    }
}
