//! Elections and their rolls: who may vote, and from which establishment.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, integer, pk_auto, string, string_uniq, text, timestamp_with_time_zone,
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
                    .table("election")
                    .col(pk_auto("id").big_integer())
                    .col(text("name"))
                    .col(timestamp_with_time_zone("reissue_opens"))
                    .col(timestamp_with_time_zone("reissue_closes"))
                    .col(integer("max_identifiers"))
                    .col(integer("max_failed_checks"))
                    .col(string("territories"))
                    .col(string("support_phone"))
                    .col(string("support_email"))
                    .col(string("support_hours"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_table(
                Table::create()
                    .table("establishment")
                    .col(pk_auto("id").big_integer())
                    .col(string_uniq("uai"))
                    .col(text("name"))
                    .col(text("academy"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_table(
                Table::create()
                    .table("voter")
                    .col(pk_auto("id").big_integer())
                    .col(big_integer("election_id"))
                    .col(big_integer("account_id"))
                    .col(big_integer("establishment_id"))
                    .col(text("last_name"))
                    .col(text("first_names"))
                    .col(binary("numen_digest"))
                    .col(binary("birthdate_digest"))
                    .col(text("ballots"))
                    .col(integer("failed_checks").default(0))
                    .col(integer("phone_refusals").default(0))
                    .col(timestamp_with_time_zone_null("phone_refused_at"))
                    .col(timestamp_with_time_zone_null("frozen_at"))
                    .col(timestamp_with_time_zone_null("voted_at"))
                    .foreign_key(ForeignKey::create().from("voter", "election_id").to("election", "id"))
                    .foreign_key(ForeignKey::create().from("voter", "account_id").to("account", "id"))
                    .foreign_key(ForeignKey::create().from("voter", "establishment_id").to("establishment", "id"))
                    .to_owned(),
            )
            .await?;
        // One voter per person and election, found by account at sign-in and by NUMEN at import. The election
        // comes last: nobody looks for all voters of one.
        for (name, columns) in
            [("voter_account", ["account_id", "election_id"]), ("voter_numen", ["numen_digest", "election_id"])]
        {
            schema
                .create_index(
                    Index::create().name(name).table("voter").col(columns[0]).col(columns[1]).unique().to_owned(),
                )
                .await?;
        }
        Ok(())
    }
}
