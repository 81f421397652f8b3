//! How many SMS a process handed over in an hour, to one number and in all.

use sea_orm::entity::prelude::*;

use crate::values::Instant;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sms_tally_share")]
pub struct Model {
    /// A number's digest, or nothing for all numbers together.
    #[sea_orm(primary_key, auto_increment = false)]
    pub recipient_digest: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub hour: Instant,
    /// The process: the others wait for none of its rows.
    #[sea_orm(primary_key, auto_increment = false)]
    pub share: i32,
    pub sent: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
