//! Mobile numbers of metropolitan France and overseas, in the one form in which they are compared.

use std::fmt;
use std::str::FromStr;

use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, PhoneNumber};

use super::Territory;
use super::keys::{Keys, Purpose};

mod reading;

use reading::{Reading, readings};

/// Why a typed number can't receive the SMS; each gets its own sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberFault {
    /// Nothing that reads as a telephone number.
    Unreadable,
    /// Too few digits, or too many.
    Incomplete,
    /// As long as a number is, but of no plan.
    Unassigned,
    /// A sound number of a line that receives no SMS.
    NotMobile,
    /// A mobile number of a place that this election doesn't serve.
    Elsewhere,
    /// It is not plain which of these was meant: at least one, each with its territory. A secret sent to the wrong one
    /// reaches a stranger.
    Doubtful(Vec<(MobileNumber, Territory)>),
}

/// A mobile number in E.164, so that spaces, dots, +33 and 0033 are one number.
#[derive(Clone, PartialEq, Eq)]
pub struct MobileNumber(String);

impl MobileNumber {
    /// Reads a number as it is typed by somebody who lives at `home`: as numbers are written there, else as the one number
    /// that the other territories' plans allow.
    pub fn parse(text: &str, allowed: &[Territory], home: Territory) -> Result<Self, NumberFault> {
        let Some(typed) = reading::tidy(text) else { return Err(NumberFault::Unreadable) };
        let all = readings(&typed, home);
        let at_home: Vec<Reading> = all.iter().filter(|one| one.territory == home && one.is_proper).cloned().collect();
        // A fixed line at home is no mobile elsewhere.
        let meant = if at_home.is_empty() { all } else { at_home };
        let mut mobiles: Vec<&Reading> = meant.iter().filter(|one| one.is_mobile).collect();
        mobiles.dedup_by(|one, other| one.e164 == other.e164);
        let served: Vec<&Reading> = mobiles.iter().filter(|one| allowed.contains(&one.territory)).copied().collect();
        match (served[..].first(), mobiles.len(), meant.len()) {
            (Some(only), 1, 1) if only.is_proper || only.territory == home => Ok(Self::of(only)),
            (Some(_), ..) => {
                Err(NumberFault::Doubtful(served.iter().map(|one| (Self::of(one), one.territory)).collect()))
            }
            (None, 0, 0) => Err(nothing(&typed)),
            (None, 0, _) => Err(NumberFault::NotMobile),
            (None, ..) => Err(NumberFault::Elsewhere),
        }
    }

    /// The one of the doubtful readings that was chosen.
    pub fn chosen(fault: &NumberFault, e164: &str) -> Option<Self> {
        let NumberFault::Doubtful(readings) = fault else { return None };
        readings.iter().map(|(number, _)| number).find(|number| number.0 == e164).cloned()
    }

    fn of(reading: &Reading) -> Self {
        Self(reading.e164.clone())
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

    /// As it is dialled from anywhere: `+687 75 12 34`.
    pub fn international(&self) -> String {
        let number = PhoneNumber::from_str(&self.0);
        number.map_or_else(
            |_| self.0.clone(),
            |number| number.format().mode(Mode::International).to_string().replace(['-', '.'], " "),
        )
    }

    /// What may be shown: the country's code and the last two digits, so that a number overseas is told from one of the
    /// mainland.
    pub fn masked(&self) -> String {
        let code = PhoneNumber::from_str(&self.0).map_or(0, |number| number.code().value());
        format!("+{code}\u{a0}••\u{a0}••\u{a0}••\u{a0}{}", &self.0[self.0.len().saturating_sub(2)..])
    }
}

/// Why a text of digits that no plan knows is none of its numbers.
fn nothing(typed: &str) -> NumberFault {
    let digits = typed.trim_start_matches('+').len();
    let whole = if typed.starts_with('0') { 10..=10 } else { 11..=12 };
    if reading::is_foreign(typed) {
        NumberFault::Elsewhere
    } else if whole.contains(&digits) {
        NumberFault::Unassigned
    } else {
        NumberFault::Incomplete
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Territory::{
        Guadeloupe, Guyane, Martinique, Mayotte, Metropole, NouvelleCaledonie, Polynesie, Reunion,
        SaintPierreEtMiquelon, WallisEtFutuna,
    };

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
            "612345678",
            "33612345678",
            "tel:+33612345678",
            "Tél. : 06 12 34 56 78",
            "Mobile : 06–12–34–56–78",
            "06\u{a0}12\u{202f}34\u{2009}56 78",
            "06−12−34−56−78",
            "\u{202a}+33 6 12 34 56 78\u{202c}",
            "\u{200e}06 12 34 56 78",
            "٠٦١٢٣٤٥٦٧٨",
        ] {
            assert_eq!(
                MobileNumber::parse(typed, &Territory::ALL, Metropole).unwrap().e164(),
                "+33612345678",
                "{typed}"
            );
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
            assert_eq!(
                MobileNumber::parse(typed, &Territory::ALL, Metropole).map(|n| n.0).as_deref(),
                Ok(e164),
                "{typed}"
            );
        }
    }

