//! Whose phone is whose in an election.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "phone_claim")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub election_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub phone_digest: Vec<u8>,
    pub voter_id: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
