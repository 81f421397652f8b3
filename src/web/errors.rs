//! The calm pages for what went wrong, in the portal's own design.

use rocket::http::{Method, Status};
use rocket::response::Redirect;
use rocket::{Request, catch, uri};
use serde_json::json;

use super::page::{Answer, Page};
use super::sign_in;

/// Nobody is signed in, any more or yet: a page leads to the sign-in, a form is told so.
#[catch(401)]
pub fn signed_out(request: &Request<'_>) -> Answer {
    if request.method() == Method::Post {
        session_over().into()
    } else {
        Redirect::to(uri!(sign_in::address_page())).into()
    }
}

/// Tells a form that nobody is signed in any more.
pub fn session_over() -> Page {
    Page::new("error", "error-401-title", json!({ "text": "error-401-text", "sign_in": true }))
        .status(Status::Unauthorized)
        .outcome("signed-out")
}

#[catch(default)]
pub fn other(status: Status, _: &Request<'_>) -> Page {
    Page::error(status)
}
