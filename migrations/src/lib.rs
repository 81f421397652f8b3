//! The schema of Guichet, step by step. Every step runs on SQLite and on PostgreSQL.

use sea_orm_migration::prelude::*;

mod m0001_accounts;
mod m0002_elections;
mod m0003_outbox;
mod m0004_issuance;
mod m0005_delivery;
mod m0006_master_secret;
mod m0007_mailboxes;
mod m0008_languages;
mod m0009_recovery;
mod m0010_validity;
mod m0011_desk_acts;
mod m0012_browsers_and_codes;
mod m0013_alarms;
mod m0015_links_and_heirs;
mod m0016_tally_shares;
mod m0017_matches;

/// Runs the steps that a database doesn't have yet.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts::Migration),
            Box::new(m0002_elections::Migration),
            Box::new(m0003_outbox::Migration),
            Box::new(m0004_issuance::Migration),
            Box::new(m0005_delivery::Migration),
            Box::new(m0006_master_secret::Migration),
            Box::new(m0007_mailboxes::Migration),
            Box::new(m0008_languages::Migration),
            Box::new(m0009_recovery::Migration),
            Box::new(m0010_validity::Migration),
            Box::new(m0011_desk_acts::Migration),
            Box::new(m0012_browsers_and_codes::Migration),
            Box::new(m0013_alarms::Migration),
            Box::new(m0015_links_and_heirs::Migration),
            Box::new(m0016_tally_shares::Migration),
            Box::new(m0017_matches::Migration),
        ]
    }
}
