//! What a typed number may mean: by the plan of the voter's own territory first, then by all the others'.

use std::str::FromStr;

use phonenumber::metadata::{DATABASE, Descriptor};
use phonenumber::{Mode, PhoneNumber, Type, country};
use unicode_normalization::UnicodeNormalization;

use crate::values::Territory;

/// One number that was perhaps meant.
#[derive(Clone, Debug)]
pub struct Reading {
    pub e164: String,
    pub territory: Territory,
    pub is_mobile: bool,
    /// As numbers are written there: with the leading 0, or, by who lives there, without 0 or code. Anything else was mended.
    pub is_proper: bool,
}

/// What people put before a number.
const LABELS: [&str; 9] = ["telephone", "téléphone", "mobile", "portable", "numero", "numéro", "phone", "tél", "tel"];

/// Digits and a leading +, or nothing when something else is there. `+33 (0)6` is a French habit.
pub fn tidy(text: &str) -> Option<String> {
    let text: String = text.nfkc().take(60).flat_map(char::to_lowercase).collect();
    let bare = text.replace(is_unseen, "");
    let bare = bare.trim();
    let number = LABELS.iter().find_map(|label| bare.strip_prefix(label)).unwrap_or(bare);
    let number = number.trim_start_matches(['.', ':', ' ', '\u{a0}']).replace("(0)", "");
    let mut digits = String::new();
    for c in number.chars() {
        match (digit(c), c) {
            (Some(digit), _) => digits.push(digit),
            (None, '+') if digits.is_empty() => digits.push(c),
            (None, '.' | '/' | '(' | ')' | '-' | '‐' | '‑' | '‒' | '–' | '—' | '−') => {}
            (None, c) if c.is_whitespace() => {}
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
    (1..=17).contains(&digits.len()).then_some(digits)
}

/// Marks of direction and joining, which come along when a number is copied.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A digit of any script that writes numbers from left to right in tens.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 10] = [0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xe50, 0xed0, 0x1040, 0x17e0];
    let value = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

/// Every number that what was typed may mean, in the order of the territories.
pub fn readings(typed: &str, home: Territory) -> Vec<Reading> {
    let mut found: Vec<Reading> = Vec::new();
    for territory in Territory::ALL {
        for (text, is_proper) in spellings(typed, territory, home) {
            let Some((number, is_mobile)) = read(&text, territory) else { continue };
            let e164 = number.format().mode(Mode::E164).to_string();
            match found.iter_mut().find(|reading| reading.e164 == e164 && reading.territory == territory) {
                // The same number, read with and without its code.
                Some(same) => same.is_proper |= is_proper,
                None => found.push(Reading { e164, territory, is_mobile, is_proper }),
            }
        }
    }
    found
}

/// What was typed as a plan may take it, each with whether it is written so there.
fn spellings(typed: &str, territory: Territory, home: Territory) -> Vec<(String, bool)> {
    if typed.starts_with('+') {
        return vec![(typed.to_owned(), true)];
    }
    let is_home = territory == home;
    if typed.starts_with('0') {
        return if territory.shares_zero() { vec![(typed.to_owned(), true)] } else { Vec::new() };
    }
    let is_local =
        is_home && (!territory.shares_zero() || territory == Territory::SaintPierreEtMiquelon && typed.len() == 6);
    vec![(typed.to_owned(), is_local), (format!("+{typed}"), is_home)]
}

/// A sound number of a territory, and whether it is a mobile's.
fn read(typed: &str, territory: Territory) -> Option<(PhoneNumber, bool)> {
    let plan = country::Id::from_str(territory.code()).ok()?;
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

/// A sound number of a country that no election serves.
pub fn is_foreign(typed: &str) -> bool {
    let Some(number) = typed.starts_with('+').then(|| phonenumber::parse(None, typed).ok()).flatten() else {
        return false;
    };
    let ours = |territory: Territory| {
        let plan = DATABASE.by_id(territory.code());
        plan.is_some_and(|plan| plan.country_code() == number.country().code())
    };
    number.is_valid() && !Territory::ALL.into_iter().any(ours)
}
