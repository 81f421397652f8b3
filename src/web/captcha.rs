//! The image and the recording of the security code.

use std::ops::Range;

use rocket::http::{ContentType, CookieJar, Header, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::Responder;
use rocket::{State, get};

use super::{cookies, recovery};
use crate::captcha;
use crate::portal::Portal;

#[derive(Responder)]
pub enum Media {
    Whole(Vec<u8>, ContentType, Header<'static>),
    #[response(status = 206)]
    Part(Vec<u8>, ContentType, Header<'static>),
}

/// `Range`: the piece that a player asks for. Safari plays nothing from a server that gives no pieces.
pub struct Wanted<'r>(Option<&'r str>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Wanted<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        Outcome::Success(Self(request.headers().get_one("Range")))
    }
}

#[get("/captcha/<file>")]
pub fn file(portal: &State<Portal>, jar: &CookieJar<'_>, wanted: Wanted<'_>, file: &str) -> Result<Media, Status> {
    let (name, extension) = file.rsplit_once('.').ok_or(Status::NotFound)?;
    // The cookie tells whose it is; whether the session still lives is asked when the form comes.
    let session = cookies::session(portal, jar).map(|token| token.digest());
    let address = || cookies::address(portal, jar).map(|email| recovery::code_of(&email));
    let owner = session.into_iter().chain(address()).find(|owner| captcha::belongs(portal, name, owner));
    let owner = &owner.ok_or(Status::NotFound)?;
    match extension {
        "png" => {
            let image = captcha::image(portal, name, owner).ok_or(Status::NotFound)?;
            Ok(Media::Whole(image, ContentType::PNG, Header::new("Accept-Ranges", "none")))
        }
        "wav" => {
            let sound = captcha::sound(portal, name, owner).ok_or(Status::NotFound)?;
            let kind = ContentType::new("audio", "wav");
            Ok(match wanted.0.and_then(|wanted| piece(wanted, sound.len())) {
                Some(piece) => {
                    let told = format!("bytes {}-{}/{}", piece.start, piece.end - 1, sound.len());
                    Media::Part(sound[piece].to_vec(), kind, Header::new("Content-Range", told))
                }
                None => Media::Whole(sound, kind, Header::new("Accept-Ranges", "bytes")),
            })
        }
        _ => Err(Status::NotFound),
    }
}

/// RFC 9110, Range: one piece of bytes. Whatever else is asked for gets the whole, as the RFC allows.
fn piece(wanted: &str, length: usize) -> Option<Range<usize>> {
    let (first, last) = wanted.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (first, last) {
        ("", last) => length.saturating_sub(last.parse().ok()?)..length,
        (first, "") => first.parse().ok()?..length,
        (first, last) => first.parse().ok()?..last.parse::<usize>().ok()?.checked_add(1)?.min(length),
    };
    (!range.is_empty()).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_read_as_players_ask_for_it() {
        for (wanted, expected) in [
            ("bytes=0-1", Some(0..2)),
            ("bytes=0-", Some(0..100)),
            ("bytes=90-200", Some(90..100)),
            ("bytes=-10", Some(90..100)),
            ("bytes=-200", Some(0..100)),
            ("bytes=100-", None),
            ("bytes=5-4", None),
            ("bytes=0-1,4-5", None),
            ("bytes=-", None),
            ("bytes=0-18446744073709551615", None),
            ("items=0-1", None),
            ("", None),
        ] {
            assert_eq!(piece(wanted, 100), expected, "{wanted}");
        }
    }
}
