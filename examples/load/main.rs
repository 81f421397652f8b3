//! The load generator of scripts/bench. Each command prints one number per line, with its name.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "scripts/bench reads it")]

mod flood;
mod outbox;

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use argon2::{Argon2, Block, PasswordHasher};
use guichet::captcha;
use guichet::db::Patience;
use guichet::entities::{account, election, voter};
use guichet::issuance::seat::Seat;
use guichet::portal::Portal;
use guichet::settings::{self, Settings};
use guichet::sign_in::sessions;
use guichet::values::Territory;
use guichet::web;
use sea_orm::{ActiveValue::Set, EntityTrait, QuerySelect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PASSWORD: &str = "Velours7Cobalt";
const FIXED_ANSWER: &str = "ABCDE";
const CONNECTIONS: usize = 32;
const SECONDS: u64 = 10;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["roll", lines] => print!("{}", roll(lines.parse()?)),
        ["hashes"] => hashes(),
        ["serve"] => serve().await?,
        ["passwords"] => passwords().await?,
        ["sign-ins"] => sign_ins().await?,
        ["issuances", count] => issuances(count.parse()?).await?,
        ["recoveries", tries] => recoveries(tries.parse()?).await?,
        ["flood", posts, origins, outbox] => {
            flood::flood(posts.parse()?, origins.parse()?, outbox.as_ref()).await?;
        }
        ["carrier", port, delay] => outbox::carrier(port.parse()?, delay.parse()?).await?,
        ["backlog", count] => outbox::backlog(count.parse()?).await?,
        ["claims"] => outbox::claims().await?,
        ["drain", seconds] => outbox::drain(seconds.parse()?).await?,
        _ => eprintln!(
            "load roll LINES | hashes | serve | passwords | sign-ins | issuances COUNT | recoveries TRIES\n\
             load flood POSTS ORIGINS OUTBOX\n\
             load carrier PORT MILLISECONDS | backlog COUNT | claims | drain SECONDS"
        ),
    }
    Ok(())
}

fn numen(n: u32) -> String {
    let letter = |n: u32| char::from(b'A' + u8::try_from(n % 26).unwrap_or_default());
    format!("{:02}E{:07}{}{}X", n % 90 + 10, n, letter(n), letter(n / 26))
}

fn email(n: u32) -> String {
    format!("prenom.nom{n}@ac-valmont.example")
}

fn birthdate(n: u32) -> String {
    format!("{:02}/{:02}/{}", n % 28 + 1, n % 12 + 1, 1960 + n % 40)
}

fn roll(lines: u32) -> String {
    let mut text = "numen;nom;prenoms;date_naissance;courriel;uai;etablissement;academie;scrutins\n".to_owned();
    for n in 0..lines {
        let school = n % 2_000;
        let _ = writeln!(
            text,
            "{};Nom{n};Prénom;{};{};099{school:04}A;Collège {school};Valmont;CSA|CAP",
            numen(n),
            birthdate(n),
            email(n)
        );
    }
    text
}