    #[test]
    fn the_example_of_each_plan_is_a_mobile_number() {
        for territory in Territory::ALL {
            let plan = DATABASE.by_id(territory.code()).unwrap();
            let example =
                format!("+{}{}", plan.country_code(), plan.descriptors().mobile().unwrap().example().unwrap());
            assert_eq!(MobileNumber::parse(&example, &[territory], Metropole).unwrap().e164(), example);
        }
        assert!(MobileNumber::parse("0708401234", &[SaintPierreEtMiquelon], Metropole).is_ok());
    }

    #[test]
    fn each_fault_is_told_apart() {
        let all = &Territory::ALL;
        for (typed, allowed, fault) in [
            ("", &all[..], NumberFault::Unreadable),
            ("061234567", all, NumberFault::Incomplete),
            ("06123456789", all, NumberFault::Incomplete),
            ("bonjour", all, NumberFault::Unreadable),
            ("06😀12345678", all, NumberFault::Unreadable),
            ("<b>0612345678</b>", all, NumberFault::Unreadable),
            ("0123456789", all, NumberFault::NotMobile),
            ("+44 7911 123456", all, NumberFault::Elsewhere),
            ("0690001234", &[Territory::Metropole], NumberFault::Elsewhere),
            // Attributed to nobody; the first six digits would be a number of Saint-Pierre-et-Miquelon.
            ("0639981234", all, NumberFault::Unassigned),
            ("0639123456", all, NumberFault::Unassigned),
            ("0712345678", all, NumberFault::Unassigned),
            ("+508639981234", all, NumberFault::Unassigned),
        ] {
            assert_eq!(MobileNumber::parse(typed, allowed, Metropole).unwrap_err(), fault, "{typed}");
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
            let number = MobileNumber::parse(typed, &Territory::ALL, Metropole).unwrap();
            assert_eq!(number.written(), written, "{typed}");
            assert_eq!(MobileNumber::parse(written, &Territory::ALL, Metropole).as_ref(), Ok(&number));
        }
    }

    #[test]
    fn a_mask_tells_two_digits() {
        let number = MobileNumber::parse("0612345678", &Territory::ALL, Metropole).unwrap();
        assert_eq!(number.masked().replace('\u{a0}', " "), "+33 •• •• •• 78");
        assert!(!format!("{number:?}").contains('6'));
    }

    /// For each territory a mobile of its own, as it is written there.
    const MOBILES: [(Territory, &str, &str); 10] = [
        (Metropole, "0612345678", "+33612345678"),
        (Guadeloupe, "0690001234", "+590690001234"),
        (Martinique, "0696123456", "+596696123456"),
        (Guyane, "0694201234", "+594694201234"),
        (Reunion, "0692123456", "+262692123456"),
        (Mayotte, "0639012345", "+262639012345"),
        (SaintPierreEtMiquelon, "551234", "+508551234"),
        (NouvelleCaledonie, "751234", "+687751234"),
        (Polynesie, "87123456", "+68987123456"),
        (WallisEtFutuna, "821234", "+681821234"),
    ];

