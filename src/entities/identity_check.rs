//! One run of the voter's form that reached a decision, refused or not.

use sea_orm::entity::prelude::*;

use crate::values::Instant;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_check")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub voter_id: i64,
    pub checked_at: Instant,
    pub outcome: String,
    pub captcha_digest: Vec<u8>,
    pub submission_digest: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
