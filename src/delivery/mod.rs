//! From the outbox to the carriers and back: what is handed over, what they say of it later, and what follows from it.

pub mod bounces;
pub mod handover;
pub mod mailbox;
pub mod receipts;
mod report;
