//! When a link is mailed, whether it still opens, and in which order requests are answered.

use chrono::Duration;

use crate::values::Instant;

pub const HOUR: Duration = Duration::hours(1);
/// A mailbox is not to be flooded by whoever knows its address.
const MAILS_PER_HOUR: u64 = 5;
/// How many links of an account open at once: mails overtake one another, and a stranger who asks again must not end the
/// link that waits in the mailbox.
const OPEN_LINKS: usize = 5;
/// A form sent twice asks for one link.
const DOUBLE_CLICK: Duration = Duration::seconds(30);
/// How many passwords one link refuses: enough for anybody who feels their way through the policy, too few for a machine.
pub const MOST_REFUSALS: i32 = 30;
/// After so many faults of its own a request is set aside.
const MOST_ATTEMPTS: i32 = 6;

/// What becomes of the wish for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Granted,
    /// The account's link that was asked for at this moment makes room.
    InThePlaceOf(Instant),
    /// The mailbox has had enough, and holds links that open.
    Folded,
}

/// `open`: when each link was asked for that still opens. The oldest keeps its whole life: whatever a stranger asks for and
/// however slow the mail, one link in the mailbox works. Of the others the oldest makes room.
pub fn wish(mails_in_the_last_hour: u64, open: &[Instant], now: Instant) -> Wish {
    let just_now = open.iter().any(|&asked_at| now - asked_at < DOUBLE_CLICK);
    if just_now || mails_in_the_last_hour >= MAILS_PER_HOUR {
        return Wish::Folded;
    }
    let mut open = open.to_vec();
    open.sort_unstable();
    match open.get(1) {
        Some(&second) if open.len() >= OPEN_LINKS => Wish::InThePlaceOf(second),
        _ => Wish::Granted,
    }
}

/// Whether a link opens: neither used, nor worn out, nor past its time.
pub fn is_open(expires_at: Instant, closed_at: Option<Instant>, refusals: i32, now: Instant) -> bool {
    closed_at.is_none() && refusals < MOST_REFUSALS && now < expires_at
}

/// The place in the line of a request: one network moves on by its share, so that however many come from it, a request from
/// elsewhere stands among its first ones. `last`: the place of the network's last request that waits.
pub fn turn(last: Option<Instant>, per_minute: u32, now: Instant) -> Instant {
    let step = Duration::milliseconds(60_000 / i64::from(per_minute.max(1)));
    last.map_or(now, |last| (last + step).max(now))
}

/// When a request is tried again that could not be answered, or nothing when it has failed often enough by itself.
/// `attempts`: with this one.
pub fn try_again(attempts: i32, now: Instant) -> Option<Instant> {
    let pause = Duration::seconds(10) * 3_i32.pow(u32::try_from(attempts - 1).unwrap_or(0).min(9));
    (attempts < MOST_ATTEMPTS).then(|| now + pause)
}

/// How many mailed links may wait for the mail server before requests wait in their stead, where their order is fair: a
/// second's worth of its pace.
pub fn links_ahead(mails_per_second: u32) -> u64 {
    match mails_per_second {
        0 => 64,
        pace => u64::from(pace.max(4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nine() -> Instant {
        "2026-11-23T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn five_mails_an_hour_one_for_a_double_click_and_five_links_that_open() {
        let now = nine();
        let place_of = |seconds| Wish::InThePlaceOf(now - Duration::seconds(seconds));
        for (recent, open, expected) in [
            (0, vec![], Wish::Granted),
            (4, vec![], Wish::Granted),
            (5, vec![], Wish::Folded),
            (50, vec![], Wish::Folded),
            (1, vec![0], Wish::Folded),
            (1, vec![29], Wish::Folded),
            (1, vec![30], Wish::Granted),
            (5, vec![30], Wish::Folded),
            (4, vec![40, 80, 120, 160], Wish::Granted),
            (4, vec![40, 80, 120, 160, 5000], place_of(160)),
            (0, vec![80_000, 5000, 5100, 5200, 5300], place_of(5300)),
        ] {
            let asked: Vec<Instant> = open.iter().map(|&seconds| now - Duration::seconds(seconds)).collect();
            assert_eq!(wish(recent, &asked, now), expected, "{recent} {open:?}");
        }
    }

    #[test]
    fn a_link_opens_until_its_time_or_its_use() {
        let now = nine();
        let second = Duration::seconds(1);
        for (expires_at, closed_at, refusals, open) in [
            (now + second, None, 0, true),
            (now + second, None, 29, true),
            (now + second, None, 30, false),
            (now, None, 0, false),
            (now - second, None, 0, false),
            (now + second, Some(now), 0, false),
        ] {
            assert_eq!(is_open(expires_at, closed_at, refusals, now), open);
        }
    }

    #[test]
    fn a_network_that_asks_much_waits_behind_itself_only() {
        let now = nine();
        let mut last = None;
        for n in 0..300 {
            let place = turn(last, 20, now);
            assert_eq!(place, now + Duration::seconds(3 * n));
            last = Some(place);
        }
        assert_eq!(turn(None, 20, now), now, "a request from elsewhere");
        assert_eq!(turn(Some(now - HOUR), 20, now), now, "what has waited long takes no place from the next");
    }

    #[test]
    fn what_fails_is_tried_again_for_twenty_minutes_and_then_set_aside() {
        let pauses: Vec<_> =
            (1..=6).map(|attempts| try_again(attempts, nine()).map(|at| (at - nine()).num_seconds())).collect();
        assert_eq!(pauses, [Some(10), Some(30), Some(90), Some(270), Some(810), None]);
    }
}
