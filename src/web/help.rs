//! What voters ask most often, and whom to call.

use rocket::{State, get};
use serde_json::{Value, json};

use super::page::Page;
use crate::fault::Fault;
use crate::outbox::letters::support;
use crate::portal::Portal;
use crate::roll::election;

#[get("/aide")]
pub async fn help(portal: &State<Portal>) -> Result<Page, Fault> {
    let current = election::current(portal).await?;
    let elections: Vec<Value> =
        current.iter().map(|election| json!({ "name": election.name, "support": support(election) })).collect();
    Ok(Page::new("help", "help-title", json!({ "elections": elections })))
}
