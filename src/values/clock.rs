//! The time of the portal: the database's, the system's, or one that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time;

use chrono::{DateTime, Duration, Utc};

/// A moment in UTC, to the millisecond (so that it comes back from every database as it went in).
pub type Instant = DateTime<Utc>;

/// A machine whose clock is further off takes no work: something is wrong with it, or with the database's.
const MOST_OFF: Duration = Duration::seconds(10);

/// Where the portal reads the time; nothing else in the crate asks the system.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// The time that all processes on one database share.
    Led(Arc<Led>),
    /// Milliseconds since 1970, moved by hand.
    Stopped(Arc<AtomicI64>),
}

/// A time told by the database, and carried on by a count of seconds that nobody sets: a machine's clock may jump.
#[derive(Debug)]
pub struct Led {
    began: time::Instant,
    /// The time as it began, in milliseconds since 1970.
    at: AtomicI64,
    /// By how many milliseconds a test has the machine's clock go ahead of the system's.
    ahead: AtomicI64,
}

impl Clock {
    pub fn stopped_at(now: Instant) -> Self {
        Self::Stopped(Arc::new(AtomicI64::new(now.timestamp_millis())))
    }

    /// A clock that follows the database's as soon as it has heard of it; the machine's until then, which goes so far
    /// ahead of the system's: not at all, but in tests.
    pub fn led(ahead: Duration) -> Self {
        let ahead = ahead.num_milliseconds();
        let (began, at) = (time::Instant::now(), system() + ahead);
        Self::Led(Arc::new(Led { began, at: at.into(), ahead: ahead.into() }))
    }

    pub fn now(&self) -> Instant {
        let millis = match self {
            Self::System => system(),
            Self::Led(led) => led.now(),
            Self::Stopped(millis) => millis.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_millis(millis).unwrap_or_default()
    }

    /// By how much the machine's clock is ahead of this time, or behind it. A clock that has jumped shows at once.
    pub fn off(&self) -> Duration {
        match self {
            Self::Led(led) => Duration::milliseconds(system() + led.ahead.load(Ordering::SeqCst) - led.now()),
            Self::System | Self::Stopped(_) => Duration::zero(),
        }
    }

    /// Whether the machine's clock is near enough to take work by this time.
    pub fn is_sound(&self) -> bool {
        self.off().abs() <= MOST_OFF
    }

    /// Whether it wants to hear the database's time.
    pub fn is_led(&self) -> bool {
        matches!(self, Self::Led(_))
    }

    /// Takes in what the database told, just now, in milliseconds since 1970. `took`: from the question to the answer.
    pub fn hear(&self, told: i64, took: time::Duration) {
        if let Self::Led(led) = self {
            led.at.fetch_add(correction(led.now(), told, took), Ordering::SeqCst);
        }
    }

    /// Moves a stopped clock, or the machine's under a led one; the system's clock goes its own way.
    pub fn advance(&self, by: Duration) {
        match self {
            Self::Stopped(millis) => millis.fetch_add(by.num_milliseconds(), Ordering::SeqCst),
            Self::Led(led) => led.ahead.fetch_add(by.num_milliseconds(), Ordering::SeqCst),
            Self::System => 0,
        };
    }
}

impl Led {
    fn now(&self) -> i64 {
        self.at.load(Ordering::SeqCst) + i64::try_from(self.began.elapsed().as_millis()).unwrap_or(0)
    }
}

/// By how many milliseconds a time is wrong. It was told at some moment while the answer was waited for: within these bounds
/// nothing is known better, and the time does not tremble.
fn correction(now: i64, told: i64, took: time::Duration) -> i64 {
    let half = i64::try_from(took.as_millis() / 2).unwrap_or(0);
    let wrong = told + half - now;
    if wrong.abs() > half + 1 { wrong } else { 0 }
}

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
fn system() -> i64 {
    Utc::now().timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_corrected_by_what_is_certain() {
        for (now, told, took, by) in [
            (10_000, 10_000, 0, 0),
            (10_000, 10_001, 0, 0),
            (10_000, 10_002, 0, 2),
            (10_002, 10_000, 0, -2),
            // Told half-way, as far as anybody knows.
            (10_000, 9_995, 10, 0),
            (10_000, 9_989, 10, 0),
            (10_000, 9_988, 10, -7),
            (100_000, 10_000, 10, -89_995),
            // An answer that took a second tells of a minute, and not of a half second.
            (10_000, 9_100, 1_000, 0),
            (10_000, 70_000, 1_000, 60_500),
        ] {
            assert_eq!(correction(now, told, time::Duration::from_millis(took)), by, "{now} {told} {took}");
        }
    }

    #[test]
    fn a_led_clock_follows_the_database_and_not_the_machine() {
        let near = |clock: &Clock, other: Instant| (clock.now() - other).abs() < Duration::seconds(1);
        for ahead in [Duration::seconds(-90), Duration::zero(), Duration::seconds(9), Duration::minutes(31)] {
            let clock = Clock::led(ahead);
            assert!(near(&clock, Clock::System.now() + ahead), "it knows no better yet");
            assert_eq!(clock.off().num_seconds(), 0);
            clock.hear(system(), time::Duration::from_millis(4));
            assert!(near(&clock, Clock::System.now()), "{ahead}");
            assert!((clock.off() - ahead).abs() < Duration::seconds(1), "{ahead}: {}", clock.off());
            assert_eq!(clock.is_sound(), ahead.abs() < Duration::seconds(10), "{ahead}");
        }
    }

    #[test]
    fn a_jump_of_the_machines_clock_changes_no_time_and_shows_at_once() {
        let clock = Clock::led(Duration::zero());
        let before = clock.now();
        clock.advance(Duration::minutes(31));
        assert!(clock.now() - before < Duration::seconds(1));
        assert!(!clock.is_sound());
        clock.advance(-Duration::minutes(31));
        assert!(clock.is_sound());
    }
}
