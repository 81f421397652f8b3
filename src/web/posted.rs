//! The only way in for a form: from our own pages, and not in a flood.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use rocket::Request;
use rocket::data::{Data, FromData, Limits, Outcome};
use rocket::form::{Form, FromForm, ValueField};
use rocket::http::{HeaderMap, RawStr, Status};
use rocket::request::{self, FromRequest};

use super::origins::Origins;
use super::throttle::Throttle;
use crate::portal::Portal;

/// A form has a few hundred bytes. Whoever sends them one by one holds a connection, and nothing else.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest form of the portal has a dozen.
const MOST_FIELDS: usize = 50;

/// A form that was sent from a page of the portal. Use it for every POST with fields.
pub struct Posted<T>(pub T);

/// A form that is worth keeping when the network has sent its share: it waits instead of being refused.
pub struct Patient<T> {
    pub form: T,
    pub crowded: bool,
}

/// A button of the portal, pressed: a POST without fields.
pub struct Pressed;

#[rocket::async_trait]
impl<'r, T: FromForm<'r>> FromData<'r> for Posted<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        match Patient::from_data(request, data).await {
            // It was read all the same: the page that refuses it keeps it.
            Outcome::Success(patient) if patient.crowded => Outcome::Error((Status::TooManyRequests, ())),
            outcome => outcome.map(|patient| Self(patient.form)),
        }
    }
}

#[rocket::async_trait]
impl<'r, T: FromForm<'r>> FromData<'r> for Patient<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let crowded = match admit(request) {
            Ok(()) => false,
            Err(status) if status == Status::TooManyRequests => true,
            Err(status) => return Outcome::Error((status, ())),
        };
        match read(request, data).await {
            Ok(form) => Outcome::Success(Self { form, crowded }),
            Err(status) => Outcome::Error((status, ())),
        }
    }
}

/// The fields of a form as they were typed, for a page that has to ask for it again.
#[derive(Default)]
struct Typed(Vec<(String, String)>);

/// What was typed into the form of this request, as far as it was read; nothing if there was a password in it.
pub fn typed<'r>(request: &'r Request<'_>) -> &'r [(String, String)] {
    let Typed(fields) = request.local_cache(Typed::default);
    let has_password = fields.iter().any(|(name, _)| name.to_lowercase().contains("password"));
    if has_password { &[] } else { fields }
}

async fn read<'r, T: FromForm<'r>>(request: &'r Request<'_>, data: Data<'r>) -> Result<T, Status> {
    let fields = in_time(fields(request, data)).await??;
    let Typed(fields) = request.local_cache(|| Typed(fields));
    let fields = fields.iter().map(|(name, value)| ValueField::from((name.as_str(), value.as_str())));
    Form::<T>::parse_iter(fields).map_err(|_| Status::UnprocessableEntity)
}

/// Rocket's own reading of a form would keep the fields to itself.
async fn fields(request: &Request<'_>, data: Data<'_>) -> Result<Vec<(String, String)>, Status> {
    if !request.content_type().is_some_and(|kind| kind.is_form()) {
        return Err(Status::UnprocessableEntity);
    }
    let limit = request.limits().get("form").unwrap_or(Limits::FORM);
    let body = data.open(limit).into_string().await.map_err(|_| Status::UnprocessableEntity)?;
    if !body.is_complete() {
        return Err(Status::PayloadTooLarge);
    }
    let text = |raw: &RawStr| raw.url_decode_lossy().into_owned();
    let pairs = RawStr::new(body.as_str()).split('&').filter(|pair| !pair.is_empty());
    // To write thousands of them into a page again would cost more than all that a form costs.
    if body.matches('&').count() >= MOST_FIELDS {
        return Err(Status::UnprocessableEntity);
    }
    Ok(pairs.map(|pair| pair.split_at_byte(b'=')).map(|(name, value)| (text(name), text(value))).collect())
}

/// What a body says, unless it takes too long to arrive.
pub async fn in_time<T>(reading: impl Future<Output = T>) -> Result<T, Status> {
    tokio::time::timeout(PATIENCE, reading).await.map_err(|_| Status::RequestTimeout)
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
    if !is_ours(request.headers(), portal.settings.public_url()) {
        return Err(Status::Forbidden);
    }
    if !has_room(request) {
        return Err(Status::TooManyRequests);
    }
    if let Some(origins) = request.rocket().state::<Origins>()
        && request.client_ip().is_some()
        && origins.count(network(request), portal.now())
    {
        portal.metrics.alarm("one-origin");
        tracing::error!(
            "alarm: nearly all forms come from one address. If a proxy stands before the portal, ROCKET_IP_HEADER must \
             name the header in which it writes the visitor's; else one machine sends them"
        );
    }
    Ok(())
}

/// Where a request comes from, whole networks as one.
pub struct Network(pub IpAddr);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Network {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        request::Outcome::Success(Self(network(request)))
    }
}

/// The network of a request.
pub fn network(request: &Request<'_>) -> IpAddr {
    let origin = origin(request);
    request.rocket().state::<Throttle>().map_or(origin, |throttle| throttle.network(origin))
}

fn origin(request: &Request<'_>) -> IpAddr {
    request.client_ip().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

fn has_room(request: &Request<'_>) -> bool {
    let origin = origin(request);
    request.rocket().state::<Throttle>().is_some_and(|throttle| throttle.admits(origin))
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
