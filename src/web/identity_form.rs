//! The form for a new identifier as it is typed: read into values, told back, kept over a session's end.

use rocket::form::FromForm;

use super::cookies::KeptForm;
use super::form::{Choice, FormState};
use crate::captcha;
use crate::issuance::request::Request;
use crate::issuance::seat::Seat;
use crate::portal::Portal;
use crate::roll::election::territories;
use crate::values::mobile::NumberFault;
use crate::values::{Birthdate, MobileNumber, Numen};

const FIELDS: [&str; 7] =
    ["mobile", "captcha", "birthdate_day", "birthdate_month", "birthdate_year", "numen", "request"];
/// Longer than any honest value, in characters; a cookie has little room.
const LONGEST_KEPT: usize = 60;

#[derive(FromForm)]
pub struct IdentityForm<'r> {
    pub election: Option<&'r str>,
    #[field(default = "")]
    mobile: &'r str,
    /// Which of the numbers that what was typed may mean, where it may mean several.
    #[field(default = "")]
    mobile_reading: &'r str,
    #[field(default = "")]
    pub captcha: &'r str,
    #[field(default = "")]
    pub captcha_id: &'r str,
    #[field(default = "")]
    birthdate: &'r str,
    #[field(default = "")]
    birthdate_day: &'r str,
    #[field(default = "")]
    birthdate_month: &'r str,
    #[field(default = "")]
    birthdate_year: &'r str,
    #[field(default = "")]
    numen: &'r str,
    #[field(default = "")]
    request: &'r str,
    /// Another security code is wanted, and nothing else.
    #[field(default = false)]
    pub renew: bool,
}

/// A form that nobody has filled yet.
pub fn blank() -> FormState {
    FormState::blank(&FIELDS)
}

/// What was typed before the session ended.
pub fn restored(kept: &KeptForm) -> FormState {
    let typed = |name: &'static str| (name, kept.fields.get(name).map_or("", String::as_str));
    FormState::with(&FIELDS.map(typed))
}

impl IdentityForm<'_> {
    fn typed(&self) -> [(&'static str, &str); 7] {
        [
            ("mobile", self.mobile),
            ("captcha", self.captcha),
            ("birthdate_day", self.birthdate_day),
            ("birthdate_month", self.birthdate_month),
            ("birthdate_year", self.birthdate_year),
            ("numen", self.numen),
            ("request", self.request),
        ]
    }

    pub fn is_blank(&self) -> bool {
        self.typed().iter().all(|(name, typed)| *name == "captcha" || typed.trim().is_empty())
    }

    /// What was typed, without the security code: it belongs to a session, as its image does.
    pub fn kept(&self, account: i64, late: bool) -> KeptForm {
        let fields = self.typed().into_iter().filter(|(name, _)| *name != "captcha");
        KeptForm {
            account,
            election: self.election.and_then(|id| id.parse().ok()),
            late,
            fields: fields.map(|(name, typed)| (name.to_owned(), typed.chars().take(LONGEST_KEPT).collect())).collect(),
        }
    }

    /// What was typed, to be shown beside another security code.
    pub fn without_captcha(&self) -> FormState {
        let mut state = FormState::with(&self.typed());
        state.clear("captcha");
        state
    }

    /// Reads every field, so that all that is wrong is told at once. `code`: what became of the security code.
    pub fn read(&self, portal: &Portal, seat: &Seat, code: captcha::Outcome) -> (FormState, Option<Request>) {
        let mut state = FormState::with(&self.typed());
        let mobile = MobileNumber::parse(self.mobile, &territories(&seat.election), seat.territory);
        let mobile = mobile.or_else(|fault| MobileNumber::chosen(&fault, self.mobile_reading).ok_or(fault));
        match &mobile {
            // A mistyped digit is seen more easily in the usual groups; one that was chosen is not doubtful again.
            Ok(number) if self.mobile_reading.is_empty() => state.set("mobile", number.written()),
            Ok(number) => state.set("mobile", number.international()),
            Err(fault) => state.refuse("mobile", number_fault(self.mobile, fault)),
        }
        if let Err(NumberFault::Doubtful(readings)) = &mobile {
            let choices = readings.iter().map(|(number, territory)| Choice {
                value: number.e164().to_owned(),
                text: number.international(),
                territory: territory.code(),
            });
            state.offer("mobile", choices.collect());
        }
        let birthdate = if self.birthdate.is_empty() {
            Birthdate::of_parts(self.birthdate_day, self.birthdate_month, self.birthdate_year, portal.now())
        } else {
            Birthdate::parse(self.birthdate, portal.now())
        };
        if birthdate.is_none() {
            let typed = [self.birthdate, self.birthdate_day, self.birthdate_month, self.birthdate_year].concat();
            let is_blank = typed.trim().is_empty();
            state.refuse("birthdate_day", if is_blank { "birthdate-missing" } else { "birthdate-invalid" });
        }
        let numen = Numen::parse(self.numen);
        if numen.is_none() {
            state.refuse("numen", if self.numen.trim().is_empty() { "numen-missing" } else { "numen-invalid" });
        }
        if let Some(fault) = code_fault(&code) {
            state.clear("captcha");
            state.refuse("captcha", fault);
        }
        if self.request != "on" {
            state.refuse("request", "request-missing");
        }
        let request = match (mobile, birthdate, numen, code) {
            (Ok(mobile), Some(birthdate), Some(numen), captcha::Outcome::Solved(captcha)) if state.is_sound() => {
                Some(Request { mobile, numen, birthdate, captcha })
            }
            _ => None,
        };
        (state, request)
    }
}

/// The sentence that says what is wrong with the answer to a security code.
pub fn code_fault(code: &captcha::Outcome) -> Option<&'static str> {
    match code {
        captcha::Outcome::Solved(_) => None,
        captcha::Outcome::Missing => Some("captcha-missing"),
        captcha::Outcome::Wrong => Some("captcha-wrong"),
        captcha::Outcome::Spent => Some("captcha-spent"),
    }
}

fn number_fault(typed: &str, fault: &NumberFault) -> &'static str {
    match fault {
        _ if typed.trim().is_empty() => "mobile-missing",
        NumberFault::Unreadable => "mobile-unreadable",
        NumberFault::Incomplete => "mobile-incomplete",
        NumberFault::Unassigned => "mobile-unassigned",
        NumberFault::Doubtful(_) => "mobile-doubtful",
        NumberFault::NotMobile => "mobile-not-mobile",
        NumberFault::Elsewhere => "mobile-elsewhere",
    }
}
