//! The rules of re-issue, as the electoral board decided them. No I/O: facts in, a decision out.

use crate::values::{Instant, paris};

/// Tries with a phone that serves another voter, per civil day in Paris.
pub const PHONE_REFUSALS_PER_DAY: i32 = 5;
/// Identifiers that a voter may ask for, per civil day in Paris: each costs an SMS, delivered or not.
pub const REQUESTS_PER_DAY: usize = 5;
/// Tries that a voter is given back in all. Then no SMS is sent any more: something is wrong that another one won't mend.
pub const RETURNS: i32 = 5;

/// What decides, before the form is even read, whether a voter may run the procedure.
#[derive(Clone, Debug)]
pub struct Standing {
    pub opens: Instant,
    pub closes: Instant,
    pub has_voted: bool,
    pub is_frozen: bool,
    /// Identifiers that count: voided ones were given back.
    pub issued: i32,
    /// Tries that were given back, because their SMS could not be delivered.
    pub returned: i32,
    /// When each identifier was asked for, whatever became of it.
    pub requested_at: Vec<Instant>,
    pub max_identifiers: i32,
    /// Failed identity checks since the last success.
    pub failed_checks: i32,
    pub max_failed_checks: i32,
    pub phone_refusals: i32,
    pub phone_refused_at: Option<Instant>,
}

/// What the form showed, once compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub numen: bool,
    pub birthdate: bool,
    pub phone: PhoneOwner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneOwner {
    Nobody,
    ThisVoter,
    AnotherVoter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Issue,
    Refuse(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotOpenYet,
    Closed,
    HasVoted,
    /// The voter said "that was not me".
    Frozen,
    /// Every identifier that the election allows was issued.
    LimitReached,
    /// Too many failed checks in a row.
    Locked,
    /// Too many tries today with phones of others.
    PhoneTriesUsedUp,
    /// As many SMS failed as a voter is given tries back.
    ReturnsUsedUp,
    /// As many identifiers were asked for today as a day allows.
    RequestsUsedUp,
    NumenDiffers,
    BirthdateDiffers,
    BothDiffer,
    PhoneTaken,
}

impl Refusal {
    /// The name under which it is recorded.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotOpenYet => "not-open-yet",
            Self::Closed => "closed",
            Self::HasVoted => "has-voted",
            Self::Frozen => "frozen",
            Self::LimitReached => "limit-reached",
            Self::Locked => "locked",
            Self::PhoneTriesUsedUp => "phone-tries-used-up",
            Self::ReturnsUsedUp => "returns-used-up",
            Self::RequestsUsedUp => "requests-used-up",
            Self::NumenDiffers => "numen-differs",
            Self::BirthdateDiffers => "birthdate-differs",
            Self::BothDiffer => "both-differ",
            Self::PhoneTaken => "phone-taken",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::NotOpenYet,
            Self::Closed,
            Self::HasVoted,
            Self::Frozen,
            Self::LimitReached,
            Self::Locked,
            Self::PhoneTriesUsedUp,
            Self::ReturnsUsedUp,
            Self::RequestsUsedUp,
            Self::NumenDiffers,
            Self::BirthdateDiffers,
            Self::BothDiffer,
            Self::PhoneTaken,
        ]
        .into_iter()
        .find(|refusal| refusal.name() == name)
    }

    /// Whether it uses one of the voter's failed checks up.
    pub fn is_failed_check(self) -> bool {
        matches!(self, Self::NumenDiffers | Self::BirthdateDiffers | Self::BothDiffer)
    }
}

impl Standing {
    /// Why the voter can't run the procedure now, whatever the form would say.
    pub fn obstacle(&self, now: Instant) -> Option<Refusal> {
        if now < self.opens {
            Some(Refusal::NotOpenYet)
        } else if now >= self.closes {
            Some(Refusal::Closed)
        } else if self.has_voted {
            Some(Refusal::HasVoted)
        } else if self.is_frozen {
            Some(Refusal::Frozen)
        } else if !gives_back(self.returned) {
            // Before the limit, whose sentence says that the last identifier arrived.
            Some(Refusal::ReturnsUsedUp)
        } else if self.identifiers_left() == 0 {
            Some(Refusal::LimitReached)
        } else if self.checks_left() == 0 {
            Some(Refusal::Locked)
        } else if self.phone_refusals_today(now) >= PHONE_REFUSALS_PER_DAY {
            Some(Refusal::PhoneTriesUsedUp)
        } else if self.requests_today(now) >= REQUESTS_PER_DAY {
            Some(Refusal::RequestsUsedUp)
        } else {
            None
        }
    }

