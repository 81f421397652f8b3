//! Professional addresses, in the one form in which they are compared.

use unicode_normalization::UnicodeNormalization;

/// An address in lower case, at most 254 characters, ASCII, with one `@` and a dotted domain.
///
/// Académie and ministry servers treat the local part without regard to case, so the portal does too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads an address as people type or paste it: spaces around, `mailto:`, capitals, full-width letters.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.nfkc().collect();
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_prefix("mailto:").unwrap_or(&text).trim_start();
        let (local, domain) = text.split_once('@')?;
        let local_is_sound = (1..=64).contains(&local.len())
            && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom));
        let domain_is_sound = domain.contains('.')
            && domain.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            });
        (text.len() <= 254 && local_is_sound && domain_is_sound).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The part of an address before its `@`.
pub fn local_part(address: &str) -> &str {
    address.split('@').next().unwrap_or(address)
}

fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read_as_people_type_them() {
        for typed in [
            "camille.martin@ac-lyon.fr",
            "  Camille.MARTIN@ac-lyon.fr \n",
            "mailto:camille.martin@ac-lyon.fr",
            "MAILTO: camille.martin@ac-lyon.fr ",
            "camille.martin＠ac-lyon.fr",
        ] {
            assert_eq!(EmailAddress::parse(typed).unwrap().as_str(), "camille.martin@ac-lyon.fr");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@ac-lyon.fr", "a".repeat(65));
        for typed in [
            "",
            " ",
            "camille",
            "@ac-lyon.fr",
            "a@b",
            "a@b@c.fr",
            "a b@c.fr",
            "a@-c.fr",
            "a@c..fr",
            ".a@c.fr",
            "émilie@ac-lyon.fr",
            "a@c.fr\r\nBcc: x@y.fr",
            "<a@c.fr>",
            "😀@c.fr",
            "a\0@c.fr",
            &long,
        ] {
            assert_eq!(EmailAddress::parse(typed), None, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_stable(text in "\\PC{0,80}|[a-z.]{1,9}@[a-z]{1,9}\\.fr") {
            if let Some(address) = EmailAddress::parse(&text) {
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Some(address.clone()));
                prop_assert!(address.as_str().is_ascii());
            }
        }
    }
}
