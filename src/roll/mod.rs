//! The roll: elections are added, and the list of their voters is imported.

pub mod election;
pub mod import;
pub mod parse;
mod portion;
