//! A portal on a database of its own, with a stopped clock and carriers that only remember.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use guichet::carriers::gateway::Kind;
use guichet::carriers::sms::SmsMemory;
use guichet::carriers::{Carriers, Delivery, Gateway, Gateways, Handover, Mail, MailCarrier, Sms};
use guichet::db::Patience;
use guichet::entities::election;
use guichet::portal::Portal;
use guichet::roll::election::Added;
use guichet::roll::import::Summary;
use guichet::roll::{self, parse::LineFault};
use guichet::settings::{self, Settings};
use guichet::values::{Clock, Instant};
use guichet::{web, worker};
use guichet_migrations::Migrator;
use rocket::figment::Figment;
use rocket::local::asynchronous::Client;
use sea_orm::{ConnectionTrait, Database};
use sea_orm_migration::MigratorTrait;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::{Browser, Voter};

/// The fixed answer of every security code.
pub const CAPTCHA: &str = "ABCDE";

pub enum Backend {
    Sqlite,
    /// The address of a server on which databases may be made.
    Postgres(String),
}

pub struct App {
    pub portal: Portal,
    pub client: Arc<Client>,
    pub election: election::Model,
    pub figment: Figment,
    mails: Arc<Mutex<Vec<Mail>>>,
    sms: Arc<Mutex<SmsMemory>>,
    pub folder: TempDir,
}

/// The address of a test server, or nothing, said aloud.
pub fn peer(variable: &str, test: &str) -> Option<String> {
    let found = std::env::var(variable).ok();
    if found.is_none() {
        // Straight to the terminal: the test runner would keep a print to itself.
        let _ = writeln!(std::io::stderr(), "skipped: {test} ({variable} is not set; see scripts/test)");
    }
    found
}

