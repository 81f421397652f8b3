//! What is told to the operator, and when: once as it begins, every hour while it lasts, once as it ends.

use std::time::Duration;

use crate::values::Instant;

/// An operator who came late hears of it, too.
const TOLD_EVERY: Duration = Duration::from_secs(60 * 60);

/// What to say of something that may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Begins,
    Lasts,
    Ends,
}

/// Something that was told, or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    at: Option<Instant>,
}

impl Told {
    /// Takes in how it stands now, and returns what there is to say.
    pub fn learn(&mut self, wrong: bool, now: Instant) -> Option<News> {
        let news = match (self.at, wrong) {
            (None, true) => News::Begins,
            (Some(_), false) => News::Ends,
            (Some(at), true) if now >= at + TOLD_EVERY => News::Lasts,
            _ => return None,
        };
        self.at = wrong.then_some(now);
        Some(news)
    }

    pub fn is_told(&self) -> bool {
        self.at.is_some()
    }
}

/// Whether what has waited for so long is late. Once it is, it is until half of the limit: a queue that moves around its
/// limit is one piece of news.
pub fn is_late(waited: Option<Duration>, limit: Duration, was_late: bool) -> bool {
    let limit = if was_late { limit / 2 } else { limit };
    waited.is_some_and(|waited| waited > limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_once_then_every_hour_and_at_its_end() {
        let start: Instant = "2026-11-23T09:00:00Z".parse().unwrap();
        let mut told = Told::default();
        for (minutes, wrong, news) in [
            (0, false, None),
            (1, true, Some(News::Begins)),
            (2, true, None),
            (60, true, None),
            (61, true, Some(News::Lasts)),
            (62, true, None),
            (63, false, Some(News::Ends)),
            (64, false, None),
            (65, true, Some(News::Begins)),
        ] {
            assert_eq!(told.learn(wrong, start + Duration::from_secs(minutes * 60)), news, "minute {minutes}");
        }
    }

    #[test]
    fn late_is_late_until_half_of_the_limit() {
        let seconds = Duration::from_secs;
        for (waited, was_late, late) in [
            (None, false, false),
            (None, true, false),
            (Some(120), false, false),
            (Some(121), false, true),
            (Some(61), true, true),
            (Some(60), true, false),
            (Some(61), false, false),
        ] {
            assert_eq!(is_late(waited.map(seconds), seconds(120), was_late), late, "{waited:?} {was_late}");
        }
    }
}
