//! Which mail carries a link, so that a dead one is withdrawn before it leaves; and whose an account was, should its address
//! pass to another person.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        // Killed half-way, a step has not happened.
        Some(true)
    }

    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let message = big_integer_null("message_id").take();
        schema.alter_table(Table::alter().table("recovery_ticket").add_column(message).to_owned()).await?;
        let left_by = big_integer_null("left_by").take();
        schema.alter_table(Table::alter().table("account").add_column(left_by).to_owned()).await?;
        let index = "CREATE INDEX recovery_ticket_message ON recovery_ticket (message_id) WHERE message_id IS NOT NULL";
        schema.get_connection().execute_unprepared(index).await?;
        Ok(())
    }
}
