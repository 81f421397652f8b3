//! A gateway that fails again and again is set aside for a while, then tried with one message.

use std::time::Duration;

use crate::values::Instant;

/// So many failures in a row open the breaker.
const FAILURES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// Where a gateway stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    /// How often it was set aside since it last worked.
    pauses: u32,
    set_aside_until: Option<Instant>,
    /// One message is on its way to find out.
    probing: bool,
}

/// What may be handed over now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    Free,
    /// One message, to find out whether the gateway works again.
    One,
    /// Nothing before this moment.
    NotBefore(Instant),
}

impl Breaker {
    pub fn passage(&self, now: Instant) -> Passage {
        match self.set_aside_until {
            None => Passage::Free,
            Some(at) if now < at => Passage::NotBefore(at),
            // Whoever probes tells soon.
            Some(_) if self.probing => Passage::NotBefore(now + FIRST_PAUSE),
            Some(_) => Passage::One,
        }
    }

    /// The one message of a half-open breaker is on its way.
    #[must_use]
    pub fn probing(self) -> Self {
        Self { probing: true, ..self }
    }

    /// The gateway took a message, or judged it: it works.
    #[must_use]
    pub fn worked(self) -> Self {
        Self::default()
    }

    /// The gateway is away, too slow, or broken.
    #[must_use]
    pub fn failed(self, now: Instant) -> Self {
        let failures = self.failures + 1;
        if self.set_aside_until.is_some() || failures >= FAILURES {
            self.set_aside(now)
        } else {
            Self { failures, ..self }
        }
    }

    /// The gateway itself said when it wants to hear of us again.
    #[must_use]
    pub fn held(self, until: Instant) -> Self {
        Self { failures: 0, set_aside_until: Some(until), probing: false, ..self }
    }

    /// Nothing will pass before the operator acts: there is no need to see it five times.
    #[must_use]
    pub fn set_aside(self, now: Instant) -> Self {
        let pause = (FIRST_PAUSE * 2u32.pow(self.pauses.min(10))).min(LONGEST_PAUSE);
        Self { failures: 0, pauses: self.pauses + 1, set_aside_until: Some(now + pause), probing: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_set_aside_after_five_failures_in_a_row_and_probed_with_one_message() {
        let start: Instant = "2026-11-23T09:00:00Z".parse().unwrap();
        let seconds = Duration::from_secs;
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker = breaker.failed(start);
        }
        assert_eq!(breaker.worked().failed(start).passage(start), Passage::Free, "in a row");
        breaker = breaker.failed(start);
        assert_eq!(breaker.passage(start), Passage::NotBefore(start + seconds(15)));
        assert_eq!(breaker.passage(start + seconds(15)), Passage::One);
        let probed = breaker.probing();
        assert_eq!(probed.passage(start + seconds(15)), Passage::NotBefore(start + seconds(30)));
        assert_eq!(probed.worked().passage(start + seconds(16)), Passage::Free);
        let again = probed.failed(start + seconds(16));
        assert_eq!(again.passage(start + seconds(17)), Passage::NotBefore(start + seconds(46)), "pauses double");
    }

    #[test]
    fn pauses_end_at_five_minutes() {
        let start: Instant = "2026-11-23T09:00:00Z".parse().unwrap();
        let breaker = (0..40).fold(Breaker::default(), |breaker, _| breaker.set_aside(start));
        assert_eq!(breaker.passage(start), Passage::NotBefore(start + LONGEST_PAUSE));
    }
}
