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
    /// Keyed: one address waits once.
    pub address_digest: Option<Vec<u8>>,
    /// Keyed: the network that it was asked from.
    pub origin_digest: Option<Vec<u8>>,
    /// Its place in the line.
    pub turn_at: Instant,
    /// When it may be taken: a pause after a fault, or the end of a lease.
    pub due_at: Instant,
    /// How often answering it has met a fault.
    pub attempts: i32,
    /// When it was given up, until somebody has seen why.
    pub set_aside_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
