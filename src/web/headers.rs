//! What every answer says to the browser beside its content.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Header;
use rocket::{Request, Response};

use crate::settings::Settings;

pub struct Headers {
    https: bool,
}

impl Headers {
    pub fn new(settings: &Settings) -> Self {
        Self { https: settings.is_https() }
    }
}

#[rocket::async_trait]
impl Fairing for Headers {
    fn info(&self) -> Info {
        Info { name: "security headers", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, _: &'r Request<'_>, response: &mut Response<'r>) {
        const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; \
            connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        response.set_header(Header::new("Content-Security-Policy", POLICY));
        // Not "no-referrer": browsers would then hide the Origin of our own forms from us.
        response.set_header(Header::new("Referrer-Policy", "same-origin"));
        response.set_header(Header::new("X-Content-Type-Options", "nosniff"));
        response.set_header(Header::new("X-Frame-Options", "DENY"));
        if self.https {
            response.set_header(Header::new("Strict-Transport-Security", "max-age=31536000"));
        }
        if !response.headers().contains("Cache-Control") {
            response.set_header(Header::new("Cache-Control", "no-store"));
        }
    }
}
