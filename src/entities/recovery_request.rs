//! An address whose password was asked for, until the worker has answered.

use sea_orm::entity::prelude::*;

use crate::values::Instant;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recovery_request")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub sealed_address: Vec<u8>,
    pub asked_at: Instant,
    /// A language's code.
    pub language: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
