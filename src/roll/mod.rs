//! The roll: elections are added, and the list of their voters is imported.

mod compare;
pub mod description;
pub mod election;
mod establishments;
mod exchange;
mod heirs;
pub mod import;
pub mod lines;
pub mod parse;
mod portion;
mod sheet;
pub mod voted;
