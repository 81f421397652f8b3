//! The voting identifier: the secret that a voter types on the voting platform.

use std::fmt;

use super::Chance;
use super::keys;

/// Upper-case letters and digits that can't be taken for one another (no 0 O, 1 I L, 2 Z, 5 S, 8 B).
const ALPHABET: &[u8; 25] = b"ACDEFGHJKMNPQRTUVWXY34679";
/// 11 symbols of 25 are 51 bits; the 12th is the check character.
const SECRET: usize = 11;
const GROUP: usize = 4;

/// Twelve symbols, the last of which checks the others.
#[derive(Clone, PartialEq, Eq)]
pub struct VotingIdentifier([u8; SECRET + 1]);

impl VotingIdentifier {
    pub fn draw(chance: &Chance) -> Self {
        let mut symbols = [0; SECRET + 1];
        for symbol in &mut symbols[..SECRET] {
            *symbol = u8::try_from(chance.below(25)).unwrap_or_default();
        }
        symbols[SECRET] = check(&symbols[..SECRET]);
        Self(symbols)
    }

    /// Reads an identifier in any case and grouping. A typo is refused by the check character.
    pub fn parse(text: &str) -> Option<Self> {
        let symbols: Option<Vec<u8>> = text
            .chars()
            .filter(|c| c.is_alphanumeric())
            .map(|c| ALPHABET.iter().position(|&a| char::from(a) == c.to_ascii_uppercase()))
            .map(|at| at.and_then(|at| u8::try_from(at).ok()))
            .collect();
        let symbols: [u8; SECRET + 1] = symbols?.try_into().ok()?;
        (check(&symbols[..SECRET]) == symbols[SECRET]).then_some(Self(symbols))
    }

    /// As it is sent: groups of four joined by hyphens.
    pub fn text(&self) -> String {
        let letters: Vec<char> = self.0.iter().map(|&at| char::from(ALPHABET[usize::from(at)])).collect();
        letters.chunks(GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }

    /// What the portal and the voting platform keep: HMAC-SHA256 of the twelve characters without
    /// hyphens, under the election's key.
    pub fn digest(&self, election_key: &[u8; 32]) -> Vec<u8> {
        keys::mac(election_key, self.text().replace('-', "").as_bytes())
    }
}

/// A weighted sum modulo 25 with weights 1 and 2 in turn: both are prime to 25, and so is their
/// difference, so every single wrong character and every swap of two neighbours is found.
fn check(secret: &[u8]) -> u8 {
    let sum: u32 = secret.iter().rev().zip([2u32, 1].into_iter().cycle()).map(|(&s, w)| u32::from(s) * w).sum();
    u8::try_from((25 - sum % 25) % 25).unwrap_or_default()
}

impl fmt::Debug for VotingIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VotingIdentifier(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn at_least_fifty_bits_without_look_alikes() {
        #[expect(clippy::cast_precision_loss, reason = "two small integers")]
        let bits = (ALPHABET.len() as f64).log2() * SECRET as f64;
        assert!(bits >= 50.0);
        assert!(!ALPHABET.iter().any(|c| b"0O1IL2Z5S8B".contains(c)));
    }

    proptest! {
        #[test]
        fn an_identifier_reads_back_in_any_habit(seed: u64) {
            let drawn = VotingIdentifier::draw(&Chance::seeded(seed));
            let text = drawn.text();
            prop_assert_eq!(text.len(), 14);
            prop_assert_eq!(VotingIdentifier::parse(&text), Some(drawn.clone()));
            prop_assert_eq!(VotingIdentifier::parse(&text.to_lowercase().replace('-', " ")), Some(drawn));
        }

        #[test]
        fn every_typo_and_every_swap_of_neighbours_is_told(seed: u64, at in 0usize..12, other in 1u8..25) {
            let drawn = VotingIdentifier::draw(&Chance::seeded(seed));
            let mut typo = drawn.clone();
            typo.0[at] = (typo.0[at] + other) % 25;
            prop_assert_eq!(VotingIdentifier::parse(&typo.text()), None);
            let mut swapped = drawn.clone();
            swapped.0.swap(at, (at + 1).min(11));
            prop_assert!(swapped == drawn || VotingIdentifier::parse(&swapped.text()).is_none());
        }

        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            let _ = VotingIdentifier::parse(&text);
        }
    }
}
