//! How many messages a carrier is given in a second.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// A steady pace, without bursts beyond one second's worth.
#[derive(Debug)]
pub struct Pace(DefaultDirectRateLimiter);

impl Pace {
    pub fn per_second(messages: NonZeroU32) -> Self {
        Self(RateLimiter::direct(Quota::per_second(messages)))
    }

    /// Waits for a turn.
    pub async fn turn(&self) {
        self.0.until_ready().await;
    }
}
