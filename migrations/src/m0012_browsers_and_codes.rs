//! The browsers that an account's owner has proved to use, and how often a security code was answered wrong.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, integer, timestamp_with_time_zone};

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
                    .table("known_browser")
                    // Keyed, of the address and the browser's nonce: the one under which its failures are counted.
                    .col(binary("key_digest").primary_key())
                    .col(big_integer("account_id"))
                    .col(timestamp_with_time_zone("known_at"))
                    .foreign_key(ForeignKey::create().from("known_browser", "account_id").to("account", "id"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_index(
                Index::create()
                    .name("known_browser_account")
                    .table("known_browser")
                    .col("account_id")
                    .col("known_at")
                    .to_owned(),
            )
            .await?;
        schema
            .create_index(Index::create().name("known_browser_age").table("known_browser").col("known_at").to_owned())
            .await?;
        schema
            .create_table(
                Table::create()
                    .table("captcha_try")
                    // Of the captcha's name, as an identity check has it.
                    .col(binary("captcha_digest").primary_key())
                    .col(integer("wrong"))
                    .col(timestamp_with_time_zone("ends_at"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_index(Index::create().name("captcha_try_end").table("captcha_try").col("ends_at").to_owned())
            .await
    }
}
