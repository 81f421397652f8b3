//! Mobile numbers of metropolitan France and overseas, in the one form in which they are compared.

use std::fmt;
use std::str::FromStr;

use phonenumber::metadata::{DATABASE, Descriptor};
use phonenumber::{Mode, PhoneNumber, Type, country};
use unicode_normalization::UnicodeNormalization;

use super::Territory;
use super::keys::{Keys, Purpose};

/// Why a typed number can't receive the SMS; each gets its own sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberFault {
    /// Nothing that reads as a telephone number of the territories.
    Unreadable,
    /// A sound number of a line that receives no SMS.
    NotMobile,
    /// A mobile number of a place that this election doesn't serve.
    Elsewhere,
}

/// A mobile number in E.164, so that spaces, dots, +33 and 0033 are one number.
#[derive(Clone, PartialEq, Eq)]
pub struct MobileNumber(String);

impl MobileNumber {
    /// Reads a number as it is typed, trying the territories that share the leading 0 in turn.
    pub fn parse(text: &str, allowed: &[Territory]) -> Result<Self, NumberFault> {
        let Some(typed) = tidy(text) else { return Err(NumberFault::Unreadable) };
        let mut fault = NumberFault::Unreadable;
        for territory in Territory::ALL {
            let plan = territory.code();
            if !territory.shares_zero() && !typed.starts_with('+') {
                continue;
            }
            let Some((number, is_mobile)) = read(&typed, plan) else { continue };
            if is_mobile && allowed.contains(&territory) {
                return Ok(Self(number.format().mode(Mode::E164).to_string()));
            }
            if is_mobile {
                fault = NumberFault::Elsewhere;
            } else if fault == NumberFault::Unreadable {
                fault = NumberFault::NotMobile;
            }
        }
        if fault == NumberFault::Unreadable && is_foreign(&typed) {
            fault = NumberFault::Elsewhere;
        }
        Err(fault)
    }

    pub fn e164(&self) -> &str {
        &self.0
    }

    /// One number has another digest in another election, so that elections can't be matched.
    pub fn digest(&self, keys: &Keys, election: i64) -> Vec<u8> {
        keys.digest(Purpose::Phone, &[&election.to_le_bytes(), self.0.as_bytes()])
    }

    /// As people write it at home: `06 12 34 56 78`, or `+687 75 12 34` where no 0 leads.
    pub fn written(&self) -> String {
        let Ok(number) = PhoneNumber::from_str(&self.0) else { return self.0.clone() };
        let leads_with_zero = |territory: &Territory| {
            let plan = DATABASE.by_id(territory.code());
            territory.shares_zero() && plan.is_some_and(|plan| plan.country_code() == number.code().value())
        };
        let mode = if Territory::ALL.iter().any(leads_with_zero) { Mode::National } else { Mode::International };
        number.format().mode(mode).to_string().replace(['-', '.'], " ")
    }

    /// What may be shown: the last two digits.
    pub fn masked(&self) -> String {
        format!("••\u{a0}••\u{a0}••\u{a0}••\u{a0}{}", &self.0[self.0.len().saturating_sub(2)..])
    }
}

/// Reads the numbering plans ahead, so that the first voter does not wait for it.
pub fn read_plans() {
    let _ = DATABASE.by_id("FR");
}

impl fmt::Debug for MobileNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MobileNumber(…)")
    }
}

/// Digits and a leading +, or nothing when something else is there. `+33 (0)6` is a French habit.
fn tidy(text: &str) -> Option<String> {
    let text: String = text.nfkc().take(60).collect();
    let text = text.trim().replace("(0)", "");
    let mut digits = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() => digits.push(c),
            ' ' | '.' | '-' | '/' | '(' | ')' | '‐' | '‑' | '\u{200b}' | '\u{202a}' | '\u{202c}' => {}
            _ => return None,
        }
    }
    let digits = match digits.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => digits,
    };
    // +33 06…: the 0 stays by habit.
    let digits = match digits.strip_prefix("+330") {
        Some(rest) => format!("+33{rest}"),
        None => digits,
    };
    (7..=17).contains(&digits.len()).then_some(digits)
}

/// A sound number of a plan, and whether it is a mobile's.
fn read(typed: &str, plan: &str) -> Option<(PhoneNumber, bool)> {
    let plan = country::Id::from_str(plan).ok()?;
    let number = phonenumber::parse(Some(plan), typed).ok()?;
    let descriptors = DATABASE.by_id(plan.as_ref())?.descriptors();
    if number.country().id() != Some(plan) || !number.is_valid() || !is_whole(descriptors.general(), &number) {
        return None;
    }
    let is_mobile = matches!(number.number_type(&DATABASE), Type::Mobile | Type::FixedLineOrMobile);
    if is_mobile && !is_whole(descriptors.mobile()?, &number) {
        return None;
    }
    Some((number, is_mobile))
}

/// The library is content when a pattern matches the beginning of a number. Saint-Pierre-et-Miquelon has numbers of
/// six digits and of nine: without this, most numbers that no other plan knows would be sent there.
fn is_whole(pattern: &Descriptor, number: &PhoneNumber) -> bool {
    let national = number.national().to_string();
    pattern.national_number().find(&national).is_some_and(|found| found.range() == (0..national.len()))
}

