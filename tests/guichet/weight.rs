//! What a page weighs, and how long it may be kept.

use rocket::http::{Header, Status};

use crate::support::{App, Backend};

/// The addresses of the files that a page asks for.
fn files(html: &str) -> Vec<String> {
    let addresses = html.split('"').filter(|piece| piece.starts_with("/static/"));
    addresses.map(str::to_owned).collect()
}

async fn compressed(app: &App, path: &str) -> (Vec<u8>, Option<String>) {
    let request = app.client.get(path.to_owned()).header(Header::new("Accept-Encoding", "gzip, br"));
    let answer = request.dispatch().await;
    let encoding = answer.headers().get_one("Content-Encoding").map(str::to_owned);
    (answer.into_bytes().await.unwrap(), encoding)
}

#[tokio::test]
async fn a_first_view_weighs_less_than_30_kilobytes() {
    let app = App::start(Backend::Sqlite).await;
    for path in ["/", "/connexion", "/mot-de-passe/oublie", "/aide"] {
        let html = app.client.get(path).dispatch().await.into_string().await.unwrap();
        let mut weight = 0;
        for address in [&[path.to_owned()], &files(&html)[..]].concat() {
            let (bytes, encoding) = compressed(&app, &address).await;
            assert!(encoding.is_some() || bytes.len() < 600, "{address}");
            weight += bytes.len();
        }
        assert!(weight < 30_000, "{path}: {weight}");
        assert!(weight < html.len() + 6_000, "{path}: compressed");
    }
}

#[tokio::test]
async fn files_are_kept_for_ever_under_names_of_their_content() {
    let app = App::start(Backend::Sqlite).await;
    let html = app.client.get("/").dispatch().await.into_string().await.unwrap();
    let files = files(&html);
    assert_eq!(files.len(), 3, "{files:?}");
    for address in files {
        let answer = app.client.get(address.clone()).dispatch().await;
        let kept = answer.headers().get_one("Cache-Control").unwrap().to_owned();
        assert!(kept.contains("immutable"), "{address}: {kept}");
        let tag = answer.headers().get_one("ETag").unwrap().to_owned();
        for known in [tag.clone(), tag.replace("W/", ""), format!("\"other\", {tag}")] {
            let again = app.client.get(address.clone()).header(Header::new("If-None-Match", known)).dispatch().await;
            assert_eq!(again.status(), Status::NotModified);
            // What it says replaces what the browser had noted.
            assert_eq!(again.headers().get_one("Cache-Control"), Some(kept.as_str()));
            assert_eq!(again.headers().get_one("ETag"), Some(tag.as_str()));
        }
        // A page that was open when the portal was renewed.
        let (stem, extension) = (address.split('.').next().unwrap(), address.rsplit('.').next().unwrap());
        let older = app.client.get(format!("{stem}.00000000.{extension}")).dispatch().await;
        assert_eq!(older.status(), Status::Ok);
        assert_eq!(older.headers().get_one("Cache-Control"), Some("no-cache"));
    }
    for missing in ["/static/guichet.css", "/static/other.00000000.css", "/static/..%2fCargo.00000000.toml"] {
        assert_eq!(app.client.get(missing).dispatch().await.status(), Status::NotFound, "{missing}");
    }
    let page = app.client.get("/").dispatch().await;
    assert_eq!(page.headers().get_one("Cache-Control"), Some("no-store"));
}

#[tokio::test]
async fn a_browser_that_takes_no_gzip_gets_plain_words() {
    let app = App::start(Backend::Sqlite).await;
    let plain = app.client.get("/aide").dispatch().await;
    assert_eq!(plain.headers().get_one("Content-Encoding"), None);
    assert_eq!(plain.headers().get_one("Vary"), Some("Accept-Encoding"));
    assert!(plain.into_string().await.unwrap().contains("</html>"));
}
