//! Who has answered security codes wrong within an hour: the next ones take their browsers more work.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::Duration;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

use super::posted;
use crate::captcha::rules;
use crate::issuance::rules::{PHONE_REFUSALS_PER_DAY, Standing};
use crate::portal::Portal;
use crate::values::Instant;

const MEMORY: Duration = Duration::hours(1);
/// A few megabytes. Whoever comes when they are full is not counted, until some are forgotten.
const MOST: usize = 50_000;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Whose {
    Account(i64),
    Network(IpAddr),
}

struct Count {
    wrong: u32,
    since: Instant,
}

/// The counts of this process. Each other process has its own: they only make a machine's work dearer.
#[derive(Default)]
pub struct WrongCodes(Mutex<HashMap<Whose, Count>>);

impl WrongCodes {
    fn count(&self, whose: Whose, now: Instant) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST && !counts.contains_key(&whose) {
            counts.retain(|_, count| now - count.since < MEMORY);
            if counts.len() >= MOST {
                return;
            }
        }
        let count = counts.entry(whose).or_insert(Count { wrong: 0, since: now });
        if now - count.since >= MEMORY {
            *count = Count { wrong: 0, since: now };
        }
        count.wrong += 1;
    }

    fn of(&self, whose: Whose, now: Instant) -> u32 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&whose).filter(|count| now - count.since < MEMORY).map_or(0, |count| count.wrong)
    }
}

/// The work that a code takes the browser of this request.
pub struct Effort<'r> {
    portal: &'r Portal,
    codes: &'r WrongCodes,
    network: IpAddr,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Effort<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let (Some(portal), Some(codes)) = (request.rocket().state(), request.rocket().state()) else {
            return Outcome::Error((Status::InternalServerError, ()));
        };
        Outcome::Success(Self { portal, codes, network: posted::network(request) })
    }
}

impl Effort<'_> {
    /// Counts a wrong answer of an account.
    pub fn grow(&self, account: i64) {
        self.codes.count(Whose::Account(account), self.portal.now());
        self.grow_here();
    }

    /// Counts a wrong answer of somebody who is not signed in.
    pub fn grow_here(&self) {
        self.codes.count(Whose::Network(self.network), self.portal.now());
    }

    /// How many zeros the proof of the next code begins with, for somebody who is not signed in.
    pub fn bits_here(&self) -> u32 {
        rules::bits(0, self.codes.of(Whose::Network(self.network), self.portal.now()))
    }

    /// How many zeros the proof of an account's next code begins with.
    pub fn bits(&self, account: i64, standing: &Standing) -> u32 {
        let now = self.portal.now();
        let refused = standing.failed_checks + PHONE_REFUSALS_PER_DAY - standing.phones_left(now);
        let wrong = self.codes.of(Whose::Account(account), now);
        let tries = u32::try_from(refused).unwrap_or(0).saturating_add(wrong);
        rules::bits(tries, self.codes.of(Whose::Network(self.network), now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_codes_are_remembered_for_an_hour_and_not_without_end() {
        let codes = WrongCodes::default();
        let now: Instant = "2026-11-24T09:00:00Z".parse().unwrap();
        let here = Whose::Network("192.0.2.1".parse().unwrap());
        for minute in 0..3 {
            codes.count(here, now + Duration::minutes(minute));
        }
        assert_eq!(codes.of(here, now + Duration::minutes(59)), 3);
        assert_eq!(codes.of(here, now + Duration::minutes(60)), 0);
        codes.count(here, now + Duration::minutes(61));
        assert_eq!(codes.of(here, now + Duration::minutes(61)), 1, "it begins anew");

        let later = now + Duration::minutes(90);
        for account in 0..i64::try_from(MOST).unwrap() {
            codes.count(Whose::Account(account), later);
        }
        codes.count(here, later);
        assert_eq!((codes.of(here, later), codes.of(Whose::Account(-1), later)), (2, 0));
        codes.count(Whose::Account(-1), later);
        assert_eq!(codes.of(Whose::Account(-1), later), 0, "there is no room for more");
        codes.count(Whose::Account(-1), later + MEMORY);
        assert_eq!(codes.of(Whose::Account(-1), later + MEMORY), 1);
    }
}
