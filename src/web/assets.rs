//! The stylesheet, the script and the icon, embedded, under names that change with their content.

use rocket::get;
use rocket::http::{ContentType, Header, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::Responder;
use rust_embed::{EmbeddedFile, RustEmbed};

/// A name may be kept for a year: another content has another name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// What is asked for under an older name: a page that was open when the portal was renewed.
const ASK_AGAIN: &str = "no-cache";

#[derive(RustEmbed)]
#[folder = "static"]
struct Files;

#[derive(Responder)]
pub enum Asset {
    Whole(Box<Content>),
    #[response(status = 304)]
    Unchanged(()),
}

#[derive(Responder)]
pub struct Content {
    bytes: Vec<u8>,
    kind: ContentType,
    cached: Header<'static>,
    tag: Header<'static>,
}

/// `If-None-Match`: what the browser has already.
pub struct Had<'r>(Option<&'r str>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Had<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        Outcome::Success(Self(request.headers().get_one("If-None-Match")))
    }
}

/// Where a file is found: `guichet.css` under `/static/guichet.1f2e3d4c.css`.
pub fn address(name: &str) -> String {
    let mark = Files::get(name).map(|file| mark(&file)).unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("/static/{stem}.{mark}.{extension}")
}

#[get("/static/<name>")]
pub fn file(name: &str, had: Had<'_>) -> Result<Asset, Status> {
    let found = || {
        let (rest, extension) = name.rsplit_once('.')?;
        let (stem, asked) = rest.rsplit_once('.')?;
        let file = Files::get(&format!("{stem}.{extension}"))?;
        Some((asked, file, ContentType::from_extension(extension)?))
    };
    let (asked, file, kind) = found().ok_or(Status::NotFound)?;
    let mark = mark(&file);
    let tag = format!("\"{mark}\"");
    // `W/`: a proxy may have compressed it meanwhile.
    let is_same = |known: &str| known.trim().trim_start_matches("W/") == tag;
    if had.0.is_some_and(|known| known.split(',').any(is_same)) {
        return Ok(Asset::Unchanged(()));
    }
    Ok(Asset::Whole(Box::new(Content {
        bytes: file.data.into_owned(),
        kind,
        cached: Header::new("Cache-Control", if asked == mark { FOR_EVER } else { ASK_AGAIN }),
        tag: Header::new("ETag", tag),
    })))
}

fn mark(file: &EmbeddedFile) -> String {
    hex::encode(&file.metadata.sha256_hash()[..4])
}
