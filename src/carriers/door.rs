//! The way to a carrier: watched by a breaker, and taken at a pace.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Handover;
use super::breaker::{Breaker, Passage};
use super::pace::Pace;
use crate::values::{Clock, Instant};

#[derive(Debug)]
pub struct Door {
    breaker: Mutex<Breaker>,
    per_second: u32,
    pace: Option<Pace>,
}

impl Door {
    /// `per_second`: messages, 0 for no limit.
    pub fn new(per_second: u32) -> Self {
        Self { breaker: Mutex::default(), per_second, pace: NonZeroU32::new(per_second).map(Pace::per_second) }
    }

    /// Messages; 0 for no limit.
    pub fn per_second(&self) -> u32 {
        self.per_second
    }

    /// How many messages may pass at once, or nothing while the carrier is set aside.
    pub fn open(&self, now: Instant) -> Option<u64> {
        match self.breaker().passage(now) {
            Passage::Free => Some(u64::MAX),
            Passage::One => Some(1),
            Passage::Shut => None,
        }
    }

    /// Whether the carrier is set aside, or has not worked since it was.
    pub fn is_set_aside(&self) -> bool {
        self.breaker().is_set_aside()
    }

    /// Waits for a turn.
    pub async fn enter(&self, clock: &Clock) {
        let now = clock.now();
        {
            let mut breaker = self.breaker();
            if breaker.passage(now) == Passage::One {
                *breaker = breaker.probing(now);
            }
        }
        if let Some(pace) = &self.pace {
            pace.turn().await;
        }
    }

    /// Takes an answer into account. `now`: when it came.
    pub fn learn(&self, handover: &Handover, now: Instant) {
        let mut breaker = self.breaker();
        *breaker = match handover {
            Handover::Accepted { .. } | Handover::Refused(_) => breaker.worked(now),
            Handover::Later { after: Some(after), .. } => breaker.held(now + *after),
            Handover::Later { .. } | Handover::Unsure(_) => breaker.failed(now),
            Handover::Barred(_) => breaker.barred(now),
            Handover::Blocked(_) => breaker.set_aside(now),
        };
    }

    /// It answered, whatever it said.
    pub fn answered(&self, now: Instant) {
        let mut breaker = self.breaker();
        *breaker = breaker.worked(now);
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
