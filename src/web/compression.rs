//! Answers in words are compressed for browsers that take them so: a page is read on a bad phone line.
//!
//! No page shows what a stranger can put into its address beside something secret, so that its length tells nothing.

use std::io::{Cursor, Write};

use flate2::Compression as Level;
use flate2::write::GzEncoder;
use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::{ContentType, Header};
use rocket::{Request, Response};

/// Less would not become smaller.
const WORTH: usize = 600;

pub struct Compression;

#[rocket::async_trait]
impl Fairing for Compression {
    fn info(&self) -> Info {
        Info { name: "compression", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let is_words = response.content_type().is_some_and(|kind| {
            [ContentType::HTML, ContentType::CSS, ContentType::JavaScript, ContentType::SVG, ContentType::Plain]
                .iter()
                .any(|words| kind.top() == words.top() && kind.sub() == words.sub())
        });
        if !is_words {
            return;
        }
        response.adjoin_header(Header::new("Vary", "Accept-Encoding"));
        if !takes_gzip(request.headers().get_one("Accept-Encoding").unwrap_or_default()) {
            return;
        }
        let Ok(body) = response.body_mut().to_bytes().await else { return };
        let compressed = if body.len() < WORTH { None } else { gzip(&body) };
        match compressed {
            Some(compressed) => {
                response.set_header(Header::new("Content-Encoding", "gzip"));
                response.set_sized_body(compressed.len(), Cursor::new(compressed));
            }
            None => response.set_sized_body(body.len(), Cursor::new(body)),
        }
    }
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Level::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

/// RFC 9110, Accept-Encoding.
fn takes_gzip(header: &str) -> bool {
    header.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let refused = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_takes_is_read() {
        for (header, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, gzip;q=0.8", true),
            ("GZIP", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000", false),
            ("br", false),
            ("", false),
            ("x-gzip-ish", false),
        ] {
            assert_eq!(takes_gzip(header), expected, "{header}");
        }
    }
}
