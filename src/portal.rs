//! The portal: everything that a command needs, cheap to clone.

use std::sync::Arc;

use secrecy::ExposeSecret;
use tokio::sync::Notify;

use crate::carriers::Carriers;
use crate::db::Db;
use crate::fault::Fault;
use crate::hashing::Hasher;
use crate::settings::{Population, Settings};
use crate::texts::Texts;
use crate::values::{Chance, Clock, Instant, Keys};

#[derive(Clone, Debug)]
pub struct Portal {
    pub db: Db,
    pub settings: Arc<Settings>,
    pub keys: Keys,
    pub clock: Clock,
    pub chance: Chance,
    pub carriers: Arc<Carriers>,
    pub hasher: Arc<Hasher>,
    pub texts: Arc<Texts>,
    /// Told when a message or a request waits for the worker, so that it does not sleep on it.
    pub work_waits: Arc<Notify>,
}

impl Portal {
    /// The portal that the settings describe.
    pub async fn open(settings: Settings) -> Result<Self, Fault> {
        Ok(Self {
            db: Db::connect(settings.database.url.expose_secret()).await?,
            keys: settings.keys().ok_or_else(|| Fault::new("no master secret"))?,
            clock: Clock::System,
            chance: Chance::System,
            carriers: Arc::new(Carriers::from_settings(&settings)?),
            hasher: Arc::new(Hasher::new(&settings.password_hash)?),
            texts: Arc::new(Texts::load()?),
            work_waits: Arc::new(Notify::new()),
            settings: Arc::new(settings),
        })
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The policies of a population. A population that was taken out of the settings is a fault.
    pub fn population(&self, name: &str) -> Result<&Population, Fault> {
        self.settings.populations.get(name).ok_or_else(|| Fault::new(format!("no population {name} in the settings")))
    }

    /// An address of the portal, for a letter.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.settings.public_url())
    }
}
