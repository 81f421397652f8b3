//! The language of the pages: the browser's, until its person chooses.

use rocket::http::CookieJar;
use rocket::http::uri::Origin;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::Redirect;
use rocket::{State, get};

use super::cookies;
use crate::portal::Portal;
use crate::values::Language;

/// The language of a request.
pub struct Spoken(pub Language);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Spoken {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        Outcome::Success(Self(of(request)))
    }
}

pub fn of(request: &Request<'_>) -> Language {
    let chosen = request.rocket().state::<Portal>().and_then(|portal| cookies::language(portal, request.cookies()));
    chosen.unwrap_or_else(|| Language::preferred(request.headers().get_one("Accept-Language").unwrap_or_default()))
}

/// Where a choice of language was made.
pub struct CameFrom(Option<String>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for CameFrom {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let path = || {
            let portal = request.rocket().state::<Portal>()?;
            let path = request.headers().get_one("Referer")?.strip_prefix(portal.settings.public_url())?;
            // Only a path of our own: `//evil.example` would be another host's.
            Origin::parse(path).ok().filter(|_| !path.starts_with("//")).map(|origin| origin.to_string())
        };
        Outcome::Success(Self(path()))
    }
}

/// Chooses the language of the pages, and goes back to the one where it was chosen. Anybody's link may lead here: letters
/// follow only once their reader sends a form in it.
#[get("/langue/<code>")]
pub fn choose(portal: &State<Portal>, jar: &CookieJar<'_>, came_from: CameFrom, code: &str) -> Option<Redirect> {
    cookies::keep_language(portal, jar, Language::from_code(code)?);
    Some(Redirect::to(came_from.0.unwrap_or_else(|| "/".to_owned())))
}
