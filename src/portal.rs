//! The portal: everything that a command needs, cheap to clone.

use std::sync::Arc;
use std::time;

use secrecy::ExposeSecret;
use tokio::sync::watch;

use crate::carriers::Carriers;
use crate::claims::Claims;
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
    pub claims: Arc<Claims>,
    /// Told when a message waits, so that the worker does not sleep on it.
    pub work_waits: watch::Sender<()>,
}

impl Portal {
    /// The portal that the settings describe, for work of some patience.
    pub async fn open(settings: Settings, patience: Patience) -> Result<Self, Fault> {
        let database = &settings.database;
        let db = Db::connect(database.url.expose_secret(), database.of_pages(), patience).await?;
        let portal = Self {
            keys: settings.keys().ok_or_else(|| Fault::new("no master secret"))?,
            // The file of an SQLite database has no other time than its machine's.
            clock: if db.is_postgres() { Clock::led(chrono::Duration::zero()) } else { Clock::System },
            db,
            chance: Chance::System,
            carriers: Arc::new(Carriers::from_settings(&settings)?),
            hasher: Arc::new(Hasher::new(&settings.password_hash)?),
            texts: Arc::new(Texts::load()?),
            metrics: Arc::default(),
            claims: Arc::new(Claims::new(&Chance::System)),
            work_waits: watch::Sender::new(()),
            settings: Arc::new(settings),
        };
        portal.hear_the_time().await?;
        Ok(portal)
    }

    /// The same portal for the worker: it waits longer for the database, on connections of its own.
    pub async fn for_worker(&self) -> Result<Self, Fault> {
        let database = &self.settings.database;
        let db = self.db.beside(database.url.expose_secret(), database.of_worker(), Patience::WORKER).await?;
        Ok(Self { db, ..self.clone() })
    }

    /// The database's time, on PostgreSQL: leases, validity and all else that is written go by it, in every process.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Asks the database for its time.
    pub async fn hear_the_time(&self) -> Result<(), Fault> {
        if !self.clock.is_led() {
            return Ok(());
        }
        let asked = time::Instant::now();
        if let Some(told) = self.db.time().await? {
            self.clock.hear(told, asked.elapsed());
        }
        Ok(())
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
