//! SMS: Twilio, a folder of `.txt` files, or memory.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::twilio::Twilio;
use super::{Handover, file};
use crate::fault::Fault;
use crate::settings::{Settings, SmsChoice};
use crate::values::Instant;

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sms {
    /// E.164
    pub to: String,
    /// One GSM-7 segment.
    pub text: String,
}

#[derive(Clone, Debug)]
pub enum SmsCarrier {
    Twilio(Twilio),
    File(PathBuf),
    Memory(Arc<Mutex<SmsMemory>>),
}

/// What a test sees, and how it makes the carrier refuse.
#[derive(Default)]
pub struct SmsMemory {
    pub sent: Vec<Sms>,
    /// The next answers, first to last; then everything is accepted.
    pub answers: Vec<Handover>,
}

impl std::fmt::Debug for SmsMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SmsMemory({} sent)", self.sent.len())
    }
}

impl SmsCarrier {
    pub fn from_settings(settings: &Settings) -> Result<Self, Fault> {
        match settings.sms.carrier {
            SmsChoice::File => Ok(Self::File(settings.outbox_folder())),
            SmsChoice::Twilio => Ok(Self::Twilio(Twilio::new(settings)?)),
        }
    }

    pub async fn send(&self, sms: &Sms, now: Instant) -> Handover {
        match self {
            Self::Twilio(twilio) => twilio.send(sms).await,
            Self::File(folder) => {
                let content = format!("To: {}\n\n{}\n", sms.to, sms.text);
                match file::write(folder, "txt", content.as_bytes(), now).await {
                    Ok(()) => Handover::Accepted { id: None },
                    Err(fault) => Handover::later(format!("folder: {fault}")),
                }
            }
            Self::Memory(memory) => {
                let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
                let answer = if memory.answers.is_empty() { None } else { Some(memory.answers.remove(0)) };
                let answer = answer.unwrap_or(Handover::Accepted { id: None });
                if matches!(answer, Handover::Accepted { .. }) {
                    memory.sent.push(sms.clone());
                }
                answer
            }
        }
    }
}
