//! The schema: how far a database is, the steps that it lacks, and whether anything can be written to it.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use guichet_migrations::Migrator;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;
use tokio::time::{Instant, sleep};

use crate::db::{Db, Patience};
use crate::fault::Fault;

/// Whose turn it is to change the schema, on PostgreSQL: a number that nobody else's locks have.
const TURN: i64 = 0x6775_6963_6865_7401;
/// How long a migration waits for another one, and for tables that others hold.
const PATIENCE: Duration = Duration::from_secs(120);
/// Meanwhile the pages that queued behind a step get on.
const PAUSE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How far a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Steps are missing, or all of them.
    Behind,
    /// It has every step of this version.
    Current,
    /// It has these and some of a later version, beside which this one runs.
    Ahead,
}

/// Looks how far a database is. It reads, and needs no right to create anything.
pub async fn standing(db: &Db) -> Result<Standing, Fault> {
    let backend = db.get_database_backend();
    let there = match backend {
        DbBackend::Postgres => "SELECT 1 WHERE to_regclass('seaql_migrations') IS NOT NULL",
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'",
    };
    if db.query_one_raw(Statement::from_string(backend, there)).await?.is_none() {
        return Ok(Standing::Behind);
    }
    let applied = db.query_all_raw(Statement::from_string(backend, "SELECT version FROM seaql_migrations")).await?;
    let applied: HashSet<String> = applied.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    let ours: HashSet<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    Ok(if !ours.is_subset(&applied) {
        Standing::Behind
    } else if applied.len() > ours.len() {
        Standing::Ahead
    } else {
        Standing::Current
    })
}

/// Whether the portal can write. Nothing is written to find out; that a disk is full shows only when something is.
pub async fn can_be_written(db: &Db) -> Result<bool, Fault> {
    if !db.is_postgres() {
        let work = db.begin().await?;
        return Ok(work.execute_unprepared("DELETE FROM message WHERE FALSE").await.is_ok());
    }
    // A standby, a database or a role set to read only, missing rights: on one table of each kind of use.
    let asked = "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' \
                 AND (SELECT bool_and(has_table_privilege(name, may)) \
                      FROM unnest(ARRAY['session', 'voter', 'message', 'recovery_request']) AS name, \
                           unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS may)";
    let told = db.query_one_raw(Statement::from_string(DbBackend::Postgres, asked)).await?;
    let can_be_written = told.map(|told| told.try_get_by_index(0)).transpose()?.unwrap_or(false);
    if !can_be_written {
        db.distrust();
    }
    Ok(can_be_written)
}

/// Runs the steps that a database lacks, one process at a time. `tell` is called with a French sentence where it has to wait.
///
/// # Errors
/// Another migration, or somebody who holds a table, was waited for in vain; each step is done whole or not at all.
pub async fn migrate(url: &str, tell: &mut impl FnMut(&str)) -> Result<Standing, Fault> {
    // One connection: the turn on PostgreSQL is its own, and ends with it, however it ends.
    let db = Db::connect(url, 1, Patience::STEPS).await?;
    let until = Instant::now() + PATIENCE;
    loop {
        // Anew each time: a connection that was lost has lost its turn.
        let _turn = turn(&db, url, until, tell).await?;
        let standing = standing(&db).await?;
        if standing != Standing::Behind {
            db.close().await?;
            return Ok(standing);
        }
        match Migrator::up(db.unbounded(), None).await.map_err(Fault::from) {
            Ok(()) => {}
            // Somebody reads a table for long. Whoever comes behind a step that waits would wait, too.
            Err(fault) if fault.is_away() && Instant::now() < until => {
                tell("Une table est occupée : nouvel essai dans un instant.\n");
                sleep(PAUSE).await;
            }
            Err(fault) => return Err(fault),
        }
    }
}

/// The turn to change the schema, as long as it is held: on SQLite a lock on the database's folder, which leaves no file.
async fn turn(db: &Db, url: &str, until: Instant, tell: &mut impl FnMut(&str)) -> Result<Option<File>, Fault> {
    let folder = if db.is_postgres() { None } else { Some(File::open(folder(url))?) };
    let mut told = false;
    loop {
        let is_ours = match &folder {
            Some(folder) => match folder.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(error)) => return Err(error.into()),
            },
            None => locks(db.unbounded()).await?,
        };
        if is_ours {
            return Ok(folder);
        }
        if Instant::now() >= until {
            return Err(Fault::new("une autre mise à jour du schéma est en cours depuis deux minutes"));
        }
        if !told {
            tell("Une autre mise à jour du schéma est en cours : attente.\n");
            told = true;
        }
        sleep(LOOK_AGAIN).await;
    }
}

async fn locks(connection: &DatabaseConnection) -> Result<bool, Fault> {
    let asked = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_try_advisory_lock($1)", [TURN.into()]);
    let told = connection.query_one_raw(asked).await?;
    Ok(told.map(|told| told.try_get_by_index(0)).transpose()?.unwrap_or(false))
}

/// The folder of an SQLite database.
fn folder(url: &str) -> &Path {
    let file = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let folder = Path::new(file.split('?').next().unwrap_or(file)).parent();
    folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
