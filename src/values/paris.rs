//! Times as people in metropolitan France read them.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeZone, Timelike, Utc};
use chrono_tz::Europe::Paris;

use super::Instant;

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const DAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];

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

/// `lundi 23 novembre 2026 à 10 h 05`, with no-break spaces where a line must not break.
pub fn date_and_time(at: Instant) -> String {
    format!("{} à {}", date(at), time(at))
}

/// `lundi 23 novembre 2026`
pub fn date(at: Instant) -> String {
    let at = at.with_timezone(&Paris);
    let day = if at.day() == 1 { "1er".to_owned() } else { at.day().to_string() };
    format!(
        "{} {}\u{a0}{} {}",
        DAYS[at.weekday().num_days_from_monday() as usize],
        day,
        MONTHS[at.month0() as usize],
        at.year()
    )
}

/// `10 h 05`
pub fn time(at: Instant) -> String {
    let at = at.with_timezone(&Paris);
    format!("{}\u{a0}h\u{a0}{:02}", at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_told_in_paris_in_winter_and_in_summer() {
        assert_eq!(date_and_time(utc("2026-11-23T09:05:00Z")), "lundi 23\u{a0}novembre 2026 à 10\u{a0}h\u{a0}05");
        assert_eq!(date_and_time(utc("2026-07-31T22:30:00Z")), "samedi 1er\u{a0}août 2026 à 0\u{a0}h\u{a0}30");
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
