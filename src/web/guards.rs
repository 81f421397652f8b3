//! Who is asking: a signed-in person, or nobody.

use rocket::Request;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};

use super::{cookies, log};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::sign_in::sessions::{self, SignedIn};

/// Marks the address of a page that asks again by itself: it does not keep the session alive.
pub const ALONE: &str = "seul";

/// A signed-in person. Without one, the 401 catcher leads to the sign-in.
pub struct Session(pub SignedIn);

/// Who looks at a page that is for everybody. A page that needs no database does without knowing.
pub enum Visitor {
    Somebody(SignedIn),
    Nobody,
    /// There is a session's cookie, and the database did not tell whose.
    Unknown(Fault),
}

impl Visitor {
    /// The signed-in person or nobody, for those who have to know.
    ///
    /// # Errors
    /// Nobody can tell. Whoever it is, they are not to be sent to the sign-in.
    pub fn known(self) -> Result<Option<SignedIn>, Fault> {
        match self {
            Self::Somebody(signed_in) => Ok(Some(signed_in)),
            Self::Nobody => Ok(None),
            Self::Unknown(fault) => Err(fault),
        }
    }
}

struct Known(Option<SignedIn>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Session {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match find(request).await {
            Ok(Some(signed_in)) => Outcome::Success(Self(signed_in)),
            Ok(None) => Outcome::Error((Status::Unauthorized, ())),
            Err(fault) => Outcome::Error((log::told(request, &fault), ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visitor {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        Outcome::Success(match find(request).await {
            Ok(Some(signed_in)) => Self::Somebody(signed_in),
            Ok(None) => Self::Nobody,
            Err(fault) => Self::Unknown(fault),
        })
    }
}

/// The person whom a guard of this request has found, for the frame of the page.
pub fn known<'r>(request: &'r Request<'_>) -> Option<&'r SignedIn> {
    request.local_cache(|| Known(None)).0.as_ref()
}

async fn find(request: &Request<'_>) -> Result<Option<SignedIn>, Fault> {
    let portal = request.rocket().state::<Portal>().ok_or_else(|| Fault::new("no portal"))?;
    let Some(token) = cookies::session(portal, request.cookies()) else { return Ok(None) };
    let alone = request.query_fields().any(|field| field.name == ALONE);
    let found = if alone { sessions::look(portal, &token).await } else { sessions::find(portal, &token).await }?;
    request.local_cache(|| Known(found.clone()));
    Ok(found)
}
