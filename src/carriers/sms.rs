//! An SMS, and a memory of those that a test sent.

use serde::{Deserialize, Serialize};

use super::{Delivery, Handover};

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sms {
    /// E.164
    pub to: String,
    /// One GSM-7 segment.
    pub text: String,
}

impl std::fmt::Debug for Sms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sms(…)")
    }
}

/// What a test sees, and how it makes the carrier refuse.
#[derive(Default)]
pub struct SmsMemory {
    pub sent: Vec<Sms>,
    /// The next answers, first to last; then everything is accepted.
    pub answers: Vec<Handover>,
    /// What it says of a message that may have been taken, or that it took.
    pub found: Option<(String, Delivery)>,
}

impl SmsMemory {
    pub(super) fn take(&mut self, sms: &Sms) -> Handover {
        let answer = if self.answers.is_empty() { None } else { Some(self.answers.remove(0)) };
        let answer = answer.unwrap_or(Handover::Accepted { id: None });
        if matches!(answer, Handover::Accepted { .. }) {
            self.sent.push(sms.clone());
        }
        answer
    }
}

impl std::fmt::Debug for SmsMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SmsMemory({} sent)", self.sent.len())
    }
}
