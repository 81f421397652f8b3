//! Birthdates as voters type them and as rolls write them.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use unicode_normalization::UnicodeNormalization;

use super::Instant;
use super::keys::{Keys, Purpose};
use super::paris;

/// A day in the past, from 1900 on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Birthdate(NaiveDate);

impl Birthdate {
    /// Reads `JJ/MM/AAAA` (also with dots, hyphens or spaces, and days and months of one digit) or ISO
    /// `AAAA-MM-JJ`. Two-digit years are ambiguous for a birthdate, hence refused.
    pub fn parse(text: &str, now: Instant) -> Option<Self> {
        let text: String = text.nfkc().take(40).collect();
        let parts: Vec<&str> = text.trim().split(['/', '.', '-', ' ']).filter(|part| !part.is_empty()).collect();
        let [first, second, third] = parts[..] else { return None };
        match (first.len(), third.len()) {
            (4, 1..=2) => Self::of_parts(third, second, first, now),
            (1..=2, 4) => Self::of_parts(first, second, third, now),
            _ => None,
        }
    }

    /// The three fields of a form; or all of it in the first, by who does not see the others.
    pub fn of_parts(day: &str, month: &str, year: &str, now: Instant) -> Option<Self> {
        if month.trim().is_empty() && year.trim().is_empty() && !day.trim().bytes().all(|b| b.is_ascii_digit()) {
            return Self::parse(day, now);
        }
        let year = digits(year, 4).filter(|&year| year >= 1900)?;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, digits(month, 2)?, digits(day, 2)?)?;
        (date < paris::day(now)).then_some(Self(date))
    }

    /// Keyed digest, bound to the NUMEN's: birthdates repeat among voters, their digests must not.
    pub fn digest(self, keys: &Keys, numen_digest: &[u8]) -> Vec<u8> {
        keys.digest(Purpose::Birthdate, &[numen_digest, self.0.to_string().as_bytes()])
    }

    /// Every date that could be read in a run of 6 or 8 digits, to find a birthdate inside a password.
    pub fn hidden_in(digits: &str) -> Vec<Self> {
        let number = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<u32>().ok());
        let orders: &[[(usize, usize); 3]] = match digits.len() {
            8 => &[[(4, 8), (2, 4), (0, 2)], [(0, 4), (4, 6), (6, 8)], [(4, 8), (0, 2), (2, 4)]],
            6 => &[[(4, 6), (2, 4), (0, 2)], [(0, 2), (2, 4), (4, 6)], [(4, 6), (0, 2), (2, 4)]],
            _ => &[],
        };
        let read = |&[year, month, day]: &[(usize, usize); 3]| {
            let (year, month, day) = (number(year.0, year.1)?, number(month.0, month.1)?, number(day.0, day.1)?);
            let centuries = if year < 100 { vec![1900 + year, 2000 + year] } else { vec![year] };
            Some(
                centuries
                    .into_iter()
                    .filter_map(move |year| NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).map(Self)),
            )
        };
        orders.iter().filter_map(read).flatten().collect()
    }

    pub fn year(self) -> i32 {
        self.0.year()
    }
}

impl fmt::Debug for Birthdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Birthdate(…)")
    }
}

fn digits(text: &str, most: usize) -> Option<u32> {
    let text: String = text.nfkc().take(most + 20).collect();
    let text = text.trim();
    ((1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn now() -> Instant {
        chrono::Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap()
    }

    fn date(year: i32, month: u32, day: u32) -> Option<Birthdate> {
        NaiveDate::from_ymd_opt(year, month, day).map(Birthdate)
    }

    #[test]
    fn both_forms_and_their_habits_are_read() {
        for typed in
            ["03/07/1968", "3/7/1968", "1968-07-03", " 03.07.1968 ", "03-07-1968", "03 07 1968", "０３/07/1968"]
        {
            assert_eq!(Birthdate::parse(typed, now()), date(1968, 7, 3), "{typed}");
        }
    }

    #[test]
    fn what_is_no_birthdate_is_refused() {
        for typed in [
            "",
            "31/02/1980",
            "29/02/1981",
            "3/7/68",
            "07/1968",
            "1/2/3/1980",
            "00/01/1980",
            "01/13/1980",
            "01/01/1899",
            "24/11/2026",
            "aa/bb/cccc",
            "01/01/19800",
            "😀",
        ] {
            assert_eq!(Birthdate::parse(typed, now()), None, "{typed}");
        }
    }

    #[test]
    fn a_birthdate_is_found_in_its_usual_runs_of_digits() {
        for run in ["03071968", "19680703", "07031968", "030768", "680703"] {
            assert!(Birthdate::hidden_in(run).contains(&date(1968, 7, 3).unwrap()), "{run}");
        }
        assert!(Birthdate::hidden_in("99999999").is_empty());
        assert!(Birthdate::hidden_in("0307").is_empty());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,40}") {
            let _ = Birthdate::parse(&text, now());
        }

        #[test]
        fn every_day_reads_back(days in 0i64..40_000) {
            let day = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Duration::days(days);
            prop_assert_eq!(Birthdate::parse(&day.format("%d/%m/%Y").to_string(), now()), Some(Birthdate(day)));
            prop_assert_eq!(Birthdate::parse(&day.format("%Y-%m-%d").to_string(), now()), Some(Birthdate(day)));
        }
    }
}
