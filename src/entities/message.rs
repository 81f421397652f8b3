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
    /// The carrier says that it arrived.
    #[sea_orm(string_value = "delivered")]
    Delivered,
    /// Refused for good, by the carrier at once or later.
    #[sea_orm(string_value = "failed")]
    Failed,
    /// No carrier took it while it was worth something.
    #[sea_orm(string_value = "expired")]
    Expired,
}

impl State {
    /// Whether nothing that a carrier says can change it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Failed | Self::Expired)
    }
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
    /// When there was nothing more to send: accepted, failed or expired.
    pub ended_at: Option<Instant>,
    pub carrier_id: Option<String>,
    /// What was wrong the last time, in our own words.
    pub failure: Option<String>,
    /// 0 goes first.
    pub priority: i16,
    /// The SMS gateway that has it, or had it last.
    pub gateway: Option<String>,
    /// The carrier's code for the failure.
    pub code: Option<String>,
    /// It may have left: it is asked for before it is sent again.
    pub unsure: bool,
    /// How often it was sent again although it may have left.
    pub resent: i32,
    pub tried_at: Option<Instant>,
    /// When the carrier said what became of it.
    pub settled_at: Option<Instant>,
    /// When the carrier is asked, unless it tells before.
    pub ask_at: Option<Instant>,
    pub recipient_digest: Option<Vec<u8>>,
    /// From when its validity counts: later than its creation where it had to wait for the cap of all SMS.
    pub valid_from: Option<Instant>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
