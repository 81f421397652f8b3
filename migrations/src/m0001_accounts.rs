//! Accounts, their sessions, how often a sign-in failed, and the ways back to a lost password.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, integer, pk_auto, string, string_uniq, text_null, timestamp_with_time_zone,
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
                    .table("account")
                    .col(pk_auto("id").big_integer())
                    .col(string("population"))
                    .col(string_uniq("email"))
                    .col(text_null("password_hash"))
                    .col(timestamp_with_time_zone("created_at"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_table(
                Table::create()
                    .table("session")
                    .col(binary("token_digest").primary_key())
                    .col(big_integer("account_id"))
                    .col(timestamp_with_time_zone("opened_at"))
                    .col(timestamp_with_time_zone("seen_at"))
                    .foreign_key(ForeignKey::create().from("session", "account_id").to("account", "id"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_index(Index::create().name("session_account").table("session").col("account_id").to_owned())
            .await?;
        schema
            .create_table(
                Table::create()
                    .table("sign_in_throttle")
                    .col(binary("key_digest").primary_key())
                    .col(integer("in_a_row"))
                    .col(integer("today"))
                    .col(timestamp_with_time_zone("last_failed_at"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_table(
                Table::create()
                    .table("recovery_request")
                    .col(pk_auto("id").big_integer())
                    .col(binary("sealed_address"))
                    .col(timestamp_with_time_zone("asked_at"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_table(
                Table::create()
                    .table("recovery_ticket")
                    .col(binary("token_digest").primary_key())
                    .col(big_integer("account_id"))
                    .col(timestamp_with_time_zone("asked_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .col(timestamp_with_time_zone_null("closed_at"))
                    .foreign_key(ForeignKey::create().from("recovery_ticket", "account_id").to("account", "id"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_index(
                Index::create()
                    .name("recovery_ticket_account")
                    .table("recovery_ticket")
                    .col("account_id")
                    .col("asked_at")
                    .to_owned(),
            )
            .await
    }
}
