//! The time of the portal: the system's clock, or one that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};

/// A moment in UTC, to the millisecond (so that it comes back from every database as it went in).
pub type Instant = DateTime<Utc>;

/// Where the portal reads the time; nothing else in the crate asks the system.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// Milliseconds since 1970, moved by hand.
    Stopped(Arc<AtomicI64>),
}

impl Clock {
    pub fn stopped_at(now: Instant) -> Self {
        Self::Stopped(Arc::new(AtomicI64::new(now.timestamp_millis())))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
    pub fn now(&self) -> Instant {
        let millis = match self {
            Self::System => Utc::now().timestamp_millis(),
            Self::Stopped(millis) => millis.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_millis(millis).unwrap_or_default()
    }

    /// Moves a stopped clock; the system's clock goes its own way.
    pub fn advance(&self, by: Duration) {
        if let Self::Stopped(millis) = self {
            millis.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
        }
    }
}
