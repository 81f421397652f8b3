//! One line of log per request, without addresses, names or anything that was typed.

use std::time::Instant;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Status;
use rocket::{Data, Request, Response};

use crate::fault::Fault;

pub struct Log;

#[derive(Clone, Copy)]
struct Began(Option<Instant>);

#[rocket::async_trait]
impl Fairing for Log {
    fn info(&self) -> Info {
        Info { name: "request log", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        request.local_cache(|| Began(Some(Instant::now())));
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let milliseconds = request.local_cache(|| Began(None)).0.map(|began| began.elapsed().as_millis());
        // The route's pattern: the address itself may hold a token.
        let route = request.route().map(|route| route.uri.to_string());
        tracing::info!(method = %request.method(), route, status = response.status().code, milliseconds, "request");
    }
}

/// The status of a fault, which the log is told.
pub fn told(request: &Request<'_>, fault: &Fault) -> Status {
    // The route, never the address: an address may hold a token.
    let route = request.route().map(|route| route.uri.to_string());
    tracing::error!(%fault, route, "a request met a fault");
    if fault.is_away() { Status::ServiceUnavailable } else { Status::InternalServerError }
}
