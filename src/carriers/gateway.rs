//! The SMS gateways in their order: each with a breaker and a pace, the next one taking over when one is away.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::breaker::{Breaker, Passage};
use super::http::HttpGateway;
use super::pace::Pace;
use super::sms::SmsMemory;
use super::twilio::Twilio;
use super::{Delivery, Handover, Reason, Sms, file};
use crate::fault::Fault;
use crate::settings::{GatewaySettings, Settings, SmsChoice};
use crate::values::Instant;

/// The gateways, preferred ones first.
#[derive(Debug)]
pub struct Gateways(Vec<Gateway>);

#[derive(Debug)]
pub struct Gateway {
    pub name: String,
    kind: Kind,
    breaker: Mutex<Breaker>,
    pace: Option<Pace>,
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
        let pace = NonZeroU32::new(settings.sms.per_second);
        let mut list = vec![match settings.sms.carrier {
            SmsChoice::File => Gateway::new("file", Kind::File(settings.outbox_folder()), pace),
            SmsChoice::Twilio => {
                Gateway::new("twilio", Kind::Twilio(Twilio::new(&settings.sms.twilio, settings)?), pace)
            }
        }];
        for name in &settings.sms.fallbacks {
            let gateway = settings.sms.gateways.get(name).ok_or_else(|| Fault::new(format!("no gateway {name}")))?;
            let kind = match gateway {
                GatewaySettings::Twilio(twilio) => Kind::Twilio(Twilio::new(twilio, settings)?),
                GatewaySettings::Http(http) => Kind::Http(Box::new(HttpGateway::new(http)?)),
            };
            list.push(Gateway::new(name, kind, pace));
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

    /// The first gateway that may be used, and how many messages it may be handed at once.
    pub fn open(&self, now: Instant) -> Option<(&Gateway, u64)> {
        self.0.iter().find_map(|gateway| match gateway.breaker().passage(now) {
            Passage::Free => Some((gateway, u64::MAX)),
            Passage::One => Some((gateway, 1)),
            Passage::NotBefore(_) => None,
        })
    }

    /// The next gateway that may be used for a message which this one certainly did not take.
    pub fn after(&self, gateway: &Gateway, now: Instant) -> Option<&Gateway> {
        let mut later = self.0.iter().skip_while(|other| other.name != gateway.name).skip(1);
        later.find(|other| other.breaker().passage(now) == Passage::Free)
    }
}

impl Gateway {
    pub fn new(name: &str, kind: Kind, pace: Option<NonZeroU32>) -> Self {
        Self { name: name.to_owned(), kind, breaker: Mutex::default(), pace: pace.map(Pace::per_second) }
    }

    /// Hands an SMS over. `reference` is the message's number: receipts come back with it.
    pub async fn send(&self, sms: &Sms, reference: i64, now: Instant) -> Handover {
        self.note_probe(now);
        if let Some(pace) = &self.pace {
            pace.turn().await;
        }
        let handover = match &self.kind {
            Kind::Twilio(twilio) => twilio.send(sms, reference).await,
            Kind::Http(http) => http.send(sms).await,
            Kind::File(folder) => {
                let content = format!("To: {}\n\n{}\n", sms.to, sms.text);
                match file::write(folder, "txt", content.as_bytes(), now).await {
                    Ok(()) => Handover::Accepted { id: None },
                    Err(fault) => Handover::Later { failure: Reason::Outage.with(fault.to_string()), after: None },
                }
            }
            Kind::Memory(memory) => memory.lock().unwrap_or_else(PoisonError::into_inner).take(sms),
        };
        self.learn(&handover, now);
        handover
    }

    /// The messages that it took for a number since a moment, as far as it tells.
    pub async fn look(&self, sms: &Sms, since: Instant) -> Vec<(String, Delivery)> {
        match &self.kind {
            Kind::Twilio(twilio) => twilio.look(sms, since).await,
            Kind::Memory(memory) => {
                memory.lock().unwrap_or_else(PoisonError::into_inner).found.clone().into_iter().collect()
            }
            Kind::Http(_) | Kind::File(_) => Vec::new(),
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

    fn note_probe(&self, now: Instant) {
        let mut breaker = self.breaker();
        if breaker.passage(now) == Passage::One {
            *breaker = breaker.probing();
        }
    }

    fn learn(&self, handover: &Handover, now: Instant) {
        let mut breaker = self.breaker();
        *breaker = match handover {
            Handover::Accepted { .. } | Handover::Refused(_) => breaker.worked(),
            Handover::Later { after: Some(after), .. } => breaker.held(now + *after),
            Handover::Later { .. } | Handover::Unsure(_) => breaker.failed(now),
            Handover::Blocked(_) => breaker.set_aside(now),
        };
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
