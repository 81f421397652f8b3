//! The hour's SMS counted by process: each locks rows of its own only, and all together are their sum. The table of before
//! (`sms_tally`) stays for the version of before, and is nobody's from this one on.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, integer, timestamp_with_time_zone};

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
                    .table("sms_tally_share")
                    // A number's digest, or nothing for all numbers together.
                    .col(binary("recipient_digest"))
                    .col(timestamp_with_time_zone("hour"))
                    // The process that counts here.
                    .col(integer("share"))
                    .col(integer("sent"))
                    .primary_key(Index::create().col("recipient_digest").col("hour").col("share"))
                    .to_owned(),
            )
            .await
    }
}
