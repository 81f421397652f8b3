//! The portal as its users meet it: whole paths on a stopped clock, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]
#![expect(clippy::print_stdout, reason = "the test runner reads it")]

mod support;

mod after_the_lock;
mod alarms;
mod bad_input;
mod bounces;
mod bounds;
mod browsers;
mod canary;
mod clocks;
mod codes;
mod command_line;
mod corrections;
mod crash;
mod dead_links;
mod delivery;
mod election_commands;
mod export;
mod forms;
mod frozen;
mod gateways;
mod heirs;
mod issuance;
mod languages;
mod layers;
mod letters;
mod logging;
mod mail_carriers;
mod matches;
mod pace;
mod path;
mod proxy;
mod races;
mod receipts;
mod recovery;
mod recovery_line;
mod roll_import;
mod schema;
mod sign_in;
mod slow_servers;
mod sms_carriers;
mod sms_text;
mod stopping;
mod trouble;
mod voter_commands;
mod waiting;
mod weight;
mod wire;
mod words;
