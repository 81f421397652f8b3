//! The password policy: what a new password must have, and what it must not be.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{Birthdate, Numen};

mod strength;

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
    /// Without the address's local part or the names of the person, and without anything that reads as a date of birth or a
    /// NUMEN, whoever's it is: to compare with the person's own would tell what they are.
    Impersonal,
}

/// What a password must not contain: the address's local part, last name, first names. No secret is among them.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub names: Vec<String>,
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
    pub fn unmet(&self, typed: &str, person: &Person) -> Vec<Criterion> {
        let password = normalised(typed);
        // The costly looks are only for passwords of a sound length.
        let sound = (self.min_length..=self.max_length).contains(&password.chars().count());
        let met = |criterion: &Criterion| match criterion {
            Criterion::Length => sound,
            Criterion::Class(class) => password.chars().any(|c| class.has(c)),
            Criterion::Printable => !password.chars().any(is_invisible),
            Criterion::Uncommon => !sound || !strength::is_weak(&password, &fold(&password)),
            Criterion::Impersonal => {
                !sound || !(names_person(&password, person) || reads_as_numen(&password) || reads_as_date(&password))
            }
        };
        self.criteria().into_iter().filter(|criterion| !met(criterion)).collect()
    }
}

/// Control characters, and those that only change how others are shown. Joiners stay: emoji are made with them.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn names_person(password: &str, person: &Person) -> bool {
    let folded = fold(password);
    person
        .names
        .iter()
        .flat_map(|name| {
            let name = fold(name);
            // The whole as well: jm.b is made of words that say nothing.
            let whole = name.clone();
            name.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).chain([whole]).collect::<Vec<_>>()
        })
        // Two letters occur in any password by chance.
        .any(|word| word.chars().count() >= 3 && folded.contains(&word))
}

/// Whether a NUMEN, anybody's, stands in the password.
fn reads_as_numen(password: &str) -> bool {
    let bare: Vec<char> = password.chars().filter(|c| c.is_alphanumeric()).collect();
    bare.windows(Numen::LENGTH).any(|window| Numen::parse(&window.iter().collect::<String>()).is_some())
}

/// Whether a date, anybody's, stands in the password: in a run of digits, in three groups of them, or with its month's name.
fn reads_as_date(password: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "janvier",
        "fevrier",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "aout",
        "septembre",
        "octobre",
        "novembre",
        "decembre",
    ];
    let mut text: String = fold(password).nfkc().collect();
    for (month, name) in (1..).zip(MONTHS) {
        text = text.replace(name, &format!("/{month}/"));
    }
    let groups: Vec<(usize, &str)> = digit_groups(&text);
    // Six digits are a date by chance too often to look for one within longer runs.
    let is_in_run =
        |run: &str| run.len() == 6 && is_date(run) || (8..=run.len()).any(|end| is_date(&run[end - 8..end]));
    // 3/7/1968, as the forms of the portal themselves suggest it; 3 juillet 68.
    let is_in_groups = |three: &[(usize, &str)]| {
        let apart = three.windows(2).all(|pair| {
            let between = &text[pair[0].0 + pair[0].1.len()..pair[1].0];
            between.len() <= 3 && !between.contains(char::is_alphabetic)
        });
        let parts: Vec<String> = three.iter().map(|(_, digits)| format!("{digits:0>2}")).collect();
        // 1-2-3 counts, and dates nothing.
        let has_year = three[2].1.len() >= 2 || three[0].1.len() == 4;
        apart && has_year && is_date(&parts.concat())
    };
    groups.iter().any(|(_, run)| is_in_run(run)) || groups.windows(3).any(is_in_groups)
}

/// The runs of digits of a text, each with where it begins.
fn digit_groups(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let begins = |&at: &usize| bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_digit());
    let run = |at: usize| {
        let rest = &text[at..];
        (at, &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())])
    };
    (0..bytes.len()).filter(begins).map(run).collect()
}

