//! The stylesheet, the script and the pictures, under names that change with their content.

use std::collections::BTreeMap;

use rocket::fairing::AdHoc;
use rocket::http::{ContentType, Header, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::Responder;
use rocket::{State, get};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use crate::fault::Fault;
use crate::portal::Portal;
use crate::settings::{AppearanceSettings, appearance};

/// A name may be kept for a year: another content has another name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// What is asked for under an older name: a page that was open when the portal was renewed.
const ASK_AGAIN: &str = "no-cache";
const STYLE: &str = "guichet.css";

#[derive(RustEmbed)]
#[folder = "static"]
struct Embedded;

/// Every file that pages ask for, as it is served.
pub struct Assets {
    files: BTreeMap<String, File>,
    /// The name of the election's logo, if it has one.
    pub logo: Option<String>,
}

struct File {
    bytes: Vec<u8>,
    mark: String,
}

impl Assets {
    fn load(settings: &AppearanceSettings) -> Result<Self, Fault> {
        let mut files = BTreeMap::new();
        for name in Embedded::iter() {
            let Some(file) = Embedded::get(&name) else { continue };
            let mut bytes = file.data.into_owned();
            if name == STYLE {
                bytes.extend(settings.style().into_bytes());
            }
            files.insert(name.into_owned(), File::new(bytes));
        }
        let logo = settings.logo.as_deref().and_then(|path| Some((path, appearance::kind(path)?)));
        let logo = match logo {
            Some((path, kind)) => {
                let name = format!("logo.{kind}");
                files.insert(name.clone(), File::new(std::fs::read(path)?));
                Some(name)
            }
            None => None,
        };
        Ok(Self { files, logo })
    }

    /// Where a file is found: `guichet.css` under `/static/guichet.1f2e3d4c.css`.
    pub fn address(&self, name: &str) -> String {
        let mark = self.files.get(name).map(|file| file.mark.as_str()).unwrap_or_default();
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        format!("/static/{stem}.{mark}.{extension}")
    }
}

/// Reads the files once, before anything is served.
pub fn fairing() -> AdHoc {
    AdHoc::try_on_ignite("assets", |rocket| async {
        let loaded = rocket.state::<Portal>().map(|portal| Assets::load(&portal.settings.appearance));
        match loaded {
            Some(Ok(assets)) => Ok(rocket.manage(assets)),
            Some(Err(fault)) => {
                tracing::error!(%fault, "the election's logo could not be read");
                Err(rocket)
            }
            None => Err(rocket),
        }
    })
}

impl File {
    fn new(bytes: Vec<u8>) -> Self {
        let mark = hex::encode(&Sha256::digest(&bytes)[..4]);
        Self { bytes, mark }
    }
}

#[derive(Responder)]
pub enum Asset {
    Whole(Box<Content>),
    #[response(status = 304)]
    Unchanged(Box<Unchanged>),
}

#[derive(Responder)]
pub struct Content {
    bytes: Vec<u8>,
    kind: ContentType,
    cached: Header<'static>,
    tag: Header<'static>,
}

#[derive(Responder)]
pub struct Unchanged {
    nothing: (),
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

#[get("/static/<name>")]
pub fn file(assets: &State<Assets>, name: &str, had: Had<'_>) -> Result<Asset, Status> {
    let found = || {
        let (rest, extension) = name.rsplit_once('.')?;
        let (stem, asked) = rest.rsplit_once('.')?;
        let file = assets.files.get(&format!("{stem}.{extension}"))?;
        Some((asked, file, ContentType::from_extension(extension)?))
    };
    let (asked, file, kind) = found().ok_or(Status::NotFound)?;
    // `W/`: the same content, compressed or not.
    let tag = format!("W/\"{}\"", file.mark);
    let is_same = |known: &str| known.trim().trim_start_matches("W/") == tag.trim_start_matches("W/");
    let is_known = had.0.is_some_and(|known| known.split(',').any(is_same));
    let cached = Header::new("Cache-Control", if asked == file.mark { FOR_EVER } else { ASK_AGAIN });
    let tag = Header::new("ETag", tag);
    Ok(if is_known {
        Asset::Unchanged(Box::new(Unchanged { nothing: (), cached, tag }))
    } else {
        Asset::Whole(Box::new(Content { bytes: file.bytes.clone(), kind, cached, tag }))
    })
}