    fn read(typed: &str, home: Territory) -> Result<String, NumberFault> {
        MobileNumber::parse(typed, &Territory::ALL, home).map(|number| number.0)
    }

    #[test]
    fn at_home_every_way_of_writing_a_number_is_read() {
        for (home, local, e164) in MOBILES {
            let code = &e164[1..];
            for typed in [local, e164, code, &format!("00{code}")] {
                assert_eq!(read(typed, home).as_deref(), Ok(e164), "{typed} at {home:?}");
            }
        }
    }

    #[test]
    fn an_international_number_is_what_it_says_and_a_leading_zero_is_shared() {
        for (of, local, e164) in MOBILES {
            for home in Territory::ALL {
                assert_eq!(read(e164, home).as_deref(), Ok(e164), "{e164} at {home:?}");
                assert_eq!(read(&format!("00{}", &e164[1..]), home).as_deref(), Ok(e164));
                if of.shares_zero() && local.starts_with('0') {
                    assert_eq!(read(local, home).as_deref(), Ok(e164), "{local} at {home:?}");
                }
            }
        }
    }

    #[test]
    fn what_two_plans_could_claim_is_asked() {
        let doubtful = |typed: &str, home: Territory| match read(typed, home) {
            Err(NumberFault::Doubtful(readings)) => {
                readings.into_iter().map(|(number, _)| number.0).collect::<Vec<_>>()
            }
            other => panic!("{typed} at {home:?}: {other:?}"),
        };
        assert_eq!(read("687 75 12 34", NouvelleCaledonie).as_deref(), Ok("+687751234"));
        assert_eq!(read("75 12 34", NouvelleCaledonie).as_deref(), Ok("+687751234"));
        assert_eq!(doubtful("687 75 12 34", Metropole), ["+33687751234", "+687751234"]);
        assert_eq!(doubtful("687 75 12 34", Guadeloupe), ["+33687751234", "+687751234"]);
        assert_eq!(read("0687 75 12 34", NouvelleCaledonie).as_deref(), Ok("+33687751234"));
        // Written as at home, but not at home there: it is asked, even if no other plan claims it.
        assert!(doubtful("75 12 34", Metropole).contains(&"+687751234".to_owned()));
        assert!(doubtful("551234", Reunion).contains(&"+508551234".to_owned()));
        assert_eq!(doubtful("689 87 12 34 56", Metropole), ["+68987123456"]);
        // A fixed line at home is no mobile elsewhere.
        assert_eq!(read("26 12 34", NouvelleCaledonie), Err(NumberFault::NotMobile));
        assert_eq!(read("0590 12 34 56", Guadeloupe), Err(NumberFault::NotMobile));
        assert_eq!(read("0262 12 34 56", Metropole), Err(NumberFault::NotMobile));
        let fault = read("687 75 12 34", Metropole).unwrap_err();
        assert_eq!(MobileNumber::chosen(&fault, "+687751234").map(|number| number.0).as_deref(), Some("+687751234"));
        assert_eq!(MobileNumber::chosen(&fault, "+33612345678"), None);
    }

    proptest! {
        #[test]
        fn spaces_and_prefixes_never_change_a_number(digits in "61[0-9]{7}", every in 1usize..4) {
            let spaced: Vec<String> = digits.as_bytes().chunks(every).map(|c| String::from_utf8_lossy(c).into()).collect();
            let read = |text: String| MobileNumber::parse(&text, &Territory::ALL, Metropole);
            prop_assert_eq!(read(format!("0{digits}")), read(format!("+33 {}", spaced.join(" "))));
            prop_assert_eq!(read(format!("0{digits}")), read(format!("0033.{}", spaced.join("."))));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC{0,40}|[+0-9 ().]{0,20}") {
            let _ = MobileNumber::parse(&text, &Territory::ALL, Metropole);
        }
    }
}
