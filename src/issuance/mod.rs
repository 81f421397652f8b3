//! New voting identifiers: asked for by voters, sent by SMS, voided when they can't be delivered.

pub mod desk;
pub mod disavow;
pub mod export;
pub mod progress;
pub mod request;
pub mod rules;
pub mod seat;
pub mod space;
pub mod void;
