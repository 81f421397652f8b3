//! When a sign-in may be tried. CNIL 2022-100: a delay of more than a minute after 5 failures, at
//! most 25 tries a day.

use chrono::Duration;

use crate::values::{Instant, paris};

const FREE_FAILURES: i32 = 5;
const DELAY: Duration = Duration::seconds(70);
const PER_DAY: i32 = 25;

/// What is known of the failures under one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    pub in_a_row: i32,
    /// On the civil day (in Paris) of the last one.
    pub today: i32,
    pub last_at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Now,
    NotBefore(Instant),
}

impl Failures {
    #[must_use]
    pub fn with_one_more(self, now: Instant) -> Self {
        Self { in_a_row: self.in_a_row + 1, today: self.on_day_of(now) + 1, last_at: now }
    }

    fn on_day_of(self, now: Instant) -> i32 {
        if paris::day(self.last_at) == paris::day(now) { self.today } else { 0 }
    }
}

pub fn admit(failures: &Failures, now: Instant) -> Admission {
    if failures.on_day_of(now) >= PER_DAY {
        return Admission::NotBefore(paris::midnight_after(now));
    }
    let until = failures.last_at + DELAY;
    if failures.in_a_row >= FREE_FAILURES && now < until { Admission::NotBefore(until) } else { Admission::Now }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn failures_slow_down_and_the_day_has_an_end() {
        let last = utc("2026-11-23T09:00:00Z");
        let midnight = utc("2026-11-23T23:00:00Z");
        for (in_a_row, today, seconds_later, expected) in [
            (0, 0, 0, Admission::Now),
            (4, 4, 0, Admission::Now),
            (5, 5, 0, Admission::NotBefore(last + DELAY)),
            (5, 5, 69, Admission::NotBefore(last + DELAY)),
            (5, 5, 70, Admission::Now),
            (24, 24, 70, Admission::Now),
            (25, 25, 70, Admission::NotBefore(midnight)),
            (25, 25, 13 * 3600, Admission::NotBefore(midnight)),
            (25, 25, 14 * 3600, Admission::Now),
        ] {
            let failures = Failures { in_a_row, today, last_at: last };
            assert_eq!(
                admit(&failures, last + Duration::seconds(seconds_later)),
                expected,
                "{in_a_row} {seconds_later}"
            );
        }
    }

    #[test]
    fn a_new_day_counts_from_nothing_but_the_row_goes_on() {
        let failures = Failures { in_a_row: 25, today: 25, last_at: utc("2026-11-23T22:59:59Z") };
        let next = failures.with_one_more(utc("2026-11-23T23:01:30Z"));
        assert_eq!((next.in_a_row, next.today), (26, 1));
    }
}
