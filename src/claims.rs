//! How this process claims messages: the share under which it counts them, and for how long a claim has been waiting.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant as Moment};

use crate::entities::message::Channel;
use crate::values::{Chance, Instant};

/// So long a claim may take, or fail again and again, before the operator hears of it.
const PATIENCE: Duration = Duration::from_secs(15);

/// How far the SMS of an hour have come, as the operator is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Half of what an hour may take.
    Half,
    /// All of it.
    Cap,
}

/// The claims of one process, whichever of its loops makes them.
#[derive(Debug)]
pub struct Claims {
    /// Drawn at the start. What a process counts stands in rows of its own, so that none waits for another's.
    pub share: i32,
    /// Since when a channel has wanted messages and got no answer.
    sms: Mutex<Option<Moment>>,
    mail: Mutex<Option<Moment>>,
    told: Mutex<Option<(Instant, Mark)>>,
}

impl Claims {
    pub fn new(chance: &Chance) -> Self {
        let share = i32::from_le_bytes(chance.bytes());
        Self { share, sms: Mutex::default(), mail: Mutex::default(), told: Mutex::default() }
    }

    /// A channel wants messages: it waits from the first time on, until `answered`.
    pub fn wanted(&self, channel: Channel) {
        self.of(channel).lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Moment::now);
    }

    /// A channel knows what it may take, or wants nothing now.
    pub fn answered(&self, channel: Channel) {
        *self.of(channel).lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// For how long a channel's claim has been waiting, if that is too long.
    pub fn waits(&self, channel: Channel) -> Option<Duration> {
        let since = *self.of(channel).lock().unwrap_or_else(PoisonError::into_inner);
        since.map(|since| since.elapsed()).filter(|waited| *waited > PATIENCE)
    }

    /// Whether an hour comes to a mark that this process has not told of.
    pub fn comes_to(&self, mark: Mark, hour: Instant) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = told.is_none_or(|(of, before)| of != hour || before < mark);
        if is_news {
            *told = Some((hour, mark));
        }
        is_news
    }

    fn of(&self, channel: Channel) -> &Mutex<Option<Moment>> {
        match channel {
            Channel::Sms => &self.sms,
            Channel::Mail => &self.mail,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn each_mark_of_an_hour_is_told_once() {
        let claims = Claims::new(&Chance::seeded(1));
        let hour: Instant = "2026-11-23T09:00:00Z".parse().unwrap();
        let next = hour + TimeDelta::hours(1);
        for (mark, of, news) in [
            (Mark::Half, hour, true),
            (Mark::Half, hour, false),
            (Mark::Cap, hour, true),
            (Mark::Half, hour, false),
            (Mark::Cap, hour, false),
            (Mark::Cap, next, true),
            (Mark::Half, next, false),
        ] {
            assert_eq!(claims.comes_to(mark, of), news, "{mark:?} {of}");
        }
    }

    #[test]
    fn a_channel_that_wants_messages_waits_until_it_is_answered() {
        let claims = Claims::new(&Chance::seeded(1));
        let long_ago = Moment::now().checked_sub(PATIENCE + Duration::from_secs(1));
        *claims.sms.lock().unwrap() = long_ago;
        claims.wanted(Channel::Sms);
        claims.wanted(Channel::Mail);
        assert_eq!((claims.waits(Channel::Sms).is_some(), claims.waits(Channel::Mail)), (true, None));
        claims.answered(Channel::Sms);
        claims.wanted(Channel::Sms);
        assert_eq!(claims.waits(Channel::Sms), None);
    }
}
