//! A person on the roll of an election.

use sea_orm::entity::prelude::*;

use crate::values::Instant;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "voter")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub election_id: i64,
    pub account_id: i64,
    pub establishment_id: i64,
    pub last_name: String,
    pub first_names: String,
    pub numen_digest: Vec<u8>,
    pub birthdate_digest: Vec<u8>,
    pub ballots: String,
    pub failed_checks: i32,
    pub phone_refusals: i32,
    pub phone_refused_at: Option<Instant>,
    pub frozen_at: Option<Instant>,
    pub voted_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::election::Entity", from = "Column::ElectionId", to = "super::election::Column::Id")]
    Election,
    #[sea_orm(belongs_to = "super::account::Entity", from = "Column::AccountId", to = "super::account::Column::Id")]
    Account,
    #[sea_orm(
        belongs_to = "super::establishment::Entity",
        from = "Column::EstablishmentId",
        to = "super::establishment::Column::Id"
    )]
    Establishment,
}

impl Related<super::election::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Election.def()
    }
}

impl Related<super::account::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Account.def()
    }
}

impl Related<super::establishment::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Establishment.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
