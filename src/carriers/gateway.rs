//! The SMS gateways in their order: each behind a door of its own, the next one taking over when one is away.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::door::Door;
use super::http::HttpGateway;
use super::sms::SmsMemory;
use super::twilio::{self, Twilio};
use super::{Delivery, Failure, Handover, Reason, Seen, Sms, file};
use crate::fault::Fault;
use crate::settings::{GatewaySettings, Settings, SmsChoice, TwilioSettings};
use crate::values::{Clock, Instant};

/// The gateways, preferred ones first.
#[derive(Debug)]
pub struct Gateways(Vec<Gateway>);

#[derive(Debug)]
pub struct Gateway {
    pub name: String,
    kind: Kind,
    door: Door,
}

#[derive(Debug)]
pub enum Kind {
    Twilio(Twilio),
    Http(Box<HttpGateway>),
    File(PathBuf),
    Memory(Arc<Mutex<SmsMemory>>),
}

impl Gateways {
    pub fn from_settings(settings: &Settings) -> Result<Self, Fault> {
        let usual = settings.sms.per_second;
        let twilio = |name: &str, twilio: &TwilioSettings| -> Result<Gateway, Fault> {
            let kind = Kind::Twilio(Twilio::new(twilio, settings)?);
            Ok(Gateway::new(name, kind, twilio.per_second.unwrap_or(usual)))
        };
        let mut list = match settings.sms.carrier {
            SmsChoice::File => vec![Gateway::new("file", Kind::File(settings.outbox_folder()), usual)],
            SmsChoice::Twilio => vec![twilio("twilio", &settings.sms.twilio)?],
            SmsChoice::Gateways => Vec::new(),
        };
        for name in &settings.sms.fallbacks {
            let gateway = settings.sms.gateways.get(name).ok_or_else(|| Fault::new(format!("no gateway {name}")))?;
            list.push(match gateway {
                GatewaySettings::Twilio(settings) => twilio(name, settings)?,
                GatewaySettings::Http(http) => {
                    let kind = Kind::Http(Box::new(HttpGateway::new(http)?));
                    Gateway::new(name, kind, http.per_second.unwrap_or(usual))
                }
            });
        }
        Ok(Self(list))
    }

    pub fn new(list: Vec<Gateway>) -> Self {
        Self(list)
    }

    pub fn named(&self, name: &str) -> Option<&Gateway> {
        self.0.iter().find(|gateway| gateway.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Gateway> {
        self.0.iter()
    }

    /// The slowest pace of them all, in messages per second; 0 when none has a limit.
    pub fn slowest(&self) -> u32 {
        self.0.iter().map(|gateway| gateway.door.per_second()).filter(|pace| *pace > 0).min().unwrap_or(0)
    }

    /// The first gateway that may be used, and how many messages it may be handed at once.
    pub fn open(&self, now: Instant) -> Option<(&Gateway, u64)> {
        self.0.iter().find_map(|gateway| Some((gateway, gateway.door.open(now)?)))
    }

    /// The next gateway that may be used for a message which this one certainly did not take.
    pub fn after(&self, gateway: &Gateway, now: Instant) -> Option<&Gateway> {
        let mut later = self.0.iter().skip_while(|other| other.name != gateway.name).skip(1);
        later.find(|other| other.door.open(now).is_some())
    }
}

impl Gateway {
    /// `per_second`: messages, 0 for no limit.
    pub fn new(name: &str, kind: Kind, per_second: u32) -> Self {
        Self { name: name.to_owned(), kind, door: Door::new(per_second) }
    }

    /// Whether it is set aside, or has not worked since it was.
    pub fn is_set_aside(&self) -> bool {
        self.door.is_set_aside()
    }

    /// Hands an SMS over, for as long as it is worth something. Receipts come back with `reference`, which is fit for an
    /// address as it stands.
    pub async fn send(&self, sms: &Sms, reference: &str, worth: Duration, clock: &Clock) -> Handover {
        self.door.enter(clock).await;
        let handover = match &self.kind {
            Kind::Twilio(twilio) => twilio.send(sms, reference, worth).await,
            Kind::Http(http) => http.send(sms).await,
            Kind::File(folder) => {
                let content = format!("To: {}\n\n{}\n", sms.to, sms.text);
                match file::write(folder, "txt", content.as_bytes(), clock.now()).await {
                    Ok(()) => Handover::Accepted { id: None },
                    Err(fault) => Handover::Later { failure: Reason::Outage.with(fault.to_string()), after: None },
                }
            }
            Kind::Memory(memory) => memory.lock().unwrap_or_else(PoisonError::into_inner).take(sms),
        };
        self.door.learn(&handover, clock.now());
        handover
    }

    /// Takes into account what a receipt says of the account as a whole.
    pub fn learn_of(&self, failure: &Failure, now: Instant) {
        if matches!(self.kind, Kind::Twilio(_)) && twilio::concerns_account(failure) {
            self.door.learn(&Handover::Blocked(failure.clone()), now);
        }
    }

    /// The messages that it took for a number since a moment: none from a gateway that never tells, nothing from one that
    /// does not answer now.
    pub async fn look(&self, sms: &Sms, since: Instant) -> Option<Vec<Seen>> {
        match &self.kind {
            Kind::Twilio(twilio) => twilio.look(sms, since).await,
            Kind::Memory(memory) => {
                let found = memory.lock().unwrap_or_else(PoisonError::into_inner).found.clone();
                Some(found.map(|(id, delivery)| Seen { id, delivery, is_ours: false }).into_iter().collect())
            }
            Kind::Http(_) | Kind::File(_) => Some(Vec::new()),
        }
    }

    /// Asks what became of a message that was taken. Nothing when the gateway does not say.
    pub async fn ask(&self, id: &str) -> Option<Delivery> {
        match &self.kind {
            Kind::Twilio(twilio) => twilio.ask(id).await,
            Kind::Memory(memory) => {
                memory.lock().unwrap_or_else(PoisonError::into_inner).found.clone().map(|(_, delivery)| delivery)
            }
            Kind::Http(_) | Kind::File(_) => None,
        }
    }

    /// Whether it ever says what became of a message.
    pub fn tells(&self) -> bool {
        matches!(self.kind, Kind::Twilio(_) | Kind::Memory(_))
    }

    pub fn twilio(&self) -> Option<&Twilio> {
        match &self.kind {
            Kind::Twilio(twilio) => Some(twilio),
            _ => None,
        }
    }
}