/// Whether digits read as a day on which somebody who votes may have been born.
fn is_date(digits: &str) -> bool {
    Birthdate::hidden_in(digits).iter().any(|date| (1920..=2012).contains(&date.year()))
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

    fn camille() -> Person {
        Person { names: ["camille.martin", "Lefèvre", "Camille Zoé", "jm.b"].map(str::to_owned).into() }
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
            // Anybody's, so that nothing is told of the person's own.
            ("xYq-24121979-t", vec![Impersonal]),
            ("xYq-241279-tz", vec![Impersonal]),
            ("xYqk 24 décembre 1979", vec![Impersonal]),
            ("xYqk-19791224-t", vec![Impersonal]),
            ("xYq12121980122419", vec![Impersonal]),
            ("Zq-98Z7654321XYZ", vec![Impersonal]),
            ("xYq-99999999-t", vec![]),
            ("xYqk-1-2-3-tz", vec![]),
            ("xYqk-03122026-t", vec![]),
            ("Velours-1979-Cobalt", vec![]),
            ("Deux3chats7chiens68", vec![]),
            ("Velours-07-Cobalt-1979", vec![]),
            ("Velours7\u{202e}Cobalt", vec![Printable]),
            ("Velours7\u{200b}Cobalt", vec![Printable]),
            ("Identifiant1", vec![Uncommon]),
            ("Guichet2026", vec![Uncommon]),
            ("Rentree2026", vec![Uncommon]),
            ("Vote2026!", vec![Uncommon]),
            ("q12e3456789ABCq", vec![Impersonal]),
            ("12E 3456789 ABC q", vec![Impersonal]),
        ] {
            assert_eq!(electors().unmet(password, &camille()), unmet, "{password}");
        }
    }

    #[test]
    fn the_examples_of_cnil_2022_100_can_be_expressed() {
        let twelve = PasswordPolicy { min_length: 12, max_length: 64, required: vec![Lower, Upper, Digit, Symbol] };
        let fourteen = PasswordPolicy { min_length: 14, max_length: 64, required: vec![Lower, Upper, Digit] };
        let nobody = Person::default();
        assert_eq!(twelve.unmet("Velours7Cobalt", &nobody), [Criterion::Class(Symbol)]);
        assert_eq!(twelve.unmet("Velours7-Cobalt", &nobody), []);
        assert_eq!(fourteen.unmet("Velours7-Coba", &nobody), [Criterion::Length]);
        assert_eq!(fourteen.unmet("Velours7Cobalt", &nobody), []);
    }

    #[test]
    fn lengths_are_counted_in_characters_as_a_person_counts_them() {
        assert_eq!(normalised("e\u{301}"), "é");
        let composed = electors().unmet("Ve\u{301}lo7Qk", &Person::default());
        assert_eq!(composed, [Criterion::Length]);
    }

    /// Passwords that French people choose, and what they put before and behind.
    #[test]
    fn common_words_are_refused_however_they_are_decorated() {
        let bases = [
            "motdepasse",
            "azerty",
            "qsdfgh",
            "wxcvbn",
            "maman",
            "nantes",
            "marseille",
            "doudou",
            "loulou",
            "chouchou",
            "soleil",
            "camille",
            "nicolas",
            "julien",
            "coucou",
            "bonjour",
            "jetaime",
            "monamour",
            "princesse",
            "toulouse",
            "bordeaux",
            "papillon",
            "tigrou",
            "nounours",
            "chocolat",
            "football",
            "zidane",
            "lyon",
            "bretagne",
            "martinique",
            "reunion",
            "professeur",
            "lycee",
            "rectorat",
            "election",
            "vacances",
            "juillet",
            "peugeot",
            "licorne",
            "chatons",
            "naruto",
            "titeuf",
            "jeanpierre",
            "isabelle",
            "sebastien",
            "francoise",
            "mohamed",
            "azeqsd",
            "abcdef",
            "lalala",
            "vivelafrance",
        ];
        for base in bases {
            let capital: String = base[..1].to_uppercase() + &base[1..];
            let leet = capital.replace('a', "@").replace('o', "0").replace('e', "3");
            for typed in [
                format!("{capital}2026"),
                format!("{capital}2026!"),
                format!("{capital}123"),
                format!("{capital}75!"),
                format!("2026{capital}"),
                format!("{leet}2026"),
                format!("{capital}7{base}7"),
                format!("!!{capital}!!1"),
                format!("{capital}-{capital}1"),
                format!("{capital}_44000"),
                format!("{}s2025", capital.to_uppercase()),
            ] {
                let unmet = electors().unmet(&typed, &Person::default());
                assert!(!unmet.is_empty(), "{typed}");
            }
        }
        for typed in [
            "M@x2026!",
            "So1ei12026!",
            "Nathan13!",
            "P@r1s2024!",
            "Motdepasse2026!",
            "Azer1234",
            "Maman123",
            "Nantes44",
            "Azertyuiop1",
            "Poiuytreza1",
            "Abcd1234",
        ] {
            assert!(electors().unmet(typed, &Person::default()).contains(&Criterion::Uncommon), "{typed}");
        }
    }

    #[test]
    fn what_nobody_tries_first_passes() {
        for typed in [
            // Three words and more.
            "Velours7Cobalt",
            "Brume4Tilleul",
            "CamionPluie4",
            "Table3Bateau",
            "Autre9chose",
            "Tasse7Lune Violet",
            "Girouette 3 Tambour",
            "Sept nains 7 tasses",
            "Marmite-Velours-8",
            "Lundi6 corbeau brosse",
            "Parapluie sous 2 toits",
            "Vent du Nord 1 lampe",
            "Clou9 Herbe Plafond",
            "Quatre4VentsDuSoir",
            "Il pleut 3 fois",
            "Tambour+Rivage2",
            "Œillet 2 velours",
            "Piano sans 5 notes",
            "Une girafe dort 8h",
            "Cobalt8Rivage",
            "Zinc et 4 brumes",
            "Nuage7Horloge Lacet",
            // Initials of a sentence.
            "Jmlvafdm7!",
            "Mcqdlj3fps",
            "Lpmdtal9s",
            "Qvtdlrj4c",
            "Nvvtpedl2f",
            "Jvalp3ldm",
            "Iemdpqsl8",
            "Tlmp5sdq",
            "Dlvdmqd7n",
            "Ocdpl3vds",
            "Amdgpvl6b",
            "Sjpvtdle4",
            "Elvpdcmr8",
            "Pqtnv9plm",
            "Cfmtqdv5",
            "Bpldsjt7v",
            "Gdtlmqp3",
            "Hvdpltm6",
            "Rtqsvdl4",
            "Vdmplqst2",
            // Random ones, as managers make them.
            "k7#Qm2xVt",
            "pX9vLq3Zr",
            "T4nGz8wKb",
            "uR6!hYc2Ds",
            "aW3sJ8kPv",
            "9fGt-Lm4xQ",
            "Zb7yNq5Hd",
            "eK2vTx8Rj",
            "M6cPw!4zLs",
            "qD9hXn3Vf",
            "y5RkB8tGm",
            "Jw4ZpC7vQ",
            "n8TfLx2Ks",
            "V3mHq9RdY",
            "gS6bWk4Tz",
            "Xr7Np2VcJ",
            "d5KtQz8Mw",
            "H4vYf9LbG",
            "tC2xRj6Pn",
            "B8kWm3ZsQ",
            "Xa-7391-5502",
            // Other scripts and signs.
            "Ünt7rwegs-Öl 😀",
            "Пароль7Корабль",
            "vélours Cobalt 7",
        ] {
            assert_eq!(electors().unmet(typed, &Person::default()), [], "{typed}");
        }
    }

    proptest! {
        #[test]
        fn the_answer_for_a_date_is_the_same_for_all(day in 1u32..=28, month in 1u32..=12, year in 1940u32..2008) {
            let unmet = electors().unmet(&format!("xYqk-{day:02}/{month:02}/{year}-t"), &camille());
            prop_assert_eq!(unmet, [Criterion::Impersonal]);
        }

        #[test]
        fn nothing_panics_and_long_texts_cost_nothing(password in "\\PC{0,200}") {
            let _ = electors().unmet(&password, &camille());
        }
    }
}
