//! The language in which somebody is written to.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        // Killed half-way, a step has not happened.
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for table in ["account", "recovery_request"] {
            let language = string("language").default("fr").take();
            schema.alter_table(Table::alter().table(table).add_column(language).to_owned()).await?;
        }
        Ok(())
    }
}
