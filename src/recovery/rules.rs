//! When a link is mailed, and whether it still opens.

use chrono::Duration;

use crate::values::Instant;

pub const HOUR: Duration = Duration::hours(1);
/// A mailbox is not to be flooded by whoever knows its address.
const MAILS_PER_HOUR: u64 = 5;

/// A form sent twice asks for one link: a second one would kill the first on its way.
const DOUBLE_CLICK: Duration = Duration::seconds(30);

/// `open_link`: when the link was asked for that nobody has used yet, if there is one.
pub fn may_mail(mails_in_the_last_hour: u64, open_link: Option<Instant>, now: Instant) -> bool {
    mails_in_the_last_hour < MAILS_PER_HOUR && open_link.is_none_or(|asked_at| now - asked_at >= DOUBLE_CLICK)
}

/// Whether a link opens: neither used, nor replaced by a newer one, nor past its time.
pub fn is_open(expires_at: Instant, closed_at: Option<Instant>, now: Instant) -> bool {
    closed_at.is_none() && now < expires_at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_mails_an_hour_and_one_for_a_double_click() {
        let now: Instant = "2026-11-23T09:00:00Z".parse().unwrap();
        for (recent, open_since, allowed) in [
            (0, None, true),
            (4, None, true),
            (5, None, false),
            (50, None, false),
            (1, Some(0), false),
            (1, Some(29), false),
            (1, Some(30), true),
            (5, Some(30), false),
        ] {
            let open_link = open_since.map(|seconds| now - Duration::seconds(seconds));
            assert_eq!(may_mail(recent, open_link, now), allowed, "{recent} {open_since:?}");
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
