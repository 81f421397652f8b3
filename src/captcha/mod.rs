//! The security code: an image, a recording or a proof of work, then checked, with nothing stored in between.
//!
//! A captcha's name is its answers, sealed with the session that it was drawn for and the moment at
//! which it ends. That it serves once is kept by the identity check that it pays for.

mod glyphs;
pub mod image;
mod proof;
mod sound;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;

pub use proof::BITS;

use crate::portal::Portal;
use crate::values::{Chance, Instant, Purpose};

/// Long enough for a form filled with a screen reader, a NUMEN still to be looked for.
pub const LIFE: Duration = Duration::minutes(30);
const LETTERS: usize = 5;
const DIGITS: usize = 6;

/// What became of an answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Right; with the digest under which the captcha is spent.
    Solved(Vec<u8>),
    Wrong,
}

/// What a captcha wants to read: what its image shows, or what its recording says.
struct Answers {
    letters: String,
    digits: String,
}

/// A new captcha for a session: its name, which holds all that is needed to draw, to speak and to check it.
pub fn draw(portal: &Portal, session: &[u8]) -> String {
    let letters = letters(&portal.chance);
    let digits: String = (0..DIGITS).map(|_| char::from(*portal.chance.one_of(b"0123456789"))).collect();
    let ends_at = (portal.now() + LIFE).timestamp_millis();
    let plain = [&ends_at.to_le_bytes()[..], &Sha256::digest(session), letters.as_bytes(), digits.as_bytes()].concat();
    URL_SAFE_NO_PAD.encode(portal.keys.seal(Purpose::Captcha, &portal.chance, &plain))
}

/// An answer for an image.
pub fn letters(chance: &Chance) -> String {
    (0..LETTERS).map(|_| char::from(*chance.one_of(glyphs::ALPHABET))).collect()
}

/// Whether a captcha was drawn for this session, ended or not: so a form is told from another person's.
pub fn belongs(portal: &Portal, name: &str, session: &[u8]) -> bool {
    unseal(portal, name, session).is_some()
}

/// The image of a captcha that still lives, as PNG.
pub fn image(portal: &Portal, name: &str, session: &[u8]) -> Option<Vec<u8>> {
    let answers = open(portal, name, session)?;
    image::draw(&answers.letters, &mut Chance::generator_of(&seed(portal, name)))
}

/// The recording of a captcha that still lives, as WAV.
pub fn sound(portal: &Portal, name: &str, session: &[u8]) -> Option<Vec<u8>> {
    let answers = open(portal, name, session)?;
    sound::speak(&answers.digits, &mut Chance::generator_of(&seed(portal, name)))
}

/// One name is always the same image and recording: many of one answer would let the noise be taken out.
fn seed(portal: &Portal, name: &str) -> Vec<u8> {
    portal.keys.digest(Purpose::Captcha, &[name.as_bytes()])
}

/// Compares a typed answer, whatever its case and spaces.
pub fn check(portal: &Portal, name: &str, session: &[u8], typed: &str) -> Outcome {
    let Some(answers) = open(portal, name, session) else { return Outcome::Wrong };
    let fixed = portal.settings.captcha.fixed_answer.as_deref().map(plain).filter(|fixed| !fixed.is_empty());
    let typed = plain(typed);
    let is = |wanted: &str| -> bool { wanted.as_bytes().ct_eq(typed.as_bytes()).into() };
    let read = is(&answers.letters) || is(&answers.digits) || fixed.is_some_and(|fixed| is(&fixed));
    if read || proof::holds(name, &typed) { Outcome::Solved(Sha256::digest(name).to_vec()) } else { Outcome::Wrong }
}

/// An answer as it is compared: capitals, without what people put between letters.
fn plain(typed: &str) -> String {
    typed.nfkc().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// The answers of a captcha that was drawn for this session and has not ended.
fn open(portal: &Portal, name: &str, session: &[u8]) -> Option<Answers> {
    let (ends_at, answers) = unseal(portal, name, session)?;
    (portal.now() < ends_at).then_some(answers)
}

/// The answers of a captcha that was drawn for this session, and when it ends.
fn unseal(portal: &Portal, name: &str, session: &[u8]) -> Option<(Instant, Answers)> {
    let sealed = URL_SAFE_NO_PAD.decode(name).ok()?;
    let plain = portal.keys.open(Purpose::Captcha, &sealed)?;
    let (ends_at, rest) = plain.split_first_chunk::<8>()?;
    let (bound_to, answers) = rest.split_first_chunk::<32>()?;
    let (letters, digits) = answers.split_first_chunk::<LETTERS>()?;
    let ends_at = DateTime::from_timestamp_millis(i64::from_le_bytes(*ends_at))?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let answers = Answers { letters: text(letters)?, digits: text(digits)? };
    (bound_to[..] == Sha256::digest(session)[..]).then_some((ends_at, answers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_spaces_and_what_stands_between_letters_count_for_nothing() {
        for typed in ["KR4TX", "kr4tx", " k r 4 t x ", "KR4-TX", "ｋｒ４ｔｘ", "K.R.4.T.X"] {
            assert_eq!(plain(typed), "KR4TX", "{typed}");
        }
    }
}
