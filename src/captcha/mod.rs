//! The security code: an image, a recording or a proof of work, then checked, with nothing stored until it is answered wrong.
//!
//! A captcha's name is its answers and how much work a proof of it takes, sealed with what it was drawn for (a session) and
//! the moment at which it ends. That it serves once is kept by the identity check that it pays for.

mod glyphs;
pub mod image;
mod proof;
pub mod rules;
mod sound;
mod tries;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;

use crate::fault::Fault;
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
    /// Nothing was answered.
    Missing,
    Wrong,
    /// Right or wrong, after too many wrong ones.
    Spent,
}

/// What a captcha wants to read: what its image shows, or what its recording says; or else a proof.
struct Answers {
    letters: String,
    digits: String,
    bits: u32,
}

/// A new captcha: its name, which holds all that is needed to draw, to speak and to check it. `bound_to`: only who brings
/// the same again can answer it.
pub fn draw(portal: &Portal, bound_to: &[u8], bits: u32) -> String {
    let letters = letters(&portal.chance);
    let digits: String = (0..DIGITS).map(|_| char::from(*portal.chance.one_of(b"0123456789"))).collect();
    let ends_at = (portal.now() + LIFE).timestamp_millis().to_le_bytes();
    let bits = bits.to_le_bytes();
    let plain = [&ends_at[..], &Sha256::digest(bound_to), &bits, letters.as_bytes(), digits.as_bytes()].concat();
    URL_SAFE_NO_PAD.encode(portal.keys.seal(Purpose::Captcha, &portal.chance, &plain))
}

/// An answer for an image.
pub fn letters(chance: &Chance) -> String {
    (0..LETTERS).map(|_| char::from(*chance.one_of(glyphs::ALPHABET))).collect()
}

/// Whether a captcha was drawn for this, ended or not: so a form is told from another person's.
pub fn belongs(portal: &Portal, name: &str, bound_to: &[u8]) -> bool {
    unseal(portal, name, bound_to).is_some()
}

/// How many zeros a proof of a captcha begins with.
pub fn bits(portal: &Portal, name: &str, bound_to: &[u8]) -> Option<u32> {
    Some(open(portal, name, bound_to)?.1.bits)
}

/// The image of a captcha that still lives, as PNG.
pub fn image(portal: &Portal, name: &str, bound_to: &[u8]) -> Option<Vec<u8>> {
    let (_, answers) = open(portal, name, bound_to)?;
    image::draw(&answers.letters, &mut Chance::generator_of(&seed(portal, name)))
}

/// The recording of a captcha that still lives, as WAV.
pub fn sound(portal: &Portal, name: &str, bound_to: &[u8]) -> Option<Vec<u8>> {
    let (_, answers) = open(portal, name, bound_to)?;
    sound::speak(&answers.digits, &mut Chance::generator_of(&seed(portal, name)))
}

/// One name is always the same image and recording: many of one answer would let the noise be taken out.
fn seed(portal: &Portal, name: &str) -> Vec<u8> {
    portal.keys.digest(Purpose::Captcha, &[name.as_bytes()])
}

/// Compares a typed answer, whatever its case and spaces. A few wrong ones spend the captcha: who tries many draws many.
pub async fn check(portal: &Portal, name: &str, bound_to: &[u8], typed: &str) -> Result<Outcome, Fault> {
    if typed.trim().is_empty() {
        return Ok(Outcome::Missing);
    }
    let Some((ends_at, answers)) = open(portal, name, bound_to) else { return Ok(Outcome::Wrong) };
    let digest = Sha256::digest(name).to_vec();
    if answers.are(portal, name, &plain(typed)) {
        let is_spent = rules::is_spent(tries::wrong_answers(portal, &digest).await?);
        return Ok(if is_spent { Outcome::Spent } else { Outcome::Solved(digest) });
    }
    let before = tries::count(portal, digest, ends_at).await?;
    Ok(if rules::is_spent(before) { Outcome::Spent } else { Outcome::Wrong })
}

impl Answers {
    fn are(&self, portal: &Portal, name: &str, typed: &str) -> bool {
        let fixed = portal.settings.captcha.fixed_answer.as_deref().map(plain).filter(|fixed| !fixed.is_empty());
        let is = |wanted: &str| -> bool { wanted.as_bytes().ct_eq(typed.as_bytes()).into() };
        let read = is(&self.letters) || is(&self.digits) || fixed.is_some_and(|fixed| is(&fixed));
        read || proof::holds(name, self.bits, typed)
    }
}

/// An answer as it is compared: capitals, without what people put between letters.
fn plain(typed: &str) -> String {
    typed.nfkc().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// The answers of a captcha that was drawn for this and has not ended, and when it does.
fn open(portal: &Portal, name: &str, bound_to: &[u8]) -> Option<(Instant, Answers)> {
    unseal(portal, name, bound_to).filter(|(ends_at, _)| portal.now() < *ends_at)
}

/// The answers of a captcha that was drawn for this, and when it ends.
fn unseal(portal: &Portal, name: &str, bound_to: &[u8]) -> Option<(Instant, Answers)> {
    let sealed = URL_SAFE_NO_PAD.decode(name).ok()?;
    let plain = portal.keys.open(Purpose::Captcha, &sealed)?;
    let (ends_at, rest) = plain.split_first_chunk::<8>()?;
    let (owner, rest) = rest.split_first_chunk::<32>()?;
    let (bits, answers) = rest.split_first_chunk::<4>()?;
    let (letters, digits) = answers.split_first_chunk::<LETTERS>()?;
    let ends_at = DateTime::from_timestamp_millis(i64::from_le_bytes(*ends_at))?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let answers = Answers { letters: text(letters)?, digits: text(digits)?, bits: u32::from_le_bytes(*bits) };
    (owner[..] == Sha256::digest(bound_to)[..]).then_some((ends_at, answers))
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
