//! An election: its window of re-issue, its limits, and whom to call.

use sea_orm::entity::prelude::*;

use crate::values::Instant;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "election")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub name: String,
    pub reissue_opens: Instant,
    pub reissue_closes: Instant,
    pub max_identifiers: i32,
    pub max_failed_checks: i32,
    pub territories: String,
    pub support_phone: String,
    pub support_email: String,
    pub support_hours: String,
    /// Its name and window, unlike any other's.
    pub known_as: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
