//! A security code that was answered wrong.

use sea_orm::entity::prelude::*;

use crate::values::Instant;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "captcha_try")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub captcha_digest: Vec<u8>,
    pub wrong: i32,
    pub ends_at: Instant,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
