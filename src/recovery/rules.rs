//! When a link is mailed, and whether it still opens.

use chrono::Duration;

use crate::values::Instant;

pub const HOUR: Duration = Duration::hours(1);
/// A mailbox is not to be flooded by whoever knows its address.
const MAILS_PER_HOUR: u64 = 5;

pub fn may_mail(mails_in_the_last_hour: u64) -> bool {
    mails_in_the_last_hour < MAILS_PER_HOUR
}

/// Whether a link opens: neither used, nor replaced by a newer one, nor past its time.
pub fn is_open(expires_at: Instant, closed_at: Option<Instant>, now: Instant) -> bool {
    closed_at.is_none() && now < expires_at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_mails_an_hour() {
        for (recent, allowed) in [(0, true), (4, true), (5, false), (50, false)] {
            assert_eq!(may_mail(recent), allowed, "{recent}");
        }
    }

    #[test]
    fn a_link_opens_until_its_time_or_its_use() {
        let now: Instant = "2026-11-23T09:00:00Z".parse().unwrap();
        let second = Duration::seconds(1);
        for (expires_at, closed_at, open) in [
            (now + second, None, true),
            (now, None, false),
            (now - second, None, false),
            (now + second, Some(now), false),
        ] {
            assert_eq!(is_open(expires_at, closed_at, now), open);
        }
    }
}
