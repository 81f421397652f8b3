//! What parses or refuses: small types that hold only valid values, with no I/O and no framework.

pub mod birthdate;
pub mod chance;
pub mod clock;
pub mod colour;
pub mod email;
pub mod gsm7;
pub mod identifier;
pub mod keys;
pub mod language;
pub mod mobile;
pub mod numen;
pub mod paris;
pub mod password;
pub mod pseudonym;
pub mod territory;
pub mod token;

pub use birthdate::Birthdate;
pub use chance::Chance;
pub use clock::{Clock, Instant};
pub use colour::Colour;
pub use email::EmailAddress;
pub use identifier::VotingIdentifier;
pub use keys::{Keys, Purpose};
pub use language::Language;
pub use mobile::MobileNumber;
pub use numen::Numen;
pub use password::PasswordPolicy;
pub use pseudonym::Pseudonyms;
pub use territory::Territory;
pub use token::Token;
