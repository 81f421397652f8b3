//! The security code to copy: drawn, then checked, with nothing stored in between.
//!
//! A captcha's name is its answer, sealed with the session that it was drawn for and the moment at
//! which it ends. That it serves once is kept by the identity check that it pays for.

mod image;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::portal::Portal;
use crate::values::{Chance, Purpose};

const LIFE: Duration = Duration::minutes(10);
const LENGTH: usize = 5;
/// Letters and digits of the image's font that are not taken for one another, in any case.
const ALPHABET: &[u8] = b"ACEFHJKMNPRTUVWXY3479";

/// What became of an answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Right; with the digest under which the captcha is spent.
    Solved(Vec<u8>),
    Wrong,
}

/// A new captcha for a session: its name, which holds all that is needed to draw and to check it.
pub fn draw(portal: &Portal, session: &[u8]) -> String {
    let letter = |_| char::from(ALPHABET[portal.chance.below(u32::try_from(ALPHABET.len()).unwrap_or(1)) as usize]);
    let answer: String = (0..LENGTH).map(letter).collect();
    let ends_at = (portal.now() + LIFE).timestamp_millis();
    let plain = [&ends_at.to_le_bytes()[..], &Sha256::digest(session), answer.as_bytes()].concat();
    URL_SAFE_NO_PAD.encode(portal.keys.seal(Purpose::Captcha, &portal.chance, &plain))
}

/// The image of a captcha that still lives, as PNG.
pub fn image(portal: &Portal, name: &str, session: &[u8]) -> Option<Vec<u8>> {
    let answer = open(portal, name, session)?;
    // One name is always the same image: many of one answer would let the noise be taken out.
    let seed = portal.keys.digest(Purpose::Captcha, &[name.as_bytes()]);
    image::draw(&answer, &mut Chance::generator_of(&seed))
}

/// Compares a typed answer, whatever its case and spaces.
pub fn check(portal: &Portal, name: &str, session: &[u8], typed: &str) -> Outcome {
    let Some(answer) = open(portal, name, session) else { return Outcome::Wrong };
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    let fixed = portal.settings.captcha.fixed_answer.as_ref().map(|fixed| fixed.to_ascii_uppercase());
    let wanted = fixed.unwrap_or(answer);
    if wanted.as_bytes().ct_eq(typed.as_bytes()).into() {
        Outcome::Solved(Sha256::digest(name).to_vec())
    } else {
        Outcome::Wrong
    }
}

/// The answer of a captcha that was drawn for this session and has not ended.
fn open(portal: &Portal, name: &str, session: &[u8]) -> Option<String> {
    let sealed = URL_SAFE_NO_PAD.decode(name).ok()?;
    let plain = portal.keys.open(Purpose::Captcha, &sealed)?;
    let (ends_at, rest) = plain.split_first_chunk::<8>()?;
    let (bound_to, answer) = rest.split_first_chunk::<32>()?;
    let ends_at = DateTime::from_timestamp_millis(i64::from_le_bytes(*ends_at))?;
    let lives = portal.now() < ends_at && bound_to[..] == Sha256::digest(session)[..];
    lives.then(|| String::from_utf8(answer.to_vec()).ok())?
}
