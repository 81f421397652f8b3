//! One master secret and what is derived from it: keyed digests and sealed values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as HmacKey, Mac};
use sha2::Sha256;

use super::Chance;

const NONCE: usize = 24;

/// What a derived key is for: a digest or a seal made for one purpose is worth nothing for another.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    Numen,
    Birthdate,
    Phone,
    /// Addresses under which failed sign-ins are counted.
    Throttle,
    /// The content of an identity check, to recognise the same form sent twice.
    Submission,
    Outbox,
    /// Nothing: to recognise the master secret itself.
    Check,
    /// Numbers by which SMS are counted.
    Tally,
    Captcha,
    /// Sealed cookies: the typed address, a sign-in that waits, a known browser.
    Cookie,
    /// The message number in the address to which a mail is returned.
    Bounce,
    /// The message number in the address that a gateway calls with a receipt.
    Receipt,
    /// Addresses whose password is asked for, until the worker has answered.
    Recovery,
    /// Networks from which a password is asked for, until the worker has answered.
    Origin,
    /// The last line of an export.
    Export,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Numen => "numen",
            Self::Birthdate => "birthdate",
            Self::Phone => "phone",
            Self::Throttle => "throttle",
            Self::Submission => "submission",
            Self::Outbox => "outbox",
            Self::Check => "check",
            Self::Tally => "tally",
            Self::Captcha => "captcha",
            Self::Cookie => "cookie",
            Self::Bounce => "bounce",
            Self::Receipt => "receipt",
            Self::Recovery => "recovery",
            Self::Origin => "origin",
            Self::Export => "export",
        }
    }
}

/// The portal's master secret, 32 bytes.
#[derive(Clone)]
pub struct Keys {
    master: Hkdf<Sha256>,
}

impl Keys {
    pub fn new(master: &[u8; 32]) -> Self {
        Self { master: Hkdf::new(None, master) }
    }

    /// Reads the setting `portal.secret`: 32 bytes in base64.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = STANDARD.decode(text.trim()).ok()?.try_into().ok()?;
        Some(Self::new(&bytes))
    }

    /// A fresh master secret in the form of the setting.
    pub fn draw(chance: &Chance) -> String {
        STANDARD.encode(chance.bytes::<32>())
    }

    /// Keyed digest of the parts, each framed by its length so that none can run into the next.
    pub fn digest(&self, purpose: Purpose, parts: &[&[u8]]) -> Vec<u8> {
        let framed: Vec<u8> =
            parts.iter().flat_map(|part| [&(part.len() as u64).to_le_bytes(), *part].concat()).collect();
        mac(&self.derive(purpose.label()), &framed)
    }

    /// The key under which one election's identifiers are digested. HKDF goes one way only, so it
    /// can be handed to the voting platform without telling the master secret.
    pub fn of_election(&self, election: i64) -> [u8; 32] {
        self.derive(&format!("voting-identifier/{election}"))
    }

    /// A digest of what comes in pieces.
    pub fn running(&self, purpose: Purpose) -> Running {
        Running::under(&self.derive(purpose.label()))
    }

    pub fn seal(&self, purpose: Purpose, chance: &Chance, plain: &[u8]) -> Vec<u8> {
        let nonce = chance.bytes::<NONCE>();
        let sealed = self.cipher(purpose).encrypt(&XNonce::from(nonce), payload(purpose, plain));
        // The cipher refuses only texts of 256 GiB and more.
        [nonce.as_slice(), &sealed.unwrap_or_default()].concat()
    }

    /// What was sealed, or nothing when it was cut, altered, or sealed for something else.
    pub fn open(&self, purpose: Purpose, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE)?;
        self.cipher(purpose).decrypt(XNonce::from_slice(nonce), payload(purpose, text)).ok()
    }

    fn cipher(&self, purpose: Purpose) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.derive(&format!("seal/{}", purpose.label())).into())
    }

    pub(super) fn derive(&self, label: &str) -> [u8; 32] {
        let mut key = [0; 32];
        // HKDF refuses only outputs over 255 blocks; this is one.
        let _ = self.master.expand(label.as_bytes(), &mut key);
        key
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// HMAC-SHA256.
pub fn mac(key: &[u8; 32], message: &[u8]) -> Vec<u8> {
    let mut running = Running::under(key);
    running.update(message);
    running.finish()
}

/// HMAC-SHA256 of what comes in pieces.
pub struct Running(Hmac<Sha256>);

impl Running {
    fn under(key: &[u8; 32]) -> Self {
        // HMAC pads its key with zeros to a block of 64 bytes; doing it here leaves no error to handle.
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        Self(<Hmac<Sha256> as HmacKey>::new((&block).into()))
    }

    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    pub fn finish(self) -> Vec<u8> {
        self.0.finalize().into_bytes().to_vec()
    }
}

fn payload(purpose: Purpose, text: &[u8]) -> Payload<'_, '_> {
    Payload { msg: text, aad: purpose.label().as_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::new(&[7; 32])
    }

    #[test]
    fn a_sealed_value_opens_for_its_purpose_only_and_only_unaltered() {
        let sealed = keys().seal(Purpose::Outbox, &Chance::seeded(1), b"secret");
        assert_eq!(keys().open(Purpose::Outbox, &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(keys().open(Purpose::Captcha, &sealed), None);
        assert_eq!(Keys::new(&[8; 32]).open(Purpose::Outbox, &sealed), None);
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(keys().open(Purpose::Outbox, &altered), None);
            assert_eq!(keys().open(Purpose::Outbox, &sealed[..at]), None);
        }
    }

    #[test]
    fn digests_differ_by_purpose_by_key_and_by_where_a_part_ends() {
        let digest = keys().digest(Purpose::Numen, &[b"ab", b"c"]);
        assert_ne!(digest, keys().digest(Purpose::Phone, &[b"ab", b"c"]));
        assert_ne!(digest, keys().digest(Purpose::Numen, &[b"a", b"bc"]));
        assert_ne!(digest, Keys::new(&[8; 32]).digest(Purpose::Numen, &[b"ab", b"c"]));
        assert_ne!(keys().of_election(1), keys().of_election(2));
    }

    #[test]
    fn a_master_secret_is_32_bytes_in_base64() {
        assert!(Keys::parse(&Keys::draw(&Chance::System)).is_some());
        for bad in ["", "abc", "c2hvcnQ=", &"A".repeat(64)] {
            assert!(Keys::parse(bad).is_none(), "{bad}");
        }
    }
}
