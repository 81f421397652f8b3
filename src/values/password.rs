//! The password policy: what a new password must have, and what it must not be.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{Birthdate, Keys, Numen};

/// A policy of one population, from the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordPolicy {
    /// Fewest and most characters, both included.
    pub min_length: usize,
    pub max_length: usize,
    /// Kinds of characters of which at least one must be there.
    pub required: Vec<CharacterClass>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CharacterClass {
    Lower,
    Upper,
    Digit,
    Symbol,
}

impl CharacterClass {
    fn has(self, c: char) -> bool {
        match self {
            Self::Lower => c.is_lowercase(),
            Self::Upper => c.is_uppercase(),
            Self::Digit => c.is_ascii_digit(),
            Self::Symbol => !c.is_alphanumeric(),
        }
    }
}

/// One thing that a password must satisfy; listed before typing, named when unmet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    Length,
    Class(CharacterClass),
    /// Only printable characters.
    Printable,
    /// Not among the passwords that everybody tries first.
    Uncommon,
    /// Without the address's local part, names, birthdate or NUMEN of the person.
    Impersonal,
}

/// What the portal knows of the person whose password it is; secrets only as digests.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// The address's local part, last name, first names.
    pub names: Vec<String>,
    /// NUMEN and birthdate digests of each of the person's entries on a roll.
    pub secrets: Vec<(Vec<u8>, Vec<u8>)>,
}

/// The form in which a password is compared and hashed: the same typed on any keyboard (NIST SP
/// 800-63B asks for a Unicode normalisation).
pub fn normalised(typed: &str) -> String {
    typed.nfc().collect()
}

impl PasswordPolicy {
    /// Every criterion of the policy, in the order of the screen.
    pub fn criteria(&self) -> Vec<Criterion> {
        let mut criteria = vec![Criterion::Length];
        criteria.extend(self.required.iter().map(|&class| Criterion::Class(class)));
        criteria.extend([Criterion::Printable, Criterion::Uncommon, Criterion::Impersonal]);
        criteria
    }

    /// The criteria that a typed password does not meet.
    pub fn unmet(&self, typed: &str, person: &Person, keys: &Keys) -> Vec<Criterion> {
        let password = normalised(typed);
        // The costly looks are only for passwords of a sound length.
        let sound = (self.min_length..=self.max_length).contains(&password.chars().count());
        let met = |criterion: &Criterion| match criterion {
            Criterion::Length => sound,
            Criterion::Class(class) => password.chars().any(|c| class.has(c)),
            Criterion::Printable => !password.chars().any(is_invisible),
            Criterion::Uncommon => !sound || !is_common(&password),
            Criterion::Impersonal => !sound || !names_person(&password, person, keys),
        };
        self.criteria().into_iter().filter(|criterion| !met(criterion)).collect()
    }
}

/// Under 10^6 guesses an attacker who tries the usual passwords first is soon there.
fn is_common(password: &str) -> bool {
    const FEW: u64 = 1_000_000;
    let french: Vec<&str> = include_str!("common_words_fr.txt").lines().collect();
    zxcvbn::zxcvbn(password, &french).guesses() < FEW
}

/// Control characters, and those that only change how others are shown. Joiners stay: emoji are made with them.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn names_person(password: &str, person: &Person, keys: &Keys) -> bool {
    let folded = fold(password);
    let by_name = person
        .names
        .iter()
        .flat_map(|name| {
            let name = fold(name);
            // The whole as well: jm.b is made of words that say nothing.
            let whole = name.clone();
            name.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).chain([whole]).collect::<Vec<_>>()
        })
        // Two letters occur in any password by chance.
        .any(|word| word.chars().count() >= 3 && folded.contains(&word));
    by_name || person.secrets.iter().any(|secret| hides(password, secret, keys))
}

/// Whether a NUMEN or birthdate of which only the digest is known stands in the password.
fn hides(password: &str, (numen_digest, birthdate_digest): &(Vec<u8>, Vec<u8>), keys: &Keys) -> bool {
    let bare: Vec<char> = password.chars().filter(|c| c.is_alphanumeric()).collect();
    let numen = bare
        .windows(Numen::LENGTH)
        .filter_map(|window| Numen::parse(&window.iter().collect::<String>()))
        .any(|numen| numen.digest(keys) == *numen_digest);
    let digits: Vec<char> = password.chars().filter(char::is_ascii_digit).collect();
    let runs = [8, 6].iter().flat_map(|&size| digits.windows(size)).map(|window| window.iter().collect::<String>());
    // 3/7/1968: as the forms of the portal themselves suggest it.
    let groups: Vec<&str> = password.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let parted = groups.windows(3).filter_map(|parts| {
        let [first, second, third] = parts else { return None };
        Some(format!("{first:0>2}{second:0>2}{third:0>2}"))
    });
    let birthdate = runs
        .chain(parted)
        .flat_map(|digits| Birthdate::hidden_in(&digits))
        .any(|date| date.digest(keys, numen_digest) == *birthdate_digest);
    numen || birthdate
}

