//! The schema: brought up to date by many at once, under those who read, beside other versions; and whether anything can
//! be written.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use guichet::db::{Db, Patience};
use guichet::portal::Portal;
use guichet::schema::{self, Standing};
use guichet::web;
use guichet_migrations::Migrator;
use rocket::local::asynchronous::Client;
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::MigratorTrait;
use secrecy::ExposeSecret as _;

use crate::support::app::{create_database, peer};
use crate::support::{App, Backend, PASSWORD, on_both, voter};

/// The steps that no later version has to run beside: those of before the rule.
const FREE: usize = 12;

fn url(app: &App) -> String {
    app.portal.settings.database.url.expose_secret().to_owned()
}

/// Another database of the same kind, with nothing in it.
async fn empty(app: &App) -> String {
    if app.portal.db.is_postgres() {
        create_database(&std::env::var("GUICHET_TEST_POSTGRES").unwrap()).await
    } else {
        format!("sqlite://{}", app.folder.path().join("empty.sqlite").display())
    }
}

async fn all(db: &Db, query: &str) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn tables(db: &Db) -> Vec<String> {
    let query = if db.is_postgres() {
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
    };
    all(db, query).await
}

fn migrating(app: &App, url: &str) -> Child {
    let mut command = app.command();
    command.arg("migrate").env("GUICHET_DATABASE__URL", url).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

on_both! {
    async fn six_migrations_at_once_all_succeed(app: App) {
        let url = empty(&app).await;
        let migrations: Vec<_> = (0..6).map(|_| migrating(&app, &url)).collect();
        for mut migration in migrations {
            assert!(migration.wait().unwrap().success());
        }
        let db = Db::connect(&url, 1, Patience::COMMANDS).await.unwrap();
        assert_eq!(schema::standing(&db).await.unwrap(), Standing::Current);
        assert_eq!(all(&db, "SELECT version FROM seaql_migrations").await.len(), Migrator::migrations().len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_step_that_waits_for_a_reader_holds_nobody_up_for_long() {
    let Some(server) = peer("GUICHET_TEST_POSTGRES", "schema::a_step_that_waits_for_a_reader…") else { return };
    let app = App::start(Backend::Postgres(server)).await;
    let url = empty(&app).await;
    let db = Db::connect(&url, 3, Patience::COMMANDS).await.unwrap();
    // Before a step that changes a table in use.
    Migrator::up(db.unbounded(), Some(9)).await.unwrap();
    let reader = db.begin().await.unwrap();
    reader.execute_unprepared("SELECT COUNT(*) FROM message").await.unwrap();
    let mut migration = migrating(&app, &url);
    let began = Instant::now();
    let mut longest = Duration::ZERO;
    while began.elapsed() < Duration::from_secs(8) {
        let asked = Instant::now();
        db.execute_unprepared("SELECT COUNT(*) FROM message").await.unwrap();
        longest = longest.max(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
        reader.execute_unprepared("SELECT 1").await.unwrap();
    }
    assert!(migration.try_wait().unwrap().is_none(), "it waits for the reader");
    drop(reader);
    assert!(migration.wait().unwrap().success());
    assert!(longest < Duration::from_millis(1500), "a page waited {longest:?}");
    assert!(longest > Duration::from_millis(500), "nobody was in the way: {longest:?}");
    assert_eq!(schema::standing(&db).await.unwrap(), Standing::Current);
}

on_both! {
    /// The next version has migrated, and this one serves on: it names the columns that it writes.
    async fn this_version_runs_beside_the_next_schema(app: App) {
        let db = &app.portal.db;
        for table in tables(db).await.iter().filter(|table| *table != "seaql_migrations") {
            for change in [
                format!("ALTER TABLE {table} ADD COLUMN next_nullable TEXT"),
                format!("ALTER TABLE {table} ADD COLUMN next_defaulted BIGINT NOT NULL DEFAULT 7"),
                format!("CREATE INDEX next_of_{table} ON {table} (next_defaulted)"),
            ] {
                db.execute_unprepared(&change).await.unwrap();
            }
        }
        db.execute_unprepared("CREATE TABLE next (id BIGINT PRIMARY KEY)").await.unwrap();
        db.execute_unprepared("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_next', 0)").await.unwrap();
        assert_eq!(schema::standing(db).await.unwrap(), Standing::Ahead);
        app.browser().get("/readyz").await.expect(200, "");

        app.enrol(&[voter(1), voter(2)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        browser.ask_identifier(&voter(1), "06 12 34 56 78").await.expect(200, "issued");
        app.drain().await;
        assert_eq!(app.sms().len(), 1);
        app.browser().post(&app.mailed_link(&voter(1).email, "/pas-moi/"), &[]).await.expect(200, "frozen");
        app.drain().await;
        app.browser().sign_in(&voter(1), "Autre9chose").await.expect(422, "sign-in-refused");
        assert_eq!(app.browser().sign_in(&voter(1), PASSWORD).await.path, "/electeur");
        let election = app.election.id.to_string();
        let reason = "appel du 24 novembre";
        for arguments in [
            &["migrate"][..],
            &["election", "list"],
            &["outbox", "list"],
            &["voter", "show", "--election", &election, "--email", &voter(1).email],
            &["voter", "unfreeze", "--election", &election, "--email", &voter(1).email, "--reason", reason],
            &["voter", "voted", "--election", &election, "--email", &voter(2).email, "--reason", reason],
        ] {
            let done = app.command().args(arguments).output().unwrap();
            assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        }
        let said = app.command().arg("migrate").output().unwrap();
        assert!(String::from_utf8_lossy(&said.stdout).contains("plus récente"));
    }
}

/// Each column, and whether an INSERT that does not name it fails.
async fn columns(db: &Db) -> BTreeMap<String, bool> {
    let query = if db.is_postgres() {
        "SELECT table_name || '.' || column_name || \
         CASE WHEN is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' THEN ' required' ELSE '' END \
         FROM information_schema.columns WHERE table_schema = 'public'"
    } else {
        "SELECT tables.name || '.' || columns.name || \
         CASE WHEN columns.\"notnull\" AND columns.dflt_value IS NULL AND NOT columns.pk THEN ' required' ELSE '' END \
         FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
    };
    let told = all(db, query).await;
    told.into_iter()
        .map(|column| (column.trim_end_matches(" required").to_owned(), column.ends_with(" required")))
        .collect()
}

on_both! {
    /// What it wrote, the version of before can still write: see "Upgrade" in docs/operations.md.
    async fn a_step_only_adds(app: App) {
        let db = Db::connect(&empty(&app).await, 1, Patience::COMMANDS).await.unwrap();
        let steps = Migrator::migrations();
        Migrator::up(db.unbounded(), u32::try_from(FREE).ok()).await.unwrap();
        for step in &steps[FREE..] {
            let (before, tables) = (columns(&db).await, tables(&db).await);
            Migrator::up(db.unbounded(), Some(1)).await.unwrap();
            let after = columns(&db).await;
            let step = step.name();
            for (column, required) in &before {
                assert!(after.contains_key(column), "{step} takes {column} away");
                assert!(*required || !after[column], "{step} demands {column}");
            }
            for (column, required) in after.iter().filter(|(column, _)| !before.contains_key(*column)) {
                let is_of_a_new_table = !tables.iter().any(|table| column.starts_with(&format!("{table}.")));
                assert!(is_of_a_new_table || !required, "{step} adds {column}, which the version of before leaves out");
            }
        }
        assert_eq!(schema::standing(&db).await.unwrap(), Standing::Current);
    }
}

/// What `/readyz` says of a database.
async fn readiness(app: &App, url: &str) -> (u16, String) {
    let mut settings = (*app.portal.settings).clone();
    settings.database.url = url.into();
    let portal = Portal::open(settings, Patience::PAGES).await.unwrap();
    let client = Client::untracked(web::rocket(portal, app.figment.clone())).await.unwrap();
    let answer = client.get("/readyz").header(rocket::http::Header::new("Host", "localhost:8000")).dispatch().await;
    (answer.status().code, answer.into_string().await.unwrap())
}

on_both! {
    async fn a_database_without_its_schema_is_not_ready_and_stays_as_it_is(app: App) {
        let url = empty(&app).await;
        let (status, said) = readiness(&app, &url).await;
        assert_eq!((status, said.contains("guichet migrate")), (503, true), "{said}");
        let db = Db::connect(&url, 1, Patience::COMMANDS).await.unwrap();
        assert!(tables(&db).await.is_empty());
        assert_eq!(readiness(&app, &self::url(&app)).await.0, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_may_only_read_is_not_ready_and_what_may_not_create_is() {
    let Some(server) = peer("GUICHET_TEST_POSTGRES", "schema::what_may_only_read_is_not_ready…") else { return };
    let app = App::start(Backend::Postgres(server)).await;
    let name = url(&app).rsplit_once('/').unwrap().1.to_owned();
    let role = |rights: &str| format!("{name}_{rights}");
    let as_role = |rights: &str| url(&app).replace("postgres@", &format!("{}@", role(rights)));
    for (rights, may) in [("reads", "SELECT"), ("writes", "SELECT, INSERT, UPDATE, DELETE")] {
        let role = role(rights);
        for statement in [
            format!("CREATE ROLE {role} LOGIN"),
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned(),
            format!("GRANT {may} ON ALL TABLES IN SCHEMA public TO {role}"),
        ] {
            app.portal.db.execute_unprepared(&statement).await.unwrap();
        }
    }
    assert_eq!(readiness(&app, &as_role("writes")).await, (200, "ready\n".to_owned()));
    assert_eq!(readiness(&app, &as_role("reads")).await.0, 503);
    let read_only = format!("ALTER ROLE {} SET default_transaction_read_only = on", role("writes"));
    app.portal.db.execute_unprepared(&read_only).await.unwrap();
    assert_eq!(readiness(&app, &as_role("writes")).await.0, 503);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_portal_comes_back_by_itself_when_its_database_can_be_written_again() {
    let Some(server) = peer("GUICHET_TEST_POSTGRES", "schema::a_portal_comes_back_by_itself…") else { return };
    let app = App::start(Backend::Postgres(server)).await;
    let name = url(&app).rsplit_once('/').unwrap().1.to_owned();
    let elsewhere = Db::connect(&std::env::var("GUICHET_TEST_POSTGRES").unwrap(), 1, Patience::COMMANDS).await.unwrap();
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    for (setting, status) in [("on", 503), ("off", 200)] {
        let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = {setting}");
        elsewhere.execute_unprepared(&set).await.unwrap();
        if setting == "on" {
            elsewhere.execute_unprepared(&end).await.unwrap();
        }
        let began = Instant::now();
        while app.browser().get("/readyz").await.status != status {
            assert!(began.elapsed() < Duration::from_secs(10), "it stays as it was: {setting}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_file_that_can_only_be_read_is_not_ready() {
    let app = App::start(Backend::Sqlite).await;
    assert_eq!(readiness(&app, &url(&app)).await.0, 200);
    assert_eq!(readiness(&app, &format!("{}?mode=ro", url(&app))).await.0, 503);
}
