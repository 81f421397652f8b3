//! Random secrets that travel in links and cookies, of which only a digest is kept.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::Chance;

/// 256 random bits, written as 43 characters that are safe in an address.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    pub fn draw(chance: &Chance) -> Self {
        Self(chance.bytes())
    }

    /// Reads what [`Token`] writes; anything else is no token.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// What the database keeps. A plain hash is enough: 256 random bits can't be guessed.
    pub fn digest(&self) -> Vec<u8> {
        Sha256::digest(self.0).to_vec()
    }

    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
