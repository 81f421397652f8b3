//! A server that speaks Twilio's Messages resource as the tests want it: taking, refusing, silent, or closing mid-way.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use guichet::values::Clock;
use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::{TcpListener, TcpStream};
use rocket::tokio::time::sleep;

#[derive(Clone, Debug)]
pub struct Taken {
    pub sid: String,
    pub to: String,
    pub body: String,
    pub callback: String,
    pub status: &'static str,
    /// As Twilio writes a moment.
    pub at: String,
}

/// What it does with the next messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Take,
    /// Takes the message, and closes before it has answered.
    TakeAndClose,
    /// Answers a status and a body, and takes nothing.
    Refuse(&'static str, &'static str),
}

/// No two messages ever have one name.
static NAMED: AtomicU32 = AtomicU32::new(1);

#[derive(Clone)]
pub struct FakeTwilio {
    pub base: String,
    clock: Clock,
    pub taken: Arc<Mutex<Vec<Taken>>>,
    pub manner: Arc<Mutex<Manner>>,
    /// Whether its list shows what it took.
    pub lists: Arc<Mutex<bool>>,
    /// How long it takes to answer; it has the message half-way.
    pub delay: Arc<Mutex<Duration>>,
}

impl FakeTwilio {
    pub async fn start(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            clock,
            taken: Arc::default(),
            manner: Arc::new(Mutex::new(Manner::Take)),
            lists: Arc::new(Mutex::new(true)),
            delay: Arc::default(),
        };
        let server = fake.clone();
        rocket::tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let server = server.clone();
                rocket::tokio::spawn(async move { server.answer(socket).await });
            }
        });
        fake
    }

    pub fn is_now(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub fn count(&self) -> usize {
        self.taken.lock().unwrap().len()
    }

    pub fn last(&self) -> Taken {
        self.taken.lock().unwrap().last().unwrap().clone()
    }

    async fn answer(&self, mut socket: TcpStream) {
        let Some((line, body)) = request(&mut socket).await else { return };
        let manner = *self.manner.lock().unwrap();
        let (status, answer) = if line.starts_with("GET") {
            ("200 OK", self.found(&line))
        } else if let Manner::Refuse(status, answer) = manner {
            (status, answer.to_owned())
        } else {
            let half = *self.delay.lock().unwrap() / 2;
            sleep(half).await;
            let sid = self.take(&body);
            sleep(half).await;
            if manner == Manner::TakeAndClose {
                return;
            }
            ("201 Created", format!("{{\"sid\":\"{sid}\",\"status\":\"queued\",\"error_code\":null}}"))
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
        let _ = socket.write_all((head + &answer).as_bytes()).await;
    }

    fn take(&self, body: &str) -> String {
        let mut taken = self.taken.lock().unwrap();
        let value = |name: &str| {
            let mut pairs = form_urlencoded::parse(body.as_bytes());
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let sid = format!("SM{:032}", NAMED.fetch_add(1, Ordering::SeqCst));
        taken.push(Taken {
            sid: sid.clone(),
            to: value("To"),
            body: value("Body"),
            callback: value("StatusCallback"),
            status: "queued",
            at: self.clock.now().to_rfc2822(),
        });
        sid
    }

    /// One message, or the list of all.
    fn found(&self, line: &str) -> String {
        let described = |taken: &Taken| {
            format!(
                "{{\"sid\":\"{}\",\"status\":\"{}\",\"error_code\":null,\"date_created\":\"{}\"}}",
                taken.sid, taken.status, taken.at
            )
        };
        let taken = self.taken.lock().unwrap();
        if let Some(one) = taken.iter().find(|taken| line.contains(&taken.sid)) {
            return described(one);
        }
        let shown = *self.lists.lock().unwrap();
        let wanted = line.split(['?', '&', ' ']).find_map(|pair| pair.strip_prefix("To=%2B"));
        let to_wanted = |taken: &&Taken| wanted.is_none_or(|wanted| taken.to.trim_start_matches('+') == wanted);
        let all: Vec<String> = taken.iter().filter(|_| shown).filter(to_wanted).map(described).collect();
        format!("{{\"messages\":[{}]}}", all.join(","))
    }
}

/// The first line of a request, and its body.
async fn request(socket: &mut TcpStream) -> Option<(String, String)> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.to_lowercase().split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some((head.lines().next()?.to_owned(), body.to_owned()));
            }
        }
        let read = socket.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        request.extend_from_slice(&chunk[..read]);
    }
}
