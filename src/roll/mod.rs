//! The roll: elections are added, and the list of their voters is imported.

mod compare;
pub mod election;
mod establishments;
pub mod import;
pub mod parse;
mod portion;
