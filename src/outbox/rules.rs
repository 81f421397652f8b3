//! When a message that could not be handed over is tried again.

use std::time::Duration;

use crate::values::Instant;

const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);

/// The moment of the next try after so many, or nothing when the message is worth nothing by then.
/// Pauses double from ten seconds to ten minutes, unless the carrier named one.
pub fn next_try(tries: i32, worthless_at: Instant, asked: Option<Duration>, now: Instant) -> Option<Instant> {
    let doublings = tries.saturating_sub(1).clamp(0, 10).unsigned_abs();
    let pause = asked.unwrap_or(FIRST_PAUSE * 2u32.pow(doublings)).min(LONGEST_PAUSE);
    Some(now + pause).filter(|&at| at < worthless_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_until_the_message_is_worth_nothing() {
        let start: Instant = "2026-11-23T09:00:00Z".parse().unwrap();
        let seconds = Duration::from_secs;
        let worthless_at = start + seconds(1800);
        for (tries, elapsed, asked, pause) in [
            (1, 0, None, Some(10)),
            (2, 10, None, Some(20)),
            (6, 300, None, Some(320)),
            (9, 600, None, Some(600)),
            (i32::MAX, 600, None, Some(600)),
            (1, 0, Some(42), Some(42)),
            (1, 0, Some(86_400), Some(600)),
            (9, 1199, None, Some(600)),
            (9, 1200, None, None),
        ] {
            let now = start + seconds(elapsed);
            let expected = pause.map(|pause| now + seconds(pause));
            assert_eq!(next_try(tries, worthless_at, asked.map(seconds), now), expected, "{tries} {elapsed}");
        }
    }
}