/// Argon2id at the default parameters, on as many threads as the portal uses and with their own memory, as there.
fn hashes() {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let done: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores)
            .map(|_| {
                scope.spawn(|| {
                    let (argon2, mut digest, mut done) = (Argon2::default(), [0; 32], 0);
                    let mut memory = vec![Block::default(); argon2.params().block_count()];
                    while Instant::now() < until {
                        let (password, salt) = (PASSWORD.as_bytes(), b"a salt of bytes.");
                        let hashed = argon2.hash_password_into_with_memory(password, salt, &mut digest, &mut memory);
                        assert!(hashed.is_ok());
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).sum()
    });
    println!("hashes_per_second {:.1}", per_second(done));
}

/// The pages without the worker: what it sends has a bench of its own.
async fn serve() -> Outcome<()> {
    let figment = settings::figment();
    web::rocket(portal().await?, figment).launch().await?;
    Ok(())
}

async fn portal() -> Outcome<Portal> {
    let settings = Settings::read(&settings::figment()).map_err(|faults| faults.join("; "))?;
    Portal::open(settings, Patience::COMMANDS).await.map_err(|fault| fault.to_string().into())
}

/// Gives every account the same password.
async fn passwords() -> Outcome<()> {
    let portal = portal().await?;
    let hash = Argon2::default().hash_password(PASSWORD.as_bytes()).map_err(|error| error.to_string())?.to_string();
    let every = account::ActiveModel { password_hash: Set(Some(hash)), ..Default::default() };
    account::Entity::update_many().set(every).exec(&portal.db).await?;
    Ok(())
}

/// Right passwords of different accounts, while another connection asks for a plain page.
async fn sign_ins() -> Outcome<()> {
    let requests = (0..20_000)
        .map(|n| post("/connexion/mot-de-passe", "", &format!("email={}&password={PASSWORD}", email(n))))
        .collect();
    let probe = tokio::spawn(probe());
    let (done, _) = drive(requests, Duration::from_secs(SECONDS), "303").await?;
    println!("sign_ins_per_second {:.1}", per_second(done));
    let mut times = probe.await??;
    times.sort_unstable();
    println!("other_pages_p50_ms {:.1}", milliseconds(times[times.len() / 2]));
    println!("other_pages_p99_ms {:.1}", milliseconds(times[times.len() * 99 / 100]));
    Ok(())
}

/// A plain page fifty times a second, for as long as the sign-ins last.
async fn probe() -> Outcome<Vec<Duration>> {
    let mut socket = connect().await?;
    let mut times = Vec::new();
    let until = Instant::now() + Duration::from_secs(SECONDS);
    while Instant::now() < until {
        let began = Instant::now();
        exchange(&mut socket, b"GET /connexion HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
        times.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(times)
}

/// The filled forms of so many voters, each with a session and a security code of their own.
async fn issuances(count: u32) -> Outcome<()> {
    let portal = portal().await?;
    let elections = election::Entity::find().all(&portal.db).await?;
    let election = elections.first().ok_or("no election")?;
    let voters =
        voter::Entity::find().limit(u64::from(count)).find_also_related(account::Entity).all(&portal.db).await?;
    let mut requests = Vec::new();
    for (voter, account) in voters {
        let account = account.ok_or("a voter without an account")?;
        let seat = Seat { election: election.clone(), voter, territory: Territory::Metropole };
        let n: u32 = account.email.trim_start_matches("prenom.nom").split('@').next().unwrap_or_default().parse()?;
        let token = sessions::open(&portal.db, &portal, account.id).await.map_err(|fault| fault.to_string())?;
        let captcha = captcha::draw(&portal, &token.digest(), captcha::rules::FEWEST_BITS);
        let body = format!(
            "election={}&mobile=06{:08}&captcha={FIXED_ANSWER}&captcha_id={captcha}&birthdate={}&numen={}&request=on",
            seat.election.id,
            10_000_000 + n,
            birthdate(n),
            numen(n)
        );
        requests.push(post("/electeur/identifiant", &format!("guichet-session={}", token.text()), &body));
    }
    let began = Instant::now();
    let (done, times) = drive(requests, Duration::from_secs(120), "303").await?;
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let rate = done as f64 / began.elapsed().as_secs_f64();
    println!("issuances {done}");
    println!("issuances_per_second {rate:.1}");
    println!("issuance_p99_ms {:.1}", milliseconds(times[times.len() * 99 / 100]));
    Ok(())
}

/// Recovery asked for known and unknown addresses in turn, one at a time: the times must not differ.
async fn recoveries(tries: u32) -> Outcome<()> {
    let mut socket = connect().await?;
    let mut times = [Vec::new(), Vec::new()];
    for n in 0..tries {
        // Neither group always comes first.
        let order = if n % 2 == 0 { [0, 1] } else { [1, 0] };
        for group in order {
            let address = if group == 0 { email(n) } else { format!("inconnu{n}@ac-valmont.example") };
            let request = post("/mot-de-passe/oublie/confirmer", "", &format!("email={address}"));
            let began = Instant::now();
            exchange(&mut socket, request.as_bytes()).await?;
            times[group].push(began.elapsed().as_secs_f64() * 1e6);
        }
    }
    let [known, unknown] = times.map(|mut times| {
        // The slowest twentieth is the machine's own noise.
        times.sort_by(f64::total_cmp);
        times.truncate(times.len() * 19 / 20);
        let (mean, variance) = moments(&times);
        (mean, variance / count(&times), times[times.len() / 2])
    });
    println!("known_mean_us {:.1}\nknown_median_us {:.1}", known.0, known.2);
    println!("unknown_mean_us {:.1}\nunknown_median_us {:.1}", unknown.0, unknown.2);
    println!("welch_t {:.2}", (known.0 - unknown.0) / (known.1 + unknown.1).sqrt());
    Ok(())
}

fn moments(times: &[f64]) -> (f64, f64) {
    let mean = times.iter().sum::<f64>() / count(times);
    (mean, times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count(times) - 1.0))
}

#[expect(clippy::cast_precision_loss, reason = "a small count")]
fn count(times: &[f64]) -> f64 {
    times.len() as f64
}

/// Sends every request once, over a few connections, until done or out of time.
async fn drive(requests: Vec<String>, limit: Duration, expected: &'static str) -> Outcome<(usize, Vec<Duration>)> {
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let until = Instant::now() + limit;
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
            tokio::spawn(async move {
                let mut socket = connect().await?;
                let mut times = Vec::new();
                while Instant::now() < until {
                    let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                    let began = Instant::now();
                    let status = exchange(&mut socket, request.as_bytes()).await?;
                    if status != expected {
                        return Err(io::Error::other(format!("answered {status}")));
                    }
                    times.push(began.elapsed());
                }
                Ok(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    times.sort_unstable();
    Ok((times.len(), times))
}

fn post(path: &str, cookie: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn connect() -> io::Result<TcpStream> {
    let port = std::env::var("ROCKET_PORT").unwrap_or_else(|_| "8000".into());
    let socket = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// One request and its answer on a kept connection; returns the status.
async fn exchange(socket: &mut TcpStream, request: &[u8]) -> io::Result<String> {
    socket.write_all(request).await?;
    let mut answer = Vec::with_capacity(8 * 1024);
    loop {
        let read = socket.read_buf(&mut answer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&answer[..head]).to_lowercase();
        let length: usize =
            text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok()).unwrap_or(0);
        if answer.len() >= head + 4 + length {
            return Ok(text.split_whitespace().nth(1).unwrap_or_default().to_owned());
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a small count")]
fn per_second(done: usize) -> f64 {
    done as f64 / Duration::from_secs(SECONDS).as_secs_f64()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
