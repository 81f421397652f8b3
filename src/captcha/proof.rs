//! The third way, which needs neither eye nor ear: the browser looks for a number that costs it some seconds of work.
//!
//! With the captcha's name before it, the number has a SHA-256 digest that begins with as many zeros as the captcha wants.

use sha2::{Digest as _, Sha256};

/// What stands before the number in the field.
const MARK: &str = "PREUVE";

/// Whether what was typed, as it is compared, is a proof for the captcha of this name.
pub fn holds(name: &str, bits: u32, typed: &str) -> bool {
    let number = typed.strip_prefix(MARK).filter(|number| !number.is_empty() && number.len() <= 12);
    number.is_some_and(|number| zeros(&Sha256::digest(format!("{name}:{number}"))) >= bits)
}

fn zeros(digest: &[u8]) -> u32 {
    let begin = digest.first_chunk().copied().map_or(0, u64::from_be_bytes);
    begin.leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_looked_for_is_a_proof_for_its_name_only() {
        let holds = |name: &str, typed: &str| holds(name, 15, typed);
        let number = (0..10_000_000).find(|number| holds("a-name", &format!("PREUVE{number}"))).unwrap();
        let digest = Sha256::digest(format!("a-name:{number}"));
        assert!(digest.starts_with(&[0]) && digest[1] < 2, "15 zeros");
        assert!(!super::holds("a-name", 40, &format!("PREUVE{number}")), "it does for no harder one");
        assert!(!holds("another-name", &format!("PREUVE{number}")));
        assert!(!holds("a-name", &number.to_string()));
        for typed in ["", "PREUVE", "PREUVE1", "PREUVE0000000000000000001"] {
            assert!(!holds("a-name", typed), "{typed}");
        }
    }
}
