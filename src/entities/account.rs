//! A person who signs in.

use sea_orm::entity::prelude::*;

use crate::values::{Instant, Language};

/// The population of those that have no address any more: nobody signs in to it, or is written to.
pub const RETIRED: &str = "retired";

/// Why mails to an address came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum MailboxFault {
    #[sea_orm(string_value = "full")]
    Full,
    /// No such mailbox, or it was closed.
    #[sea_orm(string_value = "unknown")]
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub population: String,
    pub email: String,
    pub password_hash: Option<String>,
    pub created_at: Instant,
    pub mailbox_fault: Option<MailboxFault>,
    pub mailbox_fault_at: Option<Instant>,
    /// A language's code.
    pub language: String,
    /// The voter who had the address last, on a roll that gives them another one since.
    pub left_by: Option<i64>,
}

impl Model {
    /// Whether it has an address: one that passed to another person left its account.
    pub fn is_reachable(&self) -> bool {
        self.population != RETIRED
    }

    /// The language in which they are written to: the one in which they last signed in or asked for something.
    pub fn speaks(&self) -> Language {
        Language::from_code(&self.language).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
