//! The only way in for a form: from our own pages, and not in a flood.

use std::net::{IpAddr, Ipv4Addr};

use rocket::Request;
use rocket::data::{Data, FromData, Outcome};
use rocket::form::{Form, FromForm};
use rocket::http::{HeaderMap, Status};

use super::throttle::Throttle;
use crate::portal::Portal;

/// A form that was sent from a page of the portal. Use it for every POST with fields.
pub struct Posted<T>(pub T);

/// A button of the portal, pressed: a POST without fields.
pub struct Pressed;

#[rocket::async_trait]
impl<'r, T: FromForm<'r>> FromData<'r> for Posted<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        if let Err(status) = admit(request) {
            return Outcome::Error((status, ()));
        }
        match Form::<T>::from_data(request, data).await {
            Outcome::Success(form) => Outcome::Success(Self(form.into_inner())),
            Outcome::Error((status, _)) if status == Status::PayloadTooLarge => Outcome::Error((status, ())),
            // A body that is no form of ours.
            Outcome::Error(_) | Outcome::Forward(_) => Outcome::Error((Status::UnprocessableEntity, ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Pressed {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r, Self> {
        match admit(request) {
            Ok(()) => Outcome::Success(Self),
            Err(status) => Outcome::Error((status, ())),
        }
    }
}

fn admit(request: &Request<'_>) -> Result<(), Status> {
    let portal = request.rocket().state::<Portal>().ok_or(Status::InternalServerError)?;
    let throttle = request.rocket().state::<Throttle>().ok_or(Status::InternalServerError)?;
    if !is_ours(request.headers(), portal.settings.public_url()) {
        return Err(Status::Forbidden);
    }
    let origin = request.client_ip().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    if throttle.admits(origin) { Ok(()) } else { Err(Status::TooManyRequests) }
}

/// Whether a form comes from our own pages: browsers say so in `Sec-Fetch-Site`, older ones in
/// `Origin`. What says neither is no browser, and has no visitor's cookies to abuse.
fn is_ours(headers: &HeaderMap<'_>, public_url: &str) -> bool {
    match (headers.get_one("Sec-Fetch-Site"), headers.get_one("Origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin == public_url,
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use rocket::http::Header;

    use super::*;

    #[test]
    fn forms_of_other_sites_are_told_apart() {
        for (site, origin, ours) in [
            (Some("same-origin"), None, true),
            (Some("none"), None, true),
            (Some("same-site"), None, false),
            (Some("cross-site"), Some("https://vote.example.fr"), false),
            (None, Some("https://vote.example.fr"), true),
            (None, Some("https://vote.example.fr.evil.example"), false),
            (None, Some("null"), false),
            (None, None, true),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [("Sec-Fetch-Site", site), ("Origin", origin)] {
                if let Some(value) = value {
                    headers.add(Header::new(name, value));
                }
            }
            assert_eq!(is_ours(&headers, "https://vote.example.fr"), ours, "{site:?} {origin:?}");
        }
    }
}
