//! The first page.

use rocket::{State, get};
use serde_json::json;

use super::guards::Visitor;
use super::page::Page;
use crate::demo;
use crate::fault::Fault;
use crate::portal::Portal;

#[get("/")]
pub fn home(portal: &State<Portal>, visitor: Visitor) -> Result<Page, Fault> {
    let guide = if portal.settings.is_demo() { demo::guide(&portal.settings)? } else { None };
    Ok(Page::new("home", "home-title", json!({ "signed_in": matches!(visitor, Visitor::Somebody(_)), "guide": guide })))
}
