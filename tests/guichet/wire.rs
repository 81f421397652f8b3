//! What comes over the wire and is no request of a browser's: refused before any page sees it, and told so in the same
//! guarded way as everything else.

use std::net::TcpListener;
use std::time::Duration;

use guichet::web;
use rocket::http::{Method, Status};
use rocket::tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use rocket::tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::support::{App, Backend};

const GUARDS: [&str; 6] = [
    "content-security-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
    "cross-origin-opener-policy: same-origin",
    "cross-origin-resource-policy: same-origin",
];

/// Lets the app listen, until the test ends.
async fn listen(app: &App) -> u16 {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let figment = app.figment.clone().merge(("address", "127.0.0.1")).merge(("port", port));
    tokio::spawn(web::rocket(app.portal.clone(), figment).launch());
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        sleep(Duration::from_millis(10)).await;
    }
    port
}

/// What is answered to some bytes, in small letters, and whether the connection was closed after it.
async fn say(port: u16, text: &str) -> (String, bool) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let closed = timeout(Duration::from_secs(1), stream.read_to_end(&mut answer)).await.is_ok();
    (String::from_utf8_lossy(&answer).to_lowercase(), closed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_to_unknown_methods_carry_the_security_headers() {
    let app = App::start(Backend::Sqlite).await;
    let port = listen(&app).await;
    for (line, status) in [
        ("TRACE / HTTP/1.1", 405),
        ("OPTIONS / HTTP/1.1", 405),
        ("CONNECT example.com:443 HTTP/1.1", 400),
        ("FOO / HTTP/1.1", 400),
        ("GET /rien HTTP/1.1", 404),
        ("GET / HTTP/1.1", 200),
    ] {
        let (answer, _) = say(port, &format!("{line}\r\nHost: localhost\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("http/1.1 {status} ")), "{line}: {answer}");
        for guard in GUARDS {
            assert!(answer.contains(&format!("\r\n{guard}")), "{line}: {guard}: {answer}");
        }
        assert!(answer.contains("\r\ncache-control: no-store\r\n"), "{line}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_names_one_host() {
    let app = App::start(Backend::Sqlite).await;
    let port = listen(&app).await;
    for (hosts, status) in
        [("", 400), ("Host: localhost\r\n", 200), ("Host: localhost\r\nHost: localhost\r\n", 400), ("Host: \r\n", 400)]
    {
        let (answer, closed) = say(port, &format!("GET /aide HTTP/1.1\r\n{hosts}\r\n")).await;
        assert!(answer.starts_with(&format!("http/1.1 {status} ")), "{hosts}: {answer}");
        assert_eq!(closed, status == 400, "{hosts}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_two_lengths_hides_no_second_request() {
    let app = App::start(Backend::Sqlite).await;
    let port = listen(&app).await;
    // Cut by its length, the second request would be this body's; cut by its pieces, it is one of its own.
    let body = "0\r\n\r\nGET /aide HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let (length, pieces) = (format!("Content-Length: {}", body.len()), "Transfer-Encoding: chunked".to_owned());
    for [first, second] in [[&length, &pieces], [&pieces, &length]] {
        let request = format!("POST /connexion HTTP/1.1\r\nHost: localhost\r\n{first}\r\n{second}\r\n\r\n{body}");
        let (answer, closed) = say(port, &request).await;
        assert!(answer.starts_with("http/1.1 400 ") && closed, "{first}, {second}: {answer}");
        assert_eq!(answer.matches("http/1.1 ").count(), 1, "{first}, {second}: {answer}");
    }
}

#[tokio::test]
async fn a_page_asked_in_a_way_that_it_does_not_have_says_which_it_has() {
    let app = App::start(Backend::Sqlite).await;
    for (method, path, allowed) in [
        (Method::Get, "/deconnexion", Some("POST")),
        (Method::Head, "/deconnexion", Some("POST")),
        (Method::Post, "/aide", Some("GET, HEAD")),
        (Method::Delete, "/connexion", Some("GET, HEAD, POST")),
        (Method::Put, "/mot-de-passe/nouveau/x", Some("GET, HEAD, POST")),
        (Method::Post, "/captcha/x.png", Some("GET, HEAD")),
        (Method::Post, "/rien", None),
        (Method::Get, "/langue/de", None),
        (Method::Get, "/captcha", None),
        (Method::Get, "/mot-de-passe/nouveau/x/y/z", None),
    ] {
        let answer = app.client.req(method, path).dispatch().await;
        let status = if allowed.is_some() { Status::MethodNotAllowed } else { Status::NotFound };
        assert_eq!(answer.status(), status, "{method} {path}");
        assert_eq!(answer.headers().get_one("Allow"), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn an_https_portal_binds_its_subdomains_only_when_told_so() {
    for (subdomains, expected) in [(false, "max-age=31536000"), (true, "max-age=31536000; includeSubDomains")] {
        let app = App::start_with(Backend::Sqlite, |figment| {
            figment
                .merge(("portal.public_url", "https://vote.example.fr"))
                .merge(("portal.hsts_subdomains", subdomains))
        })
        .await;
        let answer = app.client.get("/").dispatch().await;
        assert_eq!(answer.headers().get_one("Strict-Transport-Security"), Some(expected));
    }
    let app = App::start(Backend::Sqlite).await;
    assert_eq!(app.client.get("/").dispatch().await.headers().get_one("Strict-Transport-Security"), None);
}
