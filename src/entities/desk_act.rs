//! What a desk did for a voter, why, and who did it.

use sea_orm::entity::prelude::*;

use crate::values::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Act {
    /// The failed checks count from nothing again.
    #[sea_orm(string_value = "unlock")]
    Unlock,
    #[sea_orm(string_value = "unfreeze")]
    Unfreeze,
    #[sea_orm(string_value = "voted")]
    Voted,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "desk_act")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub voter_id: i64,
    pub act: Act,
    pub reason: String,
    pub actor: String,
    pub at: Instant,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
