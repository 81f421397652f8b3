//! What voters ask most often.

use rocket::get;
use serde_json::json;

use super::guards::Visitor;
use super::page::Page;

#[get("/aide")]
pub fn help(_visitor: Visitor) -> Page {
    Page::new("help", "help-title", json!({}))
}
