//! The stylesheet and the script, embedded, under addresses that change with their content.

use std::sync::LazyLock;

use rocket::get;
use rocket::http::{ContentType, Header};
use rocket::response::Responder;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "static"]
struct Files;

/// Changes whenever one of the files does.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Files::iter().collect();
    names.sort();
    let all: Vec<u8> =
        names.iter().filter_map(|name| Files::get(name)).flat_map(|f| f.metadata.sha256_hash()).collect();
    hex::encode(&<sha2::Sha256 as sha2::Digest>::digest(all)[..6])
});

#[derive(Responder)]
pub struct Asset {
    content: Vec<u8>,
    kind: ContentType,
    lasting: Header<'static>,
}

pub fn address(name: &str) -> String {
    format!("/static/{name}?v={}", *VERSION)
}

#[get("/static/<name>")]
pub fn file(name: &str) -> Option<Asset> {
    let content = Files::get(name)?.data.into_owned();
    let kind = ContentType::from_extension(name.rsplit('.').next()?)?;
    let lasting = Header::new("Cache-Control", "public, max-age=31536000, immutable");
    Some(Asset { content, kind, lasting })
}
