//! How many messages a carrier is given in a second.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::Mutex;

/// A steady pace, without bursts beyond one second's worth. Who came first goes first.
#[derive(Debug)]
pub struct Pace {
    limiter: DefaultDirectRateLimiter,
    line: Mutex<()>,
}

impl Pace {
    pub fn per_second(messages: NonZeroU32) -> Self {
        Self { limiter: RateLimiter::direct(Quota::per_second(messages)), line: Mutex::new(()) }
    }

    /// Waits for a turn.
    pub async fn turn(&self) {
        let _first = self.line.lock().await;
        self.limiter.until_ready().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn beyond_one_seconds_worth_the_pace_is_kept() {
        let pace = Pace::per_second(NonZeroU32::new(20).unwrap());
        let began = Instant::now();
        for _ in 0..20 {
            pace.turn().await;
        }
        assert!(began.elapsed() < Duration::from_millis(200), "a second's worth goes at once");
        for _ in 0..10 {
            pace.turn().await;
        }
        assert!(began.elapsed() > Duration::from_millis(450), "{:?}", began.elapsed());
    }
}
