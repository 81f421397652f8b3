//! Identity checks, the identifiers they issued, and whose phone is whose.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, binary_uniq, integer, pk_auto, string, timestamp_with_time_zone, timestamp_with_time_zone_null,
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
                    .table("identity_check")
                    .col(pk_auto("id").big_integer())
                    .col(big_integer("voter_id"))
                    .col(timestamp_with_time_zone("checked_at"))
                    .col(string("outcome"))
                    // A captcha serves one check, whatever becomes of it.
                    .col(binary_uniq("captcha_digest"))
                    .col(binary("submission_digest"))
                    .foreign_key(ForeignKey::create().from("identity_check", "voter_id").to("voter", "id"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_index(
                Index::create().name("identity_check_voter").table("identity_check").col("voter_id").to_owned(),
            )
            .await?;
        schema
            .create_table(
                Table::create()
                    .table("voting_identifier")
                    .col(pk_auto("id").big_integer())
                    .col(big_integer("election_id"))
                    .col(big_integer("voter_id"))
                    // Numbers a voter's identifiers from 1 on; voided ones keep theirs.
                    .col(integer("sequence"))
                    .col(binary("digest"))
                    .col(string("state"))
                    .col(binary("phone_digest"))
                    .col(string("masked_number"))
                    // When the voter expressly asked to receive it on this number.
                    .col(timestamp_with_time_zone("requested_at"))
                    .col(timestamp_with_time_zone_null("ended_at"))
                    .col(big_integer("sms_id"))
                    .col(binary_uniq("disavow_digest"))
                    .foreign_key(ForeignKey::create().from("voting_identifier", "election_id").to("election", "id"))
                    .foreign_key(ForeignKey::create().from("voting_identifier", "voter_id").to("voter", "id"))
                    .foreign_key(ForeignKey::create().from("voting_identifier", "sms_id").to("message", "id"))
                    .to_owned(),
            )
            .await?;
        for (name, columns) in [
            ("voting_identifier_sequence", vec!["voter_id", "sequence"]),
            ("voting_identifier_digest", vec!["election_id", "digest"]),
            ("voting_identifier_sms", vec!["sms_id"]),
        ] {
            let mut index = Index::create().name(name).table("voting_identifier").unique().to_owned();
            for column in columns {
                index.col(column);
            }
            schema.create_index(index).await?;
        }
        schema
            .get_connection()
            .execute_unprepared(
                "CREATE UNIQUE INDEX voting_identifier_active ON voting_identifier (voter_id) WHERE state = 'active'",
            )
            .await?;
        // One phone serves one voter in an election: the primary key says so.
        schema
            .create_table(
                Table::create()
                    .table("phone_claim")
                    .col(big_integer("election_id"))
                    .col(binary("phone_digest"))
                    .col(big_integer("voter_id"))
                    .primary_key(Index::create().col("election_id").col("phone_digest"))
                    .foreign_key(ForeignKey::create().from("phone_claim", "voter_id").to("voter", "id"))
                    .to_owned(),
            )
            .await
    }
}
