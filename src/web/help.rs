//! What voters ask most often.

use rocket::get;
use serde_json::json;

use super::page::Page;

#[get("/aide")]
pub fn help() -> Page {
    Page::new("help", "help-title", json!({}))
}
