//! What a desk did for a voter, with its reason and its author; and no election twice.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, pk_auto, string, text, text_null, timestamp_with_time_zone};

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
                    .table("desk_act")
                    .col(pk_auto("id").big_integer())
                    .col(big_integer("voter_id"))
                    .col(string("act"))
                    .col(text("reason"))
                    // The account of the system under which the command ran.
                    .col(text("actor"))
                    .col(timestamp_with_time_zone("at"))
                    .foreign_key(ForeignKey::create().from("desk_act", "voter_id").to("voter", "id"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_index(Index::create().name("desk_act_voter").table("desk_act").col("voter_id").to_owned())
            .await?;
        // Name and window, so that of two additions at once one is refused. Elections of before have none: two of
        // them may be alike.
        let known_as = text_null("known_as").take();
        schema.alter_table(Table::alter().table("election").add_column(known_as).to_owned()).await?;
        schema
            .create_index(
                Index::create().name("election_known_as").table("election").col("known_as").unique().to_owned(),
            )
            .await
    }
}
