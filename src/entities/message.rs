//! An SMS or a mail, from the decision that it tells to its end.

use sea_orm::entity::prelude::*;

use crate::values::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Channel {
    #[sea_orm(string_value = "mail")]
    Mail,
    #[sea_orm(string_value = "sms")]
    Sms,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// Waiting for its first or next try.
    #[sea_orm(string_value = "queued")]
    Queued,
    /// Claimed by a worker until `due_at`.
    #[sea_orm(string_value = "sending")]
    Sending,
    /// The carrier has it.
    #[sea_orm(string_value = "accepted")]
    Accepted,
    /// Refused for good, or tried too long.
    #[sea_orm(string_value = "failed")]
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub channel: Channel,
    pub letter: String,
    pub account_id: Option<i64>,
    pub sealed: Option<Vec<u8>>,
    pub state: State,
    pub attempts: i32,
    pub created_at: Instant,
    pub due_at: Instant,
    pub ended_at: Option<Instant>,
    pub carrier_id: Option<String>,
    pub failure: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
