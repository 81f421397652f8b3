//! What becomes of a client that says nothing, half of it, or who it is not: before the portal alone, and before the
//! proxy that the documentation describes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rocket::tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use rocket::tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::support::process::{Process, free_port, wait_for};
use crate::support::{App, Backend};

const SITE: &str = include_str!("../../docs/nginx.conf");
const HOST: &str = "vote.example.fr";
const ANYWHERE: [u8; 4] = [127, 0, 0, 1];
/// The portal's own patience with a form, and some more for a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
const CUT: Duration = Duration::from_secs(8);

/// The answer to some bytes, and how long the connection lived, if it ended.
async fn send(port: u16, from: [u8; 4], said: &str) -> (String, Option<Duration>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((IpAddr::from(from), 0).into()).unwrap();
    let mut stream = socket.connect((IpAddr::from([127, 0, 0, 1]), port).into()).await.unwrap();
    let began = Instant::now();
    stream.write_all(said.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is cut may be reset.
    let ended = timeout(PATIENCE + CUT, stream.read_to_end(&mut answer)).await.is_ok();
    (String::from_utf8_lossy(&answer).into_owned(), ended.then(|| began.elapsed()))
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")
}

fn post(path: &str, headers: &str, body: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{headers}Content-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

fn serve(app: &App, port: u16) -> Process {
    let mut command = app.command();
    command.arg("serve").stdout(Stdio::null()).stderr(Stdio::null());
    command.env("ROCKET_PORT", port.to_string()).env("ROCKET_IP_HEADER", "X-Real-IP");
    Process(command.env("GUICHET_THROTTLE__ORIGIN_POSTS_PER_MINUTE", "3").spawn().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_form_that_stops_half_way_is_told_so_and_cut() {
    let app = App::start(Backend::Sqlite).await;
    let port = free_port();
    let _portal = serve(&app, port);
    wait_for(&reqwest::Client::new(), port).await;
    let half = |path| async move { send(port, ANYWHERE, &post(path, "", "email=somebody%40exam", 60)).await };
    let (form, receipt) = tokio::join!(half("/connexion"), half("/webhooks/twilio"));
    for (answer, lived) in [&form, &receipt] {
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        let lived = lived.expect("the connection is cut");
        assert!((PATIENCE..PATIENCE + CUT).contains(&lived), "{lived:?}");
    }
    assert!(form.0.contains("data-outcome=\"incomplete\""), "{}", form.0);
}

/// nginx, with the documentation's configuration in front of the portal.
fn nginx(folder: &Path, portal: u16, port: u16, in_clear: u16) -> Option<Process> {
    let program = ["nginx", "/usr/sbin/nginx"].into_iter().find(|program| {
        let version = Command::new(program).arg("-v").stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    })?;
    let at = folder.display();
    let mut site = String::new();
    // Without TLS, and on IPv4 alone.
    for line in SITE.lines().filter(|line| !line.trim_start().starts_with("ssl_") && !line.contains("[::]")) {
        writeln!(site, "{line}").unwrap();
    }
    for (written, tried) in [
        ("listen 443 ssl", format!("listen 127.0.0.1:{port}")),
        ("listen 80", format!("listen 127.0.0.1:{in_clear}")),
        ("server 127.0.0.1:8000;", format!("server 127.0.0.1:{portal};")),
        ("/var/log/nginx/", format!("{at}/")),
        ("client_header_timeout 10s", "client_header_timeout 1s".to_owned()),
        ("client_body_timeout 10s", "client_body_timeout 1s".to_owned()),
        ("keepalive_timeout 20s", "keepalive_timeout 1s".to_owned()),
    ] {
        assert!(site.contains(written), "{written}");
        site = site.replace(written, &tried);
    }
    let mut temporary = String::new();
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(temporary, "{kind}_temp_path {at}/{kind};").unwrap();
    }
    let main = format!(
        "daemon off; master_process off; pid {at}/nginx.pid; error_log {at}/error.log;\n\
         events {{ worker_connections 256; }}\nhttp {{\n{temporary}{site}}}\n"
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, main).unwrap();
    let early = folder.join("early.log");
    let nginx = Command::new(program).arg("-e").arg(early).arg("-c").arg(file).stderr(Stdio::inherit()).spawn();
    Some(Process(nginx.unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_documented_proxy_cuts_who_is_slow_and_names_who_is_not() {
    let app = App::start(Backend::Sqlite).await;
    let [inside, port, in_clear] = [(); 3].map(|()| free_port());
    let Some(_nginx) = nginx(app.folder.path(), inside, port, in_clear) else {
        let test = "proxy::the_documented_proxy_cuts_who_is_slow_and_names_who_is_not";
        let _ = writeln!(std::io::stderr(), "skipped: {test} (nginx is not installed; see scripts/test)");
        return;
    };
    let portal = serve(&app, inside);
    let browser = reqwest::Client::new();
    wait_for(&browser, inside).await;
    wait_for(&browser, port).await;

    slow_clients_are_cut(port).await;
    visitors_are_told_apart(port).await;
    only_visitors_come_in(port, in_clear, inside).await;

    // Neither log ever holds a one-time link: not of a page, not of a fault.
    let link = get("/mot-de-passe/nouveau/geheim-0123456789?lang=geheim");
    assert!(send(port, ANYWHERE, &link).await.0.contains("data-outcome=\"link-expired\""));
    drop(portal);
    let (away, _) = send(port, ANYWHERE, &link).await;
    assert!(away.starts_with("HTTP/1.1 503 ") && away.contains("Le portail est indisponible"), "{away}");
    let read = |name: &str| std::fs::read_to_string(app.folder.path().join(name)).unwrap();
    let logs = ["guichet.log", "guichet-error.log", "error.log", "early.log"].map(read);
    assert!(logs[0].contains("GET /mot-de-passe/nouveau/- 410 "), "{}", logs[0]);
    assert!(logs.iter().all(|log| !log.contains("geheim")), "{logs:?}");
}

async fn slow_clients_are_cut(port: u16) {
    let half_header = format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nAccept: te");
    let half_body = post("/connexion", "", "email=a", 60);
    let idle = format!("GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    let (nothing, header, body, idle) = tokio::join!(
        send(port, ANYWHERE, ""),
        send(port, ANYWHERE, &half_header),
        send(port, ANYWHERE, &half_body),
        send(port, ANYWHERE, &idle),
    );
    assert!(idle.0.starts_with("HTTP/1.1 200 "), "{}", idle.0);
    for (what, (_, lived)) in [("nothing", nothing), ("a header", header), ("a body", body), ("idle", idle)] {
        assert!(lived.is_some_and(|lived| lived < CUT), "{what}: {lived:?}");
    }
}

async fn visitors_are_told_apart(port: u16) {
    let form = |claimed: &str| {
        let body = "email=somebody%40example.fr";
        post("/connexion", &format!("{claimed}Connection: close\r\n"), body, body.len())
    };
    // Three forms a minute are this visitor's share, whatever address they claim.
    for n in 0..3 {
        let (answer, _) = send(port, [127, 0, 0, 2], &form(&format!("X-Real-IP: 192.0.2.{n}\r\n"))).await;
        assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    }
    let (answer, _) = send(port, [127, 0, 0, 2], &form("X-Real-IP: 192.0.2.9\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
    let (answer, _) = send(port, [127, 0, 0, 3], &form("")).await;
    assert!(answer.starts_with("HTTP/1.1 303 "), "another visitor goes on: {answer}");
}

async fn only_visitors_come_in(port: u16, in_clear: u16, inside: u16) {
    assert!(send(inside, ANYWHERE, &get("/metrics")).await.0.contains("guichet_"));
    let large = "a".repeat(40_000);
    for (said, status) in [
        (get("/"), 200),
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), 400),
        (get("/").replace("Host:", "Host: other.example\r\nHost:"), 400),
        (get("/").replace(HOST, "other.example"), 400),
        (get("/metrics"), 404),
        (get("//metrics"), 404),
        (get("/metrics/"), 404),
        (get("/%6detrics"), 404),
        (get("/aide/../metrics"), 404),
        (post("/connexion", "", &large, large.len()), 413),
    ] {
        let (answer, _) = send(port, ANYWHERE, &said).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{}: {answer}", &said[..said.len().min(90)]);
        assert!(!answer.contains("guichet_handovers"), "{answer}");
    }
    let (answer, _) = send(in_clear, ANYWHERE, &get("/aide")).await;
    assert!(answer.contains("Location: https://vote.example.fr/aide\r\n"), "{answer}");
}
