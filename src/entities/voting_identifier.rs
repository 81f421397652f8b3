//! An issued identifier, of which only a keyed digest is known.

use sea_orm::entity::prelude::*;

use crate::values::Instant;

/// Where an identifier stands. Only an active one opens the voting platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    #[sea_orm(string_value = "active")]
    Active,
    /// Replaced by a newer one, or disavowed by its voter.
    #[sea_orm(string_value = "revoked")]
    Revoked,
    /// Never reached the voter, through no fault of theirs: it doesn't count.
    #[sea_orm(string_value = "voided")]
    Voided,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "voting_identifier")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub election_id: i64,
    pub voter_id: i64,
    pub sequence: i32,
    pub digest: Vec<u8>,
    pub state: State,
    pub phone_digest: Vec<u8>,
    pub masked_number: String,
    pub requested_at: Instant,
    pub ended_at: Option<Instant>,
    pub sms_id: i64,
    pub disavow_digest: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::voter::Entity", from = "Column::VoterId", to = "super::voter::Column::Id")]
    Voter,
    #[sea_orm(belongs_to = "super::message::Entity", from = "Column::SmsId", to = "super::message::Column::Id")]
    Message,
}

impl Related<super::voter::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Voter.def()
    }
}

impl Related<super::message::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Message.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
