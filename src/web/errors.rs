//! The calm pages for what went wrong, in the portal's own design.

use rocket::http::{Header, Method, Status};
use rocket::response::{self, Redirect, Responder};
use rocket::{Request, catch, uri};
use serde_json::json;

use super::headers::Headers;
use super::page::{Answer, Page};
use super::{entrance, log, posted, sign_in};
use crate::fault::Fault;
use crate::portal::Portal;

/// Seconds.
const RETRY_AFTER: &str = "30";

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

/// The page of an error, with what its status owes.
pub struct Told {
    page: Page,
    header: Option<Header<'static>>,
}

#[catch(default)]
pub fn other(status: Status, request: &Request<'_>) -> Told {
    let (status, header) = if entrance::has_refused(request) {
        (Status::BadRequest, Some(Header::new("Connection", "close")))
    } else {
        match entrance::allowed(request).filter(|_| status == Status::NotFound) {
            Some(methods) => (Status::MethodNotAllowed, Some(Header::new("Allow", methods))),
            None => (status, None),
        }
    };
    Told { page: try_again(request, status, Page::error(status)), header }
}

/// A fault answers with the page of its status itself: where a catcher answers, Rocket takes back the cookies that were set,
/// and with them a form that was kept.
impl<'r> Responder<'r, 'static> for Fault {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let status = log::told(request, &self);
        Told { page: try_again(request, status, Page::error(status)), header: None }.respond_to(request)
    }
}

/// A page that lets its reader send the same again, once the portal can answer: nothing has to be typed twice.
fn try_again(request: &Request<'_>, status: Status, page: Page) -> Page {
    let here = request.uri().to_string();
    match (request.method(), status.code) {
        (Method::Get, 503) => {
            // Those who wait don't all come back in the same second.
            let more = request.rocket().state::<Portal>().map_or(0, |portal| portal.chance.below(10));
            page.with("again", json!({ "to": here })).refresh(5 + more, here)
        }
        (Method::Post, 429 | 500 | 503) => {
            let fields: Vec<_> =
                posted::typed(request).iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
            page.with("again", json!({ "to": here, "post": true, "fields": fields }))
        }
        _ => page,
    }
}

impl<'r> Responder<'r, 'static> for Told {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response = self.page.respond_to(request)?;
        if let Some(header) = self.header {
            response.set_header(header);
        }
        // Pages that ask again by themselves have said when.
        if matches!(response.status().code, 429 | 503) && !response.headers().contains("Retry-After") {
            response.set_header(Header::new("Retry-After", RETRY_AFTER));
        }
        // What Rocket itself refuses, an unknown method, passes no fairing.
        if let Some(headers) = request.rocket().state::<Headers>() {
            headers.guard(&mut response);
        }
        Ok(response)
    }
}
