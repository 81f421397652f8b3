//! The outbox under load: a slow carrier, a backlog, and how fast it drains.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use guichet::entities::election;
use guichet::entities::message::{Channel, Column, Entity};
use guichet::outbox::{self, letters, post};
use guichet::values::{Language, MobileNumber, Territory, VotingIdentifier};
use guichet::worker;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::{Outcome, milliseconds, portal};

const CLAIMS: usize = 20;
const CLAIMED: u64 = 32;

/// Speaks Twilio's Messages resource on a port: takes every SMS, and answers so many milliseconds later.
pub async fn carrier(port: u16, delay: u64) -> Outcome<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let taken = Arc::new(AtomicU64::new(0));
    loop {
        let (socket, _) = listener.accept().await?;
        let taken = Arc::clone(&taken);
        tokio::spawn(async move { take(socket, Duration::from_millis(delay), &taken).await });
    }
}

async fn take(mut socket: TcpStream, delay: Duration, taken: &AtomicU64) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    let mut request = Vec::with_capacity(4 * 1024);
    loop {
        while !is_whole(&request) {
            if socket.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        request.clear();
        sleep(delay).await;
        let body = format!("{{\"sid\":\"SM{:032}\",\"status\":\"queued\"}}", taken.fetch_add(1, Ordering::Relaxed));
        let head = format!("HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n", body.len());
        socket.write_all((head + &body).as_bytes()).await?;
    }
}

fn is_whole(request: &[u8]) -> bool {
    let Some(head) = request.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
    let length: usize =
        text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok()).unwrap_or(0);
    request.len() >= head + 4 + length
}

/// Puts so many SMS into the outbox, each to a number of its own.
pub async fn backlog(count: u32) -> Outcome<()> {
    let portal = portal().await?;
    let elections = election::Entity::find().all(&portal.db).await?;
    let election = elections.first().ok_or("no election")?;
    let mut next = 0;
    while next < count {
        let work = portal.db.begin().await.map_err(|fault| fault.to_string())?;
        for n in next..(next + 1_000).min(count) {
            let number =
                MobileNumber::parse(&format!("06{:08}", 10_000_000 + n), &[Territory::Metropole], Territory::Metropole);
            let number = number.map_err(|fault| format!("{fault:?}"))?;
            let identifier = VotingIdentifier::draw(&portal.chance);
            let letter = letters::identifier_sms(&portal, election, &number, &identifier, Language::French);
            let letter = letter.map_err(|fault| fault.to_string())?;
            outbox::enqueue(&work, &portal, None, letter).await.map_err(|fault| fault.to_string())?;
        }
        work.commit().await.map_err(|fault| fault.to_string())?;
        next += 1_000;
    }
    Ok(())
}

/// What one claim costs, whatever waits behind it.
pub async fn claims() -> Outcome<()> {
    let portal = portal().await?;
    let mut times = Vec::new();
    for _ in 0..CLAIMS {
        let began = Instant::now();
        let claimed = post::claim(&portal, Channel::Sms, Some("twilio"), CLAIMED).await;
        times.push(began.elapsed());
        assert_eq!(claimed.map_err(|fault| fault.to_string())?.len(), usize::try_from(CLAIMED)? * 7 / 8);
    }
    times.sort_unstable();
    println!("claim_p50_ms {:.2}", milliseconds(times[CLAIMS / 2]));
    Ok(())
}

/// Lets the worker send for so many seconds, or until nothing waits, and tells how fast it was.
pub async fn drain(seconds: u64) -> Outcome<()> {
    let portal = portal().await?;
    let waiting = || Entity::find().filter(Column::EndedAt.is_null()).count(&portal.db);
    let before = waiting().await?;
    let (stop, stopped) = watch::channel(false);
    let began = Instant::now();
    let worker = tokio::spawn(worker::run(portal.clone(), stopped));
    while began.elapsed() < Duration::from_secs(seconds) && waiting().await? > 0 {
        sleep(Duration::from_millis(100)).await;
    }
    let took = began.elapsed();
    let left = waiting().await?;
    stop.send(true)?;
    worker.await?;
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let rate = (before - left) as f64 / took.as_secs_f64();
    println!("sms_per_second {rate:.0}");
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    println!("memory_mb {}", peak.unwrap_or_default() / 1024);
    Ok(())
}
