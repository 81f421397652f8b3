//! NUMEN: the confidential key of a national-education agent.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::keys::{Keys, Purpose};

/// 13 characters, `^[0-9]{2}[A-Z][0-9]{7}[A-Z]{3}$`. There is no public checksum, and the list of
/// académie letters changes, so the shape is all that can be checked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Numen(String);

impl Numen {
    pub const LENGTH: usize = 13;

    /// Reads a NUMEN as it is copied: spaces, hyphens or dots inside, lower case, full-width characters.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text
            .nfkc()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '\u{200b}' | '\u{feff}'))
            .take(Self::LENGTH + 1)
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let shape = b"00A0000000AAA";
        let fits = text.len() == shape.len()
            && text.bytes().zip(shape).all(|(b, &wanted)| match wanted {
                b'0' => b.is_ascii_digit(),
                _ => b.is_ascii_uppercase(),
            });
        fits.then_some(Self(text))
    }

    /// The only form in which a NUMEN is kept.
    pub fn digest(&self, keys: &Keys) -> Vec<u8> {
        keys.digest(Purpose::Numen, &[self.0.as_bytes()])
    }

    /// Whether a value that stands elsewhere holds a NUMEN, or nearly: as many digits and letters, in one run.
    pub fn is_likely(value: &str) -> bool {
        let bare: String = value.nfkc().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.')).collect();
        bare.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| {
            let digits = run.bytes().filter(u8::is_ascii_digit).count();
            (Self::LENGTH - 2..=Self::LENGTH + 2).contains(&run.len()) && digits >= 8 && run.len() - digits >= 2
        })
    }

    /// How a value that claims to be a NUMEN is shown in a report: its first two characters.
    pub fn masked(typed: &str) -> String {
        let typed = typed.trim();
        typed.chars().take(2).chain(typed.chars().skip(2).take(Self::LENGTH).map(|_| '•')).collect()
    }
}

impl fmt::Debug for Numen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Numen(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_numen_however_it_is_copied() {
        let numen = Numen::parse("12E3456789ABC");
        assert!(numen.is_some());
        for typed in
            ["12e3456789abc", " 12 E 34 56 789 ABC ", "12E-3456789-ABC", "12\u{a0}E3456789ABC", "１２E3456789ABC"]
        {
            assert_eq!(Numen::parse(typed), numen, "{typed}");
        }
    }

    #[test]
    fn a_numen_with_another_shape_is_refused() {
        for typed in [
            "",
            "12E3456789AB",
            "12E3456789ABCD",
            "1234567890ABC",
            "12E34567890BC",
            "12É3456789ABC",
            "<b>12E3456789ABC",
        ] {
            assert_eq!(Numen::parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_numen_is_recognised_where_it_does_not_belong() {
        for (value, likely) in [
            ("12E3456789ABC", true),
            ("12 e 3456789 abc", true),
            ("12E3456789ABC@ac-lyon.fr", true),
            ("12E345678ABC", true),
            ("0690001A", false),
            ("zoe.lefevre@ac-lyon.fr", false),
            ("03/07/1968", false),
            ("0612345678901", false),
        ] {
            assert_eq!(Numen::is_likely(value), likely, "{value}");
        }
    }

    #[test]
    fn a_mask_tells_two_characters_at_most() {
        assert_eq!(Numen::masked("12E3456789ABC"), "12•••••••••••");
        assert_eq!(Numen::masked(""), "");
        assert!(!format!("{:?}", Numen::parse("12E3456789ABC")).contains("12E"));
    }

    proptest! {
        #[test]
        fn every_numen_survives_spaces_and_case(numen in "[0-9]{2}[A-Z][0-9]{7}[A-Z]{3}", at in 0usize..13) {
            let spaced = format!("{} {}", &numen[..at], &numen[at..]).to_lowercase();
            prop_assert_eq!(Numen::parse(&spaced), Some(Numen(numen)));
        }

        #[test]
        fn nothing_panics(text in "\\PC*") {
            let _ = (Numen::parse(&text), Numen::masked(&text));
        }
    }
}
