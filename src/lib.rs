//! Guichet: the counter where an agent proves who they are and leaves with what they need to vote.

pub mod alarms;
pub mod captcha;
pub mod carriers;
pub mod claims;
pub mod db;
pub mod delivery;
pub mod demo;
pub mod entities;
pub mod fault;
pub mod hashing;
pub mod issuance;
pub mod metrics;
pub mod outbox;
pub mod portal;
pub mod private;
pub mod recovery;
pub mod roll;
pub mod schema;
pub mod secret;
pub mod settings;
pub mod sign_in;
pub mod texts;
pub mod upkeep;
pub mod values;
pub mod web;
pub mod worker;
