//! The portal: everything that a command needs, cheap to clone.

use std::sync::Arc;

use secrecy::ExposeSecret;
use tokio::sync::watch;

use crate::carriers::Carriers;
use crate::db::{Db, Patience};
use crate::fault::Fault;
use crate::hashing::Hasher;
use crate::metrics::Metrics;
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
    pub metrics: Arc<Metrics>,
    /// Told when a message waits, so that the worker does not sleep on it.
    pub work_waits: watch::Sender<()>,
}

impl Portal {
    /// The portal that the settings describe, for work of some patience.
    pub async fn open(settings: Settings, patience: Patience) -> Result<Self, Fault> {
        let database = &settings.database;
        Ok(Self {
            db: Db::connect(database.url.expose_secret(), database.of_pages(), patience).await?,
            keys: settings.keys().ok_or_else(|| Fault::new("no master secret"))?,
            clock: Clock::System,
            chance: Chance::System,
            carriers: Arc::new(Carriers::from_settings(&settings)?),
            hasher: Arc::new(Hasher::new(&settings.password_hash)?),
            texts: Arc::new(Texts::load()?),
            metrics: Arc::default(),
            work_waits: watch::Sender::new(()),
            settings: Arc::new(settings),
        })
    }

    /// The same portal for the worker: it waits longer for the database, on connections of its own.
    pub async fn for_worker(&self) -> Result<Self, Fault> {
        let database = &self.settings.database;
        let db = self.db.beside(database.url.expose_secret(), database.of_worker(), Patience::WORKER).await?;
        Ok(Self { db, ..self.clone() })
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The policies of a population. A population that was taken out of the settings is a fault.
    pub fn population(&self, name: &str) -> Result<&Population, Fault> {
        self.settings.populations.get(name).ok_or_else(|| Fault::new(format!("no population {name} in the settings")))
    }

    /// Wakes the worker: a message waits for it.
    pub fn wake_worker(&self) {
        self.work_waits.send_replace(());
    }

    /// An address of the portal, for a letter.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.settings.public_url())
    }
}
