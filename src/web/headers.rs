//! What every answer says to the browser beside its content.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Header;
use rocket::{Request, Response};

use crate::settings::Settings;

#[derive(Clone)]
pub struct Headers {
    /// For how long, and for which hosts, browsers ask over https only.
    https_only: Option<&'static str>,
}

impl Headers {
    pub fn new(settings: &Settings) -> Self {
        let https_only = match (settings.is_https(), settings.portal.hsts_subdomains) {
            (false, _) => None,
            (true, false) => Some("max-age=31536000"),
            (true, true) => Some("max-age=31536000; includeSubDomains"),
        };
        Self { https_only }
    }

    pub fn guard(&self, response: &mut Response<'_>) {
        const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; \
            connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        response.set_header(Header::new("Content-Security-Policy", POLICY));
        // Not "no-referrer": browsers would then hide the Origin of our own forms from us.
        response.set_header(Header::new("Referrer-Policy", "same-origin"));
        response.set_header(Header::new("X-Content-Type-Options", "nosniff"));
        response.set_header(Header::new("X-Frame-Options", "DENY"));
        response.set_header(Header::new("Cross-Origin-Opener-Policy", "same-origin"));
        response.set_header(Header::new("Cross-Origin-Resource-Policy", "same-origin"));
        if let Some(https_only) = self.https_only {
            response.set_header(Header::new("Strict-Transport-Security", https_only));
        }
        if !response.headers().contains("Cache-Control") {
            response.set_header(Header::new("Cache-Control", "no-store"));
        }
    }
}

#[rocket::async_trait]
impl Fairing for Headers {
    fn info(&self) -> Info {
        Info { name: "security headers", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, _: &'r Request<'_>, response: &mut Response<'r>) {
        self.guard(response);
    }
}