fn is_foreign(typed: &str) -> bool {
    let Some(number) = typed.starts_with('+').then(|| phonenumber::parse(None, typed).ok()).flatten() else {
        return false;
    };
    let ours = |territory: Territory| {
        let plan = DATABASE.by_id(territory.code());
        plan.is_some_and(|plan| plan.country_code() == number.country().code())
    };
    number.is_valid() && !Territory::ALL.into_iter().any(ours)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_number_however_it_is_typed() {
        for typed in [
            "0612345678",
            "06 12 34 56 78",
            "06.12.34.56.78",
            "06-12-34-56-78",
            "+33612345678",
            "+33 6 12 34 56 78",
            "0033612345678",
            "+33 (0)6 12 34 56 78",
            "+33 06 12 34 56 78",
            "０６12345678",
            " 06/12/34/56/78 ",
        ] {
            assert_eq!(MobileNumber::parse(typed, &Territory::ALL).unwrap().e164(), "+33612345678", "{typed}");
        }
    }

    #[test]
    fn overseas_numbers_are_found_behind_their_leading_zero() {
        for (typed, e164) in [
            ("0690001234", "+590690001234"),
            ("0696123456", "+596696123456"),
            ("0694201234", "+594694201234"),
            ("0692123456", "+262692123456"),
            ("0639012345", "+262639012345"),
            ("+508551234", "+508551234"),
            ("+687751234", "+687751234"),
            ("+68987123456", "+68987123456"),
        ] {
            assert_eq!(MobileNumber::parse(typed, &Territory::ALL).map(|n| n.0).as_deref(), Ok(e164), "{typed}");
        }
    }

    #[test]
    fn the_example_of_each_plan_is_a_mobile_number() {
        for territory in Territory::ALL {
            let plan = DATABASE.by_id(territory.code()).unwrap();
            let example =
                format!("+{}{}", plan.country_code(), plan.descriptors().mobile().unwrap().example().unwrap());
            assert_eq!(MobileNumber::parse(&example, &[territory]).unwrap().e164(), example);
        }
        assert!(MobileNumber::parse("0708401234", &[Territory::SaintPierreEtMiquelon]).is_ok());
    }

    #[test]
    fn each_fault_is_told_apart() {
        let all = &Territory::ALL;
        for (typed, allowed, fault) in [
            ("", &all[..], NumberFault::Unreadable),
            ("061234567", all, NumberFault::Unreadable),
            ("06123456789", all, NumberFault::Unreadable),
            ("bonjour", all, NumberFault::Unreadable),
            ("06😀12345678", all, NumberFault::Unreadable),
            ("<b>0612345678</b>", all, NumberFault::Unreadable),
            ("0123456789", all, NumberFault::NotMobile),
            ("+44 7911 123456", all, NumberFault::Elsewhere),
            ("0690001234", &[Territory::Metropole], NumberFault::Elsewhere),
            ("751234", all, NumberFault::Unreadable),
            // Attributed to nobody; the first six digits would be a number of Saint-Pierre-et-Miquelon.
            ("0639981234", all, NumberFault::Unreadable),
            ("0712345678", all, NumberFault::Unreadable),
            ("+508639981234", all, NumberFault::Unreadable),
        ] {
            assert_eq!(MobileNumber::parse(typed, allowed).unwrap_err(), fault, "{typed}");
        }
    }

    #[test]
    fn a_number_is_shown_back_as_people_write_it() {
        for (typed, written) in [
            ("+33612345678", "06 12 34 56 78"),
            ("06.12.34.56.78", "06 12 34 56 78"),
            ("0690001234", "0690 00 12 34"),
            ("00596 696 12 34 56", "0696 12 34 56"),
            ("0639012345", "0639 01 23 45"),
            ("+508551234", "055 12 34"),
            ("+687751234", "+687 75 12 34"),
            ("+68987123456", "+689 87 12 34 56"),
        ] {
            let number = MobileNumber::parse(typed, &Territory::ALL).unwrap();
            assert_eq!(number.written(), written, "{typed}");
            assert_eq!(MobileNumber::parse(written, &Territory::ALL).as_ref(), Ok(&number));
        }
    }

    #[test]
    fn a_mask_tells_two_digits() {
        let number = MobileNumber::parse("0612345678", &Territory::ALL).unwrap();
        assert_eq!(number.masked().replace('\u{a0}', " "), "•• •• •• •• 78");
        assert!(!format!("{number:?}").contains('6'));
    }

    proptest! {
        #[test]
        fn spaces_and_prefixes_never_change_a_number(digits in "61[0-9]{7}", every in 1usize..4) {
            let spaced: Vec<String> = digits.as_bytes().chunks(every).map(|c| String::from_utf8_lossy(c).into()).collect();
            let read = |text: String| MobileNumber::parse(&text, &Territory::ALL);
            prop_assert_eq!(read(format!("0{digits}")), read(format!("+33 {}", spaced.join(" "))));
            prop_assert_eq!(read(format!("0{digits}")), read(format!("0033.{}", spaced.join("."))));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC{0,40}|[+0-9 ().]{0,20}") {
            let _ = MobileNumber::parse(&text, &Territory::ALL);
        }
    }
}
