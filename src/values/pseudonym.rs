//! How the voting platform knows a voter: by one name for all identifiers of a voter in an election, which names nobody.

use super::Keys;
use super::keys::mac;

const TAG: usize = 16;
const NUMBER: usize = 8;

/// The pseudonyms of one election: keyed, the same at each time, unlike those of any other election.
pub struct Pseudonyms {
    tags: [u8; 32],
    masks: [u8; 32],
}

impl Pseudonyms {
    pub fn of(keys: &Keys, election: i64) -> Self {
        let key = |part| keys.derive(&format!("pseudonym/{election}/{part}"));
        Self { tags: key("tag"), masks: key("mask") }
    }

    /// A voter's pseudonym, 48 hexadecimal digits: a digest of the number of the row, then that number under a mask which the
    /// digest chooses. So nothing has to be kept or searched to find the voter again.
    pub fn write(&self, voter: i64) -> String {
        let number = voter.to_be_bytes();
        let tag = &mac(&self.tags, &number)[..TAG];
        hex::encode([tag, &self.masked(tag, number)].concat())
    }

    /// The voter that a pseudonym names; nothing for one that was never given in this election.
    pub fn read(&self, text: &str) -> Option<i64> {
        let bytes: [u8; TAG + NUMBER] = hex::decode(text).ok()?.try_into().ok()?;
        let (tag, hidden) = bytes.split_at(TAG);
        let voter = i64::from_be_bytes(self.masked(tag, hidden.try_into().ok()?));
        (mac(&self.tags, &voter.to_be_bytes())[..TAG] == *tag).then_some(voter)
    }

    fn masked(&self, tag: &[u8], mut number: [u8; NUMBER]) -> [u8; NUMBER] {
        for (byte, mask) in number.iter_mut().zip(mac(&self.masks, tag)) {
            *byte ^= mask;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(election: i64) -> Pseudonyms {
        Pseudonyms::of(&Keys::new(&[7; 32]), election)
    }

    proptest! {
        #[test]
        fn a_pseudonym_leads_back_in_its_own_election_and_portal_only(voter: i64) {
            let written = of(1).write(voter);
            prop_assert_eq!(written.len(), 48);
            prop_assert_eq!(&written, &of(1).write(voter));
            prop_assert_eq!(of(1).read(&written), Some(voter));
            prop_assert_eq!(of(1).read(&written.to_uppercase()), Some(voter));
            prop_assert_eq!(of(2).read(&written), None);
            prop_assert_eq!(Pseudonyms::of(&Keys::new(&[8; 32]), 1).read(&written), None);
            prop_assert!(of(2).write(voter) != written);
        }

        #[test]
        fn no_other_text_is_a_pseudonym(text in "\\PC{0,60}", at in 0usize..48) {
            prop_assert_eq!(of(1).read(&text), None);
            let mut altered = of(1).write(42).into_bytes();
            altered[at] = if altered[at] == b'0' { b'1' } else { b'0' };
            prop_assert_eq!(of(1).read(&String::from_utf8(altered).unwrap()), None);
        }
    }
}
