//! What a desk may do for a voter. No I/O.

use super::super::rules::Standing;
use crate::values::{Instant, Numen};

const LONGEST: usize = 500;

/// Why a desk acts, in its own words: one line, kept with the act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

/// What the roll had wrong of a voter, of what the identity check compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrected {
    Numen,
    Birthdate,
}

impl Reason {
    /// Why an import lets failed checks count from nothing.
    pub fn of_roll(corrected: Corrected) -> Self {
        let what = match corrected {
            Corrected::Numen => "NUMEN",
            Corrected::Birthdate => "date de naissance",
        };
        Self(format!("liste électorale corrigée\u{202f}: {what}"))
    }

    /// # Errors
    /// A French sentence that says what is wanted.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if !text.chars().any(char::is_alphanumeric) {
            return Err("dites pourquoi, en quelques mots");
        }
        if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
            return Err("500 caractères au plus, sur une ligne");
        }
        // It is kept and shown as it stands.
        if text.split_whitespace().any(Numen::is_likely) || Numen::parse(text).is_some() {
            return Err("sans NUMEN : ce texte est conservé et affiché tel quel");
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether there are failed checks to forget: they count from nothing again, as after a success.
pub fn can_unlock(standing: &Standing) -> bool {
    standing.failed_checks > 0
}

pub fn can_unfreeze(standing: &Standing) -> bool {
    standing.is_frozen
}

/// Nobody votes twice: the first moment stays.
pub fn can_vote(standing: &Standing) -> bool {
    !standing.has_voted
}

/// Whether an identifier can't be the one with which its voter has voted: another one is known to be it, or its SMS had not
/// left when the vote was known.
///
/// `left_at`: when its SMS may have left, if it may; `is_used`: whether it is the one, if that is known.
pub fn crosses(left_at: Option<Instant>, is_used: Option<bool>, known_at: Instant) -> bool {
    is_used.map_or_else(|| left_at.is_none_or(|left_at| left_at >= known_at), |is_used| !is_used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_of_words_without_a_numen() {
        let long = "a".repeat(501);
        for (text, is_taken) in [
            ("identité vérifiée au téléphone", true),
            ("  ticket 4512  ", true),
            ("", false),
            (" \t\n", false),
            ("…", false),
            ("deux\nlignes", false),
            ("NUMEN 12E3456789ABC vérifié", false),
            ("12E 3456789 ABC", false),
            (&long, false),
        ] {
            assert_eq!(Reason::parse(text).is_ok(), is_taken, "{text:?}");
        }
        assert_eq!(Reason::parse("  ticket 4512  ").unwrap().as_str(), "ticket 4512");
    }

    #[test]
    fn an_identifier_crosses_a_vote_that_cannot_have_been_cast_with_it() {
        let at = |minute: u32| format!("2026-11-24T09:{minute:02}:00Z").parse::<Instant>().unwrap();
        for (left_at, is_used, crosses) in [
            (Some(at(9)), None, false),
            (Some(at(10)), None, true),
            (Some(at(11)), None, true),
            (None, None, true),
            (Some(at(9)), Some(false), true),
            (Some(at(9)), Some(true), false),
            // A clock that is off takes nobody's identifier.
            (None, Some(true), false),
        ] {
            assert_eq!(super::crosses(left_at, is_used, at(10)), crosses, "{left_at:?} {is_used:?}");
        }
    }

    #[test]
    fn each_act_needs_something_to_change() {
        let at = |text: &str| text.parse().unwrap();
        let free = Standing {
            opens: at("2026-11-23T09:00:00Z"),
            closes: at("2026-12-03T16:00:00Z"),
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
        };
        let one_failed = Standing { failed_checks: 1, ..free.clone() };
        let locked = Standing { failed_checks: 3, ..free.clone() };
        let frozen = Standing { is_frozen: true, ..free.clone() };
        let voted = Standing { has_voted: true, ..free.clone() };
        for (name, standing, acts) in [
            ("free", free, (false, false, true)),
            ("one failed", one_failed, (true, false, true)),
            ("locked", locked, (true, false, true)),
            ("frozen", frozen, (false, true, true)),
            ("voted", voted, (false, false, false)),
        ] {
            assert_eq!((can_unlock(&standing), can_unfreeze(&standing), can_vote(&standing)), acts, "{name}");
        }
    }
}
