//! What voters ask most often.

use rocket::get;
use serde_json::json;

use super::guards::MaybeSession;
use super::page::Page;

#[get("/aide")]
pub fn help(_session: MaybeSession) -> Page {
    Page::new("help", "help-title", json!({}))
}
