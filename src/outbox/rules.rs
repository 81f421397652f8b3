//! When a message that could not be handed over is tried again, and when the carrier is asked about it.

use std::time::Duration;

use crate::values::Instant;

/// Between tries: the first, which doubles, and the longest.
#[derive(Clone, Copy, Debug)]
pub struct Pauses {
    first: Duration,
    longest: Duration,
}

impl Pauses {
    /// Somebody looks at their phone, and the SMS is worth half an hour.
    pub const SMS: Self = Self { first: Duration::from_secs(2), longest: Duration::from_secs(60) };
    /// A mail server that is away, or puts us off, wants its time, and a link lives for a day.
    pub const MAIL: Self = Self { first: Duration::from_secs(10), longest: Duration::from_secs(10 * 60) };
}

/// The last try is this long before a message loses its worth, however long the pause should have been.
const LAST_CHANCE: Duration = Duration::from_secs(20);
/// A carrier that still does not know so long after a message lost its worth is not asked any more.
const ASKED_LONGER: Duration = Duration::from_secs(30 * 60);

/// The moment of the next try after so many, or nothing when there is no time for one.
/// Pauses double and never end before the carrier wants to hear of us again. Up to half of one is drawn (`luck`, from 0 to
/// 1), so that what failed together does not come back together.
pub fn next_try(
    pauses: Pauses,
    tries: i32,
    worthless_at: Instant,
    asked: Option<Duration>,
    luck: f64,
    now: Instant,
) -> Option<Instant> {
    let doublings = tries.saturating_sub(1).clamp(0, 10).unsigned_abs();
    let pause = (pauses.first * 2u32.pow(doublings)).min(pauses.longest);
    let drawn = pause.mul_f64(1.0 - luck.clamp(0.0, 1.0) / 2.0);
    let last = worthless_at - LAST_CHANCE;
    (now < last).then(|| (now + drawn.max(asked.unwrap_or_default())).min(last))
}

/// When the carrier is asked again what became of a message, if at all: after as long as it took so far.
pub fn next_question(accepted_at: Instant, first: Duration, validity: Duration, now: Instant) -> Option<Instant> {
    let since = (now - accepted_at).to_std().unwrap_or_default();
    Some(now + since.max(first)).filter(|&at| at < accepted_at + validity + ASKED_LONGER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "2026-11-23T09:00:00Z";

    #[test]
    fn pauses_double_until_the_message_is_worth_nothing() {
        let start: Instant = START.parse().unwrap();
        let seconds = Duration::from_secs;
        let worthless_at = start + seconds(1800);
        for (pauses, tries, elapsed, asked, luck, pause) in [
            (Pauses::MAIL, 1, 0, None, 0.0, Some(10)),
            (Pauses::MAIL, 1, 0, None, 1.0, Some(5)),
            (Pauses::MAIL, 2, 10, None, 0.0, Some(20)),
            (Pauses::MAIL, 6, 300, None, 0.0, Some(320)),
            (Pauses::MAIL, 6, 300, None, 0.5, Some(240)),
            (Pauses::MAIL, 9, 600, None, 0.0, Some(600)),
            (Pauses::MAIL, i32::MAX, 600, None, 0.0, Some(600)),
            (Pauses::MAIL, 1, 0, Some(42), 1.0, Some(42)),
            (Pauses::MAIL, 4, 0, Some(42), 0.0, Some(80)),
            (Pauses::MAIL, 9, 1179, None, 0.0, Some(600)),
            (Pauses::MAIL, 9, 1779, None, 0.0, Some(1)),
            (Pauses::MAIL, 9, 1780, None, 0.0, None),
            (Pauses::SMS, 1, 0, None, 0.0, Some(2)),
            (Pauses::SMS, 3, 6, None, 0.0, Some(8)),
            (Pauses::SMS, 6, 62, None, 0.0, Some(60)),
            (Pauses::SMS, i32::MAX, 600, None, 0.0, Some(60)),
            (Pauses::SMS, 1, 0, Some(300), 0.0, Some(300)),
            (Pauses::SMS, 1, 1600, Some(300), 0.0, Some(180)),
        ] {
            let now = start + seconds(elapsed);
            let expected = pause.map(|pause| now + seconds(pause));
            let told = next_try(pauses, tries, worthless_at, asked.map(seconds), luck, now);
            assert_eq!(told, expected, "{pauses:?} {tries} {elapsed}");
        }
    }

    #[test]
    fn a_carrier_is_asked_less_and_less_until_nobody_can_know() {
        let accepted: Instant = START.parse().unwrap();
        let seconds = Duration::from_secs;
        let mut asked = Vec::new();
        let mut next = next_question(accepted, seconds(120), seconds(1800), accepted);
        while let Some(at) = next {
            asked.push((at - accepted).num_seconds());
            next = next_question(accepted, seconds(120), seconds(1800), at);
        }
        assert_eq!(asked, [120, 240, 480, 960, 1920]);
    }
}
