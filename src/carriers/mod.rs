//! Those who take a message away: mail servers and SMS gateways, or files and memory in their place.

use std::time::Duration;

use crate::fault::Fault;
use crate::settings::Settings;

pub mod breaker;
pub mod door;
pub mod file;
pub mod gateway;
pub mod http;
pub mod mail;
pub mod pace;
pub mod sms;
pub mod smtp;
pub mod twilio;

pub use gateway::{Gateway, Gateways};
pub use mail::{Cover, Mail, MailCarrier};
pub use sms::Sms;

/// What became of one try to hand a message over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handover {
    /// The carrier has it, under its own name for it when it gives one.
    Accepted { id: Option<String> },
    /// It will never be taken: another try would be refused as well.
    Refused(Failure),
    /// Certainly not taken, because of an outage or a limit: later, or by another gateway.
    Later { failure: Failure, after: Option<Duration> },
    /// Certainly not taken, and this message will not be before the operator acts; others may.
    Barred(Failure),
    /// Certainly not taken, and nothing will be before the operator acts.
    Blocked(Failure),
    /// No answer, or none that can be read: it may have been taken.
    Unsure(Failure),
}

/// What a carrier says of a message that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// On its way.
    Underway,
    Delivered,
    Failed(Failure),
}

/// An SMS that a gateway says it took for a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub id: String,
    pub delivery: Delivery,
    /// Its text is the one that was asked for; a gateway that keeps no texts can't say.
    pub is_ours: bool,
}

/// What went wrong: in our words, and the carrier's code if it gave one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub reason: Reason,
    pub code: Option<String>,
}

/// What can go wrong, as pages and operators are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The number can't receive an SMS.
    Number,
    /// The phone is off, or out of reach.
    Unreachable,
    /// The carrier asks to slow down.
    Limit,
    /// The carrier is away or broken.
    Outage,
    /// Account, sender or permissions: the voter can do nothing.
    Operator,
    /// The mailbox, or its domain, refuses the mail.
    Mailbox,
    MailboxFull,
    MailboxUnknown,
    /// The carrier took the message and could not deliver it, for a reason that is not in our list.
    Undelivered,
    /// Sealed with another master secret.
    Unreadable,
    /// What it brings works no longer.
    Replaced,
}

impl Reason {
    pub const ALL: [Self; 11] = [
        Self::Number,
        Self::Unreachable,
        Self::Limit,
        Self::Outage,
        Self::Operator,
        Self::Mailbox,
        Self::MailboxFull,
        Self::MailboxUnknown,
        Self::Undelivered,
        Self::Unreadable,
        Self::Replaced,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Unreachable => "unreachable",
            Self::Limit => "limit",
            Self::Outage => "outage",
            Self::Operator => "operator",
            Self::Mailbox => "mailbox",
            Self::MailboxFull => "mailbox-full",
            Self::MailboxUnknown => "mailbox-unknown",
            Self::Undelivered => "undelivered",
            Self::Unreadable => "unreadable",
            Self::Replaced => "replaced",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    pub fn with(self, code: impl Into<String>) -> Failure {
        Failure { reason: self, code: Some(code.into()) }
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self { reason, code: None }
    }
}

#[derive(Debug)]
pub struct Carriers {
    pub mail: MailCarrier,
    pub sms: Gateways,
}

impl Carriers {
    pub fn from_settings(settings: &Settings) -> Result<Self, Fault> {
        Ok(Self { mail: MailCarrier::from_settings(settings)?, sms: Gateways::from_settings(settings)? })
    }
}
