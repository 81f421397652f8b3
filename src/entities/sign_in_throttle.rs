//! Failed sign-ins under one address (known or not), from strangers or from one known browser.

use sea_orm::entity::prelude::*;

use crate::values::Instant;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_throttle")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_digest: Vec<u8>,
    pub in_a_row: i32,
    pub today: i32,
    pub last_failed_at: Instant,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
