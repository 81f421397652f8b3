//! A flood of requests for links, and an honest one in its midst: how long until its mail leaves.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{Outcome, connect, email, exchange, milliseconds};

const PATIENCE: Duration = Duration::from_secs(60);
/// Nobody of the flood.
const HONEST: u32 = 1;

/// Sends so many requests at once, from so many addresses of origin, then the honest one from elsewhere.
pub async fn flood(posts: u32, origins: u32, outbox: &Path) -> Outcome<()> {
    let mut socket = connect().await?;
    let mut taken = 0;
    for n in 0..posts {
        let origin = format!("192.0.2.{}", n % origins);
        let status = exchange(&mut socket, ask(&email(1_000 + n), &origin).as_bytes()).await?;
        taken += u32::from(status == "303");
    }
    let began = Instant::now();
    exchange(&mut socket, ask(&email(HONEST), "198.51.100.7").as_bytes()).await?;
    while !is_mailed(outbox, &email(HONEST))? {
        if began.elapsed() > PATIENCE {
            return Err("the honest request was not mailed".into());
        }
        sleep(Duration::from_millis(20)).await;
    }
    println!("taken_without_a_code {taken}");
    println!("honest_mail_ms {:.0}", milliseconds(began.elapsed()));
    Ok(())
}

fn ask(address: &str, origin: &str) -> String {
    let body = format!("email={address}");
    format!(
        "POST /mot-de-passe/oublie/confirmer HTTP/1.1\r\nHost: localhost\r\nX-Real-IP: {origin}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn is_mailed(outbox: &Path, address: &str) -> std::io::Result<bool> {
    if !outbox.exists() {
        return Ok(false);
    }
    for file in std::fs::read_dir(outbox)? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "eml")
            && std::fs::read_to_string(&path).is_ok_and(|mail| mail.contains(&format!("To: {address}")))
        {
            return Ok(true);
        }
    }
    Ok(false)
}
