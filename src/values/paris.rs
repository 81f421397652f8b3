//! Days and times in metropolitan France, by which the rules count.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::Paris;
use chrono_tz::Tz;

use super::Instant;

/// The civil day in Paris: "25 tries a day" ends at midnight there, not in UTC.
pub fn day(at: Instant) -> NaiveDate {
    at.with_timezone(&Paris).date_naive()
}

/// The moment at which the civil day of `at` began in Paris.
pub fn midnight_before(at: Instant) -> Instant {
    let midnight = day(at).and_time(NaiveTime::MIN);
    Paris.from_local_datetime(&midnight).earliest().map_or(at, |begin| begin.with_timezone(&Utc))
}

/// The moment at which the next civil day begins in Paris.
pub fn midnight_after(at: Instant) -> Instant {
    // 36 hours after a midnight is within the next day, however long the day is when clocks change.
    midnight_before(midnight_before(at) + chrono::Duration::hours(36))
}

/// A moment as a clock and a calendar in Paris show it.
pub fn wall(at: Instant) -> DateTime<Tz> {
    at.with_timezone(&Paris)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn the_day_ends_at_midnight_in_paris() {
        assert_ne!(day(utc("2026-11-23T22:59:59Z")), day(utc("2026-11-23T23:00:00Z")));
        assert_eq!(midnight_before(utc("2026-11-23T22:59:59Z")), utc("2026-11-22T23:00:00Z"));
        assert_eq!(midnight_before(utc("2026-11-23T23:00:00Z")), utc("2026-11-23T23:00:00Z"));
        assert_eq!(midnight_after(utc("2026-11-23T23:00:00Z")), utc("2026-11-24T23:00:00Z"));
        // The day on which summer time ends has 25 hours.
        assert_eq!(midnight_after(utc("2026-10-24T22:00:00Z")), utc("2026-10-25T23:00:00Z"));
    }
}
