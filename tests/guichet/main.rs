//! The portal as its users meet it: whole paths on a stopped clock, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod support;

mod bad_input;
mod bounces;
mod browsers;
mod canary;
mod codes;
mod command_line;
mod crash;
mod delivery;
mod export;
mod forms;
mod gateways;
mod issuance;
mod languages;
mod layers;
mod letters;
mod mail_carriers;
mod pace;
mod path;
mod races;
mod recovery;
mod roll_import;
mod sign_in;
mod sms_carriers;
mod sms_text;
mod waiting;
mod weight;
mod wire;
mod words;