    pub fn identifiers_left(&self) -> i32 {
        (self.max_identifiers - self.issued).max(0)
    }

    pub fn checks_left(&self) -> i32 {
        (self.max_failed_checks - self.failed_checks).max(0)
    }

    /// How many other voters' numbers may still be tried today.
    pub fn phones_left(&self, now: Instant) -> i32 {
        (PHONE_REFUSALS_PER_DAY - self.phone_refusals_today(now)).max(0)
    }

    pub fn phone_refusals_today(&self, now: Instant) -> i32 {
        let today = self.phone_refused_at.is_some_and(|at| paris::day(at) == paris::day(now));
        if today { self.phone_refusals } else { 0 }
    }

    pub fn requests_today(&self, now: Instant) -> usize {
        self.requested_at.iter().filter(|at| paris::day(**at) == paris::day(now)).count()
    }
}

/// Whether the try of an SMS that failed is given back, after so many that were.
pub fn gives_back(returned: i32) -> bool {
    returned < RETURNS
}

/// The decision on one run of the procedure.
pub fn decide(standing: &Standing, evidence: Evidence, now: Instant) -> Decision {
    if let Some(obstacle) = standing.obstacle(now) {
        return Decision::Refuse(obstacle);
    }
    match evidence {
        Evidence { numen: false, birthdate: false, .. } => Decision::Refuse(Refusal::BothDiffer),
        Evidence { numen: false, .. } => Decision::Refuse(Refusal::NumenDiffers),
        Evidence { birthdate: false, .. } => Decision::Refuse(Refusal::BirthdateDiffers),
        // Whose phone it is is told only to someone who proved who they are.
        Evidence { phone: PhoneOwner::AnotherVoter, .. } => Decision::Refuse(Refusal::PhoneTaken),
        Evidence { phone: PhoneOwner::Nobody | PhoneOwner::ThisVoter, .. } => Decision::Issue,
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    fn utc(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn noon() -> Instant {
        utc("2026-11-24T11:00:00Z")
    }

    fn standing() -> Standing {
        Standing {
            opens: utc("2026-11-23T09:00:00Z"),
            closes: utc("2026-12-03T16:00:00Z"),
            has_voted: false,
            is_frozen: false,
            issued: 0,
            returned: 0,
            requested_at: Vec::new(),
            max_identifiers: 3,
            failed_checks: 0,
            max_failed_checks: 3,
            phone_refusals: 0,
            phone_refused_at: None,
        }
    }

    const RIGHT: Evidence = Evidence { numen: true, birthdate: true, phone: PhoneOwner::Nobody };

    #[test]
    fn the_window_opens_and_closes_to_the_second() {
        let second = Duration::seconds(1);
        let Standing { opens, closes, .. } = standing();
        for (now, obstacle) in [
            (opens - second, Some(Refusal::NotOpenYet)),
            (opens, None),
            (closes - second, None),
            (closes, Some(Refusal::Closed)),
        ] {
            assert_eq!(standing().obstacle(now), obstacle, "{now}");
        }
    }

    #[test]
    fn each_obstacle_stops_even_the_right_evidence() {
        type Change = fn(&mut Standing);
        let cases: [(&str, Change, Option<Refusal>); 15] = [
            ("nothing", |_| (), None),
            ("voted", |s| s.has_voted = true, Some(Refusal::HasVoted)),
            ("frozen", |s| s.is_frozen = true, Some(Refusal::Frozen)),
            ("two issued", |s| s.issued = 2, None),
            ("three issued", |s| s.issued = 3, Some(Refusal::LimitReached)),
            ("limit lowered since", |s| (s.issued, s.max_identifiers) = (3, 2), Some(Refusal::LimitReached)),
            ("two failed", |s| s.failed_checks = 2, None),
            ("three failed", |s| s.failed_checks = 3, Some(Refusal::Locked)),
            ("four phones of others", |s| (s.phone_refusals, s.phone_refused_at) = (4, Some(noon())), None),
            (
                "five phones of others",
                |s| (s.phone_refusals, s.phone_refused_at) = (5, Some(noon())),
                Some(Refusal::PhoneTriesUsedUp),
            ),
            ("four given back", |s| s.returned = 4, None),
            ("five given back", |s| s.returned = 5, Some(Refusal::ReturnsUsedUp)),
            ("more failed since", |s| (s.returned, s.issued) = (5, 3), Some(Refusal::ReturnsUsedUp)),
            ("four asked for today", |s| s.requested_at = vec![noon(); 4], None),
            ("five asked for today", |s| s.requested_at = vec![noon(); 5], Some(Refusal::RequestsUsedUp)),
        ];
        for (name, change, obstacle) in cases {
            let mut standing = standing();
            change(&mut standing);
            let expected = obstacle.map_or(Decision::Issue, Decision::Refuse);
            assert_eq!(decide(&standing, RIGHT, noon()), expected, "{name}");
        }
    }

    #[test]
    fn tries_with_phones_of_others_begin_again_at_midnight_in_paris() {
        let mut standing = standing();
        (standing.phone_refusals, standing.phone_refused_at) = (5, Some(utc("2026-11-24T22:59:00Z")));
        assert_eq!(standing.obstacle(utc("2026-11-24T22:59:59Z")), Some(Refusal::PhoneTriesUsedUp));
        assert_eq!(standing.obstacle(utc("2026-11-24T23:00:00Z")), None);
    }

    #[test]
    fn requests_begin_again_at_midnight_in_paris() {
        let mut standing = standing();
        standing.requested_at = vec![utc("2026-11-23T22:59:59Z")];
        standing.requested_at.extend([utc("2026-11-23T23:00:00Z"); 5]);
        for (now, obstacle) in [
            ("2026-11-23T22:59:59Z", None),
            ("2026-11-23T23:00:00Z", Some(Refusal::RequestsUsedUp)),
            ("2026-11-24T22:59:59Z", Some(Refusal::RequestsUsedUp)),
            ("2026-11-24T23:00:00Z", None),
        ] {
            assert_eq!(standing.obstacle(utc(now)), obstacle, "{now}");
        }
    }

    #[test]
    fn five_tries_are_given_back_and_no_more() {
        for (returned, expected) in [(0, true), (4, true), (5, false), (6, false)] {
            assert_eq!(gives_back(returned), expected, "{returned}");
        }
    }

    #[test]
    fn the_evidence_decides_in_this_order() {
        use PhoneOwner::{AnotherVoter, Nobody, ThisVoter};
        for (numen, birthdate, phone, decision) in [
            (true, true, Nobody, Decision::Issue),
            (true, true, ThisVoter, Decision::Issue),
            (true, true, AnotherVoter, Decision::Refuse(Refusal::PhoneTaken)),
            (false, true, AnotherVoter, Decision::Refuse(Refusal::NumenDiffers)),
            (true, false, AnotherVoter, Decision::Refuse(Refusal::BirthdateDiffers)),
            (false, false, ThisVoter, Decision::Refuse(Refusal::BothDiffer)),
        ] {
            assert_eq!(decide(&standing(), Evidence { numen, birthdate, phone }, noon()), decision);
        }
    }

    #[test]
    fn only_a_wrong_numen_or_birthdate_uses_a_check_up() {
        for name in ["numen-differs", "birthdate-differs", "both-differ"] {
            assert!(Refusal::from_name(name).is_some_and(Refusal::is_failed_check), "{name}");
        }
        for name in [
            "phone-taken",
            "locked",
            "limit-reached",
            "closed",
            "phone-tries-used-up",
            "returns-used-up",
            "requests-used-up",
        ] {
            assert!(Refusal::from_name(name).is_some_and(|refusal| !refusal.is_failed_check()), "{name}");
        }
    }
}
