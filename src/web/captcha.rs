//! The image of the security code.

use rocket::http::ContentType;
use rocket::{State, get};

use super::guards::Session;
use crate::captcha;
use crate::portal::Portal;

#[get("/captcha/<file>")]
pub fn image(portal: &State<Portal>, session: Session, file: &str) -> Option<(ContentType, Vec<u8>)> {
    let name = file.strip_suffix(".png")?;
    Some((ContentType::PNG, captcha::image(portal, name, &session.0.session_digest)?))
}
