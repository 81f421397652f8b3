//! Recognisable secrets walk the whole path; none of them stays in the database or in the log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use guichet::values::VotingIdentifier;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{App, PASSWORD, on_both, voter};

/// A log that a test can read.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every log line of this process, at the most talkative level, of every library.
fn log() -> Lines {
    static LINES: std::sync::OnceLock<Lines> = std::sync::OnceLock::new();
    LINES
        .get_or_init(|| {
            let lines = Lines::default();
            let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(lines.clone());
            tracing::subscriber::set_global_default(subscriber.finish()).expect("one log for all tests");
            lines
        })
        .clone()
}

on_both! {
    async fn no_secret_stays_in_the_database_or_in_the_log(app: App) {
        let log = log();
        let mut canary = voter(77);
        canary.numen = "77C7654321QQZ".into();
        canary.birthdate = "17/11/1977".into();
        app.enrol(&[canary.clone()]).await;
        let browser = app.browser();
        browser.arrive(&app, &canary).await;
        let mut wrong = canary.clone();
        wrong.numen = "77C7654321QQW".into();
        browser.ask_identifier(&wrong, "06 77 77 01 23").await.expect(422, "identity-refused");
        browser.ask_identifier(&canary, "06 77 77 01 23").await.expect(200, "issued");
        // Read before and after sending: sealed, then erased.
        let waiting = everything(&app).await;
        app.drain().await;
        app.sms_answers(vec![guichet::carriers::Handover::Refused(guichet::carriers::Reason::Number.with("21211"))]);
        browser.ask_identifier(&canary, "06 77 77 04 56").await.expect(200, "issued");
        app.drain().await;
        let sent = everything(&app).await;
        let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
        assert!(logged.contains("message accepted") && logged.contains("/electeur/identifiant"), "the log was read");

        let identifier = app.sms()[0].text.split_whitespace().find_map(VotingIdentifier::parse).unwrap().text();
        let session = browser.cookies.lock().unwrap()["guichet-session"].clone();
        let token = |path| app.mailed_link(&canary.email, path).rsplit('/').next().unwrap().to_owned();
        let secrets = [
            ("NUMEN", canary.numen.clone()),
            ("wrong NUMEN", wrong.numen.clone()),
            ("birthdate", canary.birthdate.clone()),
            ("birthdate", "1977-11-17".into()),
            ("phone", "677770123".into()),
            ("phone", "677770456".into()),
            ("phone", "77 77 01 23".into()),
            ("password", PASSWORD.into()),
            ("link", token("/mot-de-passe/nouveau/")),
            ("disavowal", token("/pas-moi/")),
            ("session", session),
            ("identifier", identifier.clone()),
            ("identifier", identifier.replace('-', "")),
        ];
        for (name, secret) in &secrets {
            for (place, text) in [("waiting database", &waiting), ("database", &sent), ("log", &logged)] {
                assert!(!text.contains(secret.as_str()), "{name} in the {place}");
            }
        }
        assert!(sent.contains(&canary.email), "the database was read");
        assert!(!logged.contains(&canary.email), "address in the log");
    }
}

/// The whole database as text: the very file, or every row of every table.
async fn everything(app: &App) -> String {
    let db = &app.portal.db;
    let mut text = String::new();
    if db.get_database_backend() == DbBackend::Sqlite {
        for entry in std::fs::read_dir(app.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("guichet.sqlite") {
                text += &String::from_utf8_lossy(&std::fs::read(path).unwrap());
            }
        }
        return text;
    }
    let query = |sql: String| Statement::from_string(DbBackend::Postgres, sql);
    let tables = db.query_all_raw(query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'".into())).await;
    for table in tables.unwrap() {
        let table: String = table.try_get_by_index(0).unwrap();
        let rows = db.query_all_raw(query(format!("SELECT t::text FROM {table} t"))).await.unwrap();
        for row in rows {
            text += &row.try_get_by_index::<String>(0).unwrap();
        }
    }
    text
}
