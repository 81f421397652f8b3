//! A carrier that fails again and again is set aside for a while, then tried with one message.

use std::time::Duration;

use crate::values::Instant;

/// So many failures in a row open the breaker.
const FAILURES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// A probe that has not told by then is lost, or with a server that takes its time: another one follows.
const PROBE: Duration = Duration::from_secs(60);

/// Where a carrier stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    /// How often it was set aside since it last worked.
    pauses: u32,
    set_aside_until: Option<Instant>,
    /// Since when one message is on its way to find out.
    probing_since: Option<Instant>,
}

/// What may be handed over now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    Free,
    /// One message, to find out whether the carrier works again.
    One,
    Shut,
}

impl Breaker {
    pub fn passage(&self, now: Instant) -> Passage {
        match (self.set_aside_until, self.probing_since) {
            (None, _) => Passage::Free,
            (Some(at), _) if now < at => Passage::Shut,
            (Some(_), Some(since)) if now < since + PROBE => Passage::Shut,
            (Some(_), _) => Passage::One,
        }
    }

    /// Whether it has not shown yet that it works again.
    pub fn is_set_aside(&self) -> bool {
        self.set_aside_until.is_some()
    }

    /// The one message of a half-open breaker is on its way.
    #[must_use]
    pub fn probing(self, now: Instant) -> Self {
        Self { probing_since: Some(now), ..self }
    }

    /// The carrier took a message, or judged it: it works.
    #[must_use]
    pub fn worked(self, now: Instant) -> Self {
        if self.is_pausing(now) { self } else { Self::default() }
    }

    /// The carrier is away, too slow, or broken.
    #[must_use]
    pub fn failed(self, now: Instant) -> Self {
        let failures = self.failures + 1;
        if self.is_pausing(now) {
            self
        } else if self.set_aside_until.is_some() || failures >= FAILURES {
            self.set_aside(now)
        } else {
            Self { failures, ..self }
        }
    }

    /// The carrier answers, but refuses a message for a reason that may be this message's alone.
    #[must_use]
    pub fn barred(self, now: Instant) -> Self {
        if self.set_aside_until.is_some() { self.worked(now) } else { self.failed(now) }
    }

    /// The carrier itself said when it wants to hear of us again.
    #[must_use]
    pub fn held(self, until: Instant) -> Self {
        let until = self.set_aside_until.map_or(until, |at| at.max(until));
        Self { failures: 0, set_aside_until: Some(until), probing_since: None, ..self }
    }

    /// Nothing will pass before the operator acts: there is no need to see it five times.
    #[must_use]
    pub fn set_aside(self, now: Instant) -> Self {
        if self.is_pausing(now) {
            return self;
        }
        let pause = (FIRST_PAUSE * 2u32.pow(self.pauses.min(10))).min(LONGEST_PAUSE);
        Self { failures: 0, pauses: self.pauses + 1, set_aside_until: Some(now + pause), probing_since: None }
    }

    /// What was under way when the pause began tells nothing about its end.
    fn is_pausing(&self, now: Instant) -> bool {
        self.set_aside_until.is_some_and(|at| now < at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Instant {
        "2026-11-23T09:00:00Z".parse().unwrap()
    }

    fn at(seconds: u64) -> Instant {
        start() + Duration::from_secs(seconds)
    }

    #[test]
    fn a_carrier_is_set_aside_after_five_failures_in_a_row_and_probed_with_one_message() {
        let breaker = (0..4).fold(Breaker::default(), |breaker, _| breaker.failed(at(0)));
        assert_eq!(breaker.worked(at(0)).failed(at(0)).passage(at(0)), Passage::Free, "in a row");
        let breaker = breaker.failed(at(0));
        assert_eq!((breaker.passage(at(14)), breaker.passage(at(15))), (Passage::Shut, Passage::One));
        let probed = breaker.probing(at(15));
        assert_eq!(probed.passage(at(16)), Passage::Shut);
        assert_eq!(probed.passage(at(75)), Passage::One, "a lost probe closes nothing for ever");
        assert_eq!(probed.worked(at(16)).passage(at(16)), Passage::Free);
        let again = probed.failed(at(16));
        assert_eq!((again.passage(at(45)), again.passage(at(46))), (Passage::Shut, Passage::One), "pauses double");
    }

    #[test]
    fn what_was_under_way_changes_no_pause() {
        let many = (0..128).fold(Breaker::default(), |breaker, _| breaker.failed(at(0)));
        assert_eq!(many.passage(at(15)), Passage::One, "one pause for all of them");
        let held = Breaker::default().held(at(250)).failed(at(1)).worked(at(2)).set_aside(at(3)).held(at(20));
        assert_eq!((held.passage(at(249)), held.passage(at(250))), (Passage::Shut, Passage::One));
    }

    #[test]
    fn a_refused_message_is_no_reason_to_set_a_carrier_aside_but_five_in_a_row_are() {
        let four = (0..4).fold(Breaker::default(), |breaker, _| breaker.barred(at(0)));
        assert_eq!(four.passage(at(0)), Passage::Free);
        let five = four.barred(at(0));
        assert_eq!(five.passage(at(0)), Passage::Shut);
        assert_eq!(five.probing(at(15)).barred(at(16)).passage(at(16)), Passage::Free, "it answers");
    }

    #[test]
    fn pauses_end_at_five_minutes() {
        let mut now = start();
        let mut breaker = Breaker::default();
        for _ in 0..40 {
            breaker = breaker.set_aside(now);
            now += LONGEST_PAUSE;
        }
        let begun = now - LONGEST_PAUSE;
        assert_eq!(breaker.passage(begun + LONGEST_PAUSE - Duration::from_secs(1)), Passage::Shut);
        assert_eq!(breaker.passage(begun + LONGEST_PAUSE), Passage::One);
    }
}
