//! Programs beside the tests, each on a port of its own.

use std::process::Child;
use std::time::{Duration, Instant};

use guichet::values::Chance;

/// A program, killed when dropped as it is when its machine loses power.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn free_port() -> u16 {
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let draw = || 10_000 + u16::try_from(Chance::System.below(20_000)).unwrap();
    std::iter::repeat_with(draw).find(is_free).unwrap()
}

pub async fn wait_for(browser: &reqwest::Client, port: u16) {
    let until = Instant::now() + Duration::from_secs(30);
    while browser.get(format!("http://127.0.0.1:{port}/healthz")).send().await.is_err() {
        assert!(Instant::now() < until, "the process did not open");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
