//! Those who take a message away: mail servers and SMS gateways, or files and memory in their place.

use std::time::Duration;

use crate::fault::Fault;
use crate::settings::Settings;

pub mod file;
pub mod mail;
pub mod sms;
pub mod twilio;

pub use mail::{Mail, MailCarrier};
pub use sms::{Sms, SmsCarrier};

/// What became of one try to hand a message over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handover {
    /// The carrier has it, under its own name for it when it gives one.
    Accepted { id: Option<String> },
    /// It will never be taken: another try would be refused as well.
    Refused { reason: String },
    /// Not now: an outage, a limit, or something that the operator has to mend.
    Later { reason: String, after: Option<Duration>, alarm: bool },
}

impl Handover {
    pub fn later(reason: impl Into<String>) -> Self {
        Self::Later { reason: reason.into(), after: None, alarm: false }
    }
}

#[derive(Debug)]
pub struct Carriers {
    pub mail: MailCarrier,
    pub sms: SmsCarrier,
}

impl Carriers {
    pub fn from_settings(settings: &Settings) -> Result<Self, Fault> {
        Ok(Self { mail: MailCarrier::from_settings(settings)?, sms: SmsCarrier::from_settings(settings)? })
    }
}
