//! From the outbox to the carriers and back: what is handed over, what they say of it later, and what follows from it.

pub mod bounces;
pub mod handover;
pub mod mailbox;
pub mod receipts;
mod report;

use subtle::ConstantTimeEq as _;

use crate::carriers::Reason;
use crate::entities::message::Model;
use crate::portal::Portal;
use crate::values::Purpose;

/// Bytes of the digest that keeps a message's name from being made up.
const SEAL: usize = 8;

/// What is said of a message later is believed under its number and this. It holds the message's moment, too: another
/// database under the same secret, or the same one as a backup had it, counts from 1 again.
fn seal(portal: &Portal, purpose: Purpose, message: &Model) -> String {
    let moment = message.created_at.timestamp_millis();
    let digest = portal.keys.digest(purpose, &[&message.id.to_le_bytes(), &moment.to_le_bytes()]);
    hex::encode(&digest[..SEAL])
}

fn is_sealed(portal: &Portal, purpose: Purpose, message: &Model, seal: &str) -> bool {
    self::seal(portal, purpose, message).as_bytes().ct_eq(seal.as_bytes()).into()
}

/// Calls the operator: nobody else can mend what keeps this message.
fn alarm(portal: &Portal, message: &Model, reason: Reason, code: Option<&str>) {
    let reason = reason.name();
    portal.metrics.alarm(reason);
    let (message_id, letter, gateway) = (message.id, &message.letter, message.gateway.as_deref().unwrap_or("mail"));
    tracing::error!(message_id, letter, gateway, reason, code, "alarm: the operator must act");
}
