//! A lost password, or the first one: a link by mail, used once.
//!
//! Asking only queues the typed address, for every address alike; the worker finds out later whether
//! an account has it. So the answer tells nothing, neither by its words nor by its time.

pub mod answer;
pub mod ask;
pub mod redeem;
pub mod rules;
