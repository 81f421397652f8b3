//! A one-time link to set a password; closed once it, or another of its account, was used, or too many passwords were
//! refused.

use sea_orm::entity::prelude::*;

use crate::values::Instant;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recovery_ticket")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_digest: Vec<u8>,
    pub account_id: i64,
    pub asked_at: Instant,
    pub expires_at: Instant,
    pub closed_at: Option<Instant>,
    /// How many passwords were refused on it.
    pub refusals: i32,
    /// The mail that carries it; nothing where a version wrote it that kept no account of that.
    pub message_id: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::account::Entity", from = "Column::AccountId", to = "super::account::Column::Id")]
    Account,
}

impl Related<super::account::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Account.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
