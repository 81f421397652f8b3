//! Who is asking: a signed-in person, or nobody.

use std::time::Duration;

use rocket::Request;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};

use tokio::time::timeout;

use super::cookies;
use crate::portal::Portal;
use crate::sign_in::sessions::{self, SignedIn};

/// Marks the address of a page that asks again by itself: it does not keep the session alive.
pub const ALONE: &str = "seul";
const PATIENCE: Duration = Duration::from_secs(2);

/// A signed-in person. Without one, the 401 catcher leads to the sign-in.
pub struct Session(pub SignedIn);

/// A signed-in person, or nobody: also when nobody can tell, so that a page that needs no database needs none.
pub struct MaybeSession(pub Option<SignedIn>);

struct Known(Option<SignedIn>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Session {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match find(request).await {
            Ok(Some(signed_in)) => Outcome::Success(Self(signed_in)),
            Ok(None) => Outcome::Error((Status::Unauthorized, ())),
            Err(status) => Outcome::Error((status, ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for MaybeSession {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let found = timeout(PATIENCE, find(request)).await;
        Outcome::Success(Self(found.ok().and_then(Result::ok).flatten()))
    }
}

/// The person whom a guard of this request has found, for the frame of the page.
pub fn known<'r>(request: &'r Request<'_>) -> Option<&'r SignedIn> {
    request.local_cache(|| Known(None)).0.as_ref()
}

async fn find(request: &Request<'_>) -> Result<Option<SignedIn>, Status> {
    let portal = request.rocket().state::<Portal>().ok_or(Status::InternalServerError)?;
    let Some(token) = cookies::session(portal, request.cookies()) else { return Ok(None) };
    let alone = request.query_fields().any(|field| field.name == ALONE);
    let found = if alone { sessions::look(portal, &token).await } else { sessions::find(portal, &token).await };
    let found = found.map_err(|fault| {
        tracing::error!(%fault, "a session could not be looked up");
        Status::InternalServerError
    })?;
    request.local_cache(|| Known(found.clone()));
    Ok(found)
}
