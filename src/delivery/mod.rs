//! From the outbox to the carriers and back: what is handed over, what they say of it later, and what follows from it.

pub mod bounces;
pub mod handover;
pub mod mailbox;
pub mod receipts;
mod report;

use crate::carriers::Reason;
use crate::entities::message::Model;
use crate::portal::Portal;

/// Calls the operator: nobody else can mend what keeps this message.
fn alarm(portal: &Portal, message: &Model, reason: Reason, code: Option<&str>) {
    let reason = reason.name();
    portal.metrics.alarm(reason);
    let (message_id, letter, gateway) = (message.id, &message.letter, message.gateway.as_deref().unwrap_or("mail"));
    tracing::error!(message_id, letter, gateway, reason, code, "alarm: the operator must act");
}