/// Tuesday 24 November 2026, 10:00 in Paris.
pub fn opening_day() -> Instant {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

impl App {
    pub async fn start(backend: Backend) -> Self {
        Self::start_with(backend, |figment| figment).await
    }

    pub async fn start_with(backend: Backend, adjust: impl FnOnce(Figment) -> Figment) -> Self {
        let folder = TempDir::new().unwrap();
        let url = match &backend {
            Backend::Sqlite => format!("sqlite://{}", folder.path().join("guichet.sqlite").display()),
            Backend::Postgres(server) => create_database(server).await,
        };
        let figment = adjust(
            settings::figment()
                .select("demo")
                .merge(("portal.public_url", "http://localhost:8000"))
                .merge(("portal.secret", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="))
                .merge(("database.url", url))
                .merge(("captcha.fixed_answer", CAPTCHA))
                .merge(("throttle.origin_posts_per_minute", 100_000))
                .merge(("throttle.origin_recoveries_per_minute", 60_000))
                // Cheap hashes: what is tested here is not their strength.
                .merge(("password_hash.memory_kib", 16))
                .merge(("password_hash.iterations", 1)),
        );
        let settings = Settings::read(&figment).unwrap();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let sms = Arc::new(Mutex::new(SmsMemory::default()));
        let mut portal = Portal::open(settings, Patience::PAGES).await.unwrap();
        portal.clock = Clock::stopped_at(opening_day());
        portal.carriers = Arc::new(Carriers {
            mail: MailCarrier::memory(Arc::clone(&mails)),
            sms: Gateways::new(vec![Gateway::new("memory", Kind::Memory(Arc::clone(&sms)), 0)]),
        });
        Migrator::up(portal.db.unbounded(), None).await.unwrap();
        let election = add_election(&portal, "Élections professionnelles 2026").await;
        let client = Arc::new(Client::untracked(web::rocket(portal.clone(), figment.clone())).await.unwrap());
        Self { portal, client, election, figment, mails, sms, folder }
    }

    /// The same app under another public address, with carriers made by the test; mails still go to memory.
    pub async fn with_carriers(
        mut self,
        public_url: &str,
        carriers: impl FnOnce(Arc<Mutex<Vec<Mail>>>) -> Arc<Carriers>,
    ) -> Self {
        let mut settings = (*self.portal.settings).clone();
        settings.portal.public_url = public_url.to_owned();
        self.portal.settings = Arc::new(settings);
        self.portal.carriers = carriers(Arc::clone(&self.mails));
        let rocket = web::rocket(self.portal.clone(), self.figment.clone());
        self.client = Arc::new(Client::untracked(rocket).await.unwrap());
        self
    }

    pub fn browser(&self) -> Browser {
        Browser::new(Arc::clone(&self.client))
    }

    /// Puts voters on the roll of the app's election.
    pub async fn enrol(&self, voters: &[Voter]) {
        self.enrol_in(&self.election, voters).await;
    }

    pub async fn enrol_in(&self, election: &election::Model, voters: &[Voter]) {
        let mut content = format!("{}\n", Voter::HEADER);
        for voter in voters {
            writeln!(content, "{}", voter.line()).unwrap();
        }
        let (summary, faults) = self.import(election, content.as_bytes(), false).await.unwrap();
        assert_eq!((summary.refused, faults.len()), (0, 0), "{faults:?}");
    }

    pub async fn import(
        &self,
        election: &election::Model,
        content: &[u8],
        dry_run: bool,
    ) -> Result<(Summary, Vec<LineFault>), String> {
        let path = self.file("roll.csv", content);
        let mut faults = Vec::new();
        let mut tell = |fault: &LineFault| {
            faults.push(fault.clone());
            Ok(())
        };
        let file = std::fs::File::open(path).unwrap();
        let imported =
            roll::import::import(&self.portal, election, &file, "alix", dry_run, &mut tell, &mut |_| ()).await;
        imported.unwrap().map(|summary| (summary, faults))
    }

    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub async fn add_election(&self, name: &str) -> election::Model {
        add_election(&self.portal, name).await
    }

    /// Lets the worker do all that is due.
    pub async fn drain(&self) {
        worker::drain(&self.portal).await.unwrap();
    }

    pub fn wait(&self, duration: chrono::Duration) {
        self.portal.clock.advance(duration);
    }

    /// Lets the election's window be open today, too: for tests with a process that reads the real clock.
    pub async fn open_the_window(&self) {
        let wide = "UPDATE election SET reissue_opens = '2020-01-01 00:00:00+00:00', \
                    reissue_closes = '2099-01-01 00:00:00+00:00'";
        self.portal.db.execute_unprepared(wide).await.unwrap();
    }

    /// The binary, on this app's database.
    pub fn command(&self) -> Command {
        let settings = &self.portal.settings;
        let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
        command
            .current_dir(self.folder.path())
            .env("ROCKET_PROFILE", "demo")
            .env("GUICHET_PORTAL__SECRET", settings.portal.secret.as_ref().unwrap().expose_secret())
            .env("GUICHET_DATABASE__URL", settings.database.url.expose_secret());
        command
    }

    /// The mails to an address, oldest first.
    pub fn mails_to(&self, email: &str) -> Vec<Mail> {
        self.mails.lock().unwrap().iter().filter(|mail| mail.to == email).cloned().collect()
    }

    pub fn sms(&self) -> Vec<Sms> {
        self.sms.lock().unwrap().sent.clone()
    }

    /// The SMS carrier's next answers.
    pub fn sms_answers(&self, answers: Vec<Handover>) {
        self.sms.lock().unwrap().answers = answers;
    }

    /// What the SMS carrier says of a message that it may have taken.
    pub fn sms_found(&self, id: &str, delivery: Delivery) {
        self.sms.lock().unwrap().found = Some((id.to_owned(), delivery));
    }

    /// The link in the latest mail to an address.
    pub fn mailed_link(&self, email: &str, path: &str) -> String {
        let mails = self.mails_to(email);
        let text =
            mails.iter().rev().map(|mail| &mail.text).find(|text| text.contains(path)).expect("a mail with a link");
        let link = text.split_whitespace().find(|word| word.contains(path)).unwrap();
        let public_url = self.portal.settings.public_url();
        link.strip_prefix(public_url).expect("links are built from the public address").to_owned()
    }

    /// One number from the database.
    pub async fn count(&self, query: &str) -> i64 {
        let statement = sea_orm::Statement::from_string(self.portal.db.get_database_backend(), query);
        self.portal.db.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }
}

async fn add_election(portal: &Portal, name: &str) -> election::Model {
    let file = format!(
        r#"
        name = "{name}"
        reissue_opens = 2026-11-23T10:00:00+01:00
        reissue_closes = 2026-12-03T17:00:00+01:00
        territories = ["FR", "GP", "MQ", "GF", "RE", "YT", "PM", "NC", "PF", "WF"]
        support = {{ phone = "01 23 45 67 89", email = "assistance@example.fr", hours = "de 9 h à 18 h" }}
        "#
    );
    let (Added::New(id) | Added::Known(id)) = roll::election::add(portal, &file).await.unwrap().unwrap();
    roll::election::find(portal, id).await.unwrap().unwrap()
}

pub async fn create_database(server: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
    let name = format!("guichet_{}_{number}", std::process::id());
    let db = Database::connect(server).await.unwrap();
    db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

/// The values of a page's inputs, by name.
pub fn inputs(html: &str) -> HashMap<String, String> {
    html.split("<input ")
        .skip(1)
        .filter_map(|input| {
            let input = input.split_once('>')?.0;
            let attribute = |name: &str| {
                let (_, rest) = input.split_once(&format!("{name}=\""))?;
                Some(rest.split_once('"')?.0.to_owned())
            };
            Some((attribute("name")?, attribute("value").unwrap_or_default()))
        })
        .collect()
}