/// Lower case without accents.
fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::CharacterClass::{Digit, Lower, Symbol, Upper};
    use super::*;

    fn electors() -> PasswordPolicy {
        PasswordPolicy { min_length: 8, max_length: 24, required: vec![Lower, Upper, Digit] }
    }

    fn keys() -> Keys {
        Keys::new(&[3; 32])
    }

    fn camille() -> Person {
        let numen = Numen::parse("12E3456789ABC").unwrap().digest(&keys());
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        let birthdate = Birthdate::parse("03/07/1968", now).unwrap().digest(&keys(), &numen);
        Person {
            names: ["camille.martin", "Lefèvre", "Camille Zoé", "jm.b"].map(str::to_owned).into(),
            secrets: vec![(numen, birthdate)],
        }
    }

    #[test]
    fn each_criterion_is_named_when_unmet() {
        use Criterion::{Class, Impersonal, Length, Printable, Uncommon};
        for (password, unmet) in [
            ("Velours7Cobalt", vec![]),
            ("vélours Cobalt 7", vec![]),
            ("Ünt7rwegs-Öl 😀", vec![]),
            ("Vel7obt", vec![Length]),
            ("Velours7CobaltVelours7Cob", vec![Length]),
            ("velours7cobalt", vec![Class(Upper)]),
            ("VELOURS7COBALT", vec![Class(Lower)]),
            ("VeloursCobalt", vec![Class(Digit)]),
            ("Velours7\u{7}Cobalt", vec![Printable]),
            ("", vec![Length, Class(Lower), Class(Upper), Class(Digit)]),
            ("Password1", vec![Uncommon]),
            ("Azerty123", vec![Uncommon]),
            ("Soleil2024", vec![Uncommon]),
            ("Motdepasse1", vec![Uncommon]),
            ("xY7-Martin-q", vec![Impersonal]),
            ("xY7-LEFEVRE-q", vec![Impersonal]),
            ("xY7-zoe-qRt", vec![Impersonal]),
            ("xYq-03071968-t", vec![Impersonal]),
            ("xYq-1968/07/03-t", vec![Impersonal]),
            ("xYqkz-03.07.68-t", vec![Impersonal]),
            ("xYqkz-3/7/1968-t", vec![Impersonal]),
            ("xYqkz-3.7.68-tz", vec![Impersonal]),
            ("xYq jm.b 7k", vec![Impersonal]),
            ("Velours7\u{202e}Cobalt", vec![Printable]),
            ("Velours7\u{200b}Cobalt", vec![Printable]),
            ("Identifiant1", vec![Uncommon]),
            ("Guichet2026", vec![Uncommon]),
            ("Rentree2026", vec![Uncommon]),
            ("Vote2026!", vec![Uncommon]),
            ("q12e3456789ABCq", vec![Impersonal]),
            ("12E 3456789 ABC q", vec![Impersonal]),
        ] {
            assert_eq!(electors().unmet(password, &camille(), &keys()), unmet, "{password}");
        }
    }

    #[test]
    fn the_examples_of_cnil_2022_100_can_be_expressed() {
        let twelve = PasswordPolicy { min_length: 12, max_length: 64, required: vec![Lower, Upper, Digit, Symbol] };
        let fourteen = PasswordPolicy { min_length: 14, max_length: 64, required: vec![Lower, Upper, Digit] };
        let nobody = Person::default();
        assert_eq!(twelve.unmet("Velours7Cobalt", &nobody, &keys()), [Criterion::Class(Symbol)]);
        assert_eq!(twelve.unmet("Velours7-Cobalt", &nobody, &keys()), []);
        assert_eq!(fourteen.unmet("Velours7-Coba", &nobody, &keys()), [Criterion::Length]);
        assert_eq!(fourteen.unmet("Velours7Cobalt", &nobody, &keys()), []);
    }

    #[test]
    fn lengths_are_counted_in_characters_as_a_person_counts_them() {
        assert_eq!(normalised("e\u{301}"), "é");
        let composed = electors().unmet("Ve\u{301}lo7Qk", &Person::default(), &keys());
        assert_eq!(composed, [Criterion::Length]);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_long_texts_cost_nothing(password in "\\PC{0,200}") {
            let _ = electors().unmet(&password, &camille(), &keys());
        }
    }
}
