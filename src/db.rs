//! The database: one way to connect and one way to begin a transaction, for SQLite and PostgreSQL.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::fault::Fault;
use crate::private;

/// Longer than any transaction of the portal; a statement that waits more has met a fault.
const PATIENCE: Duration = Duration::from_secs(15);
/// A connection that worked a moment ago is not asked whether it still does.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// A pool of connections, cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pool: DatabaseConnection,
    /// SQLite has one writer. Waiting in line here is fair; waiting in SQLite is sleep and luck.
    writer: Option<Arc<Semaphore>>,
}

/// A transaction that writes. Dropped without a commit, it is rolled back.
#[derive(Debug)]
pub struct Work {
    transaction: DatabaseTransaction,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Db {
    pub async fn connect(url: &str) -> Result<Self, Fault> {
        let mut options = ConnectOptions::new(url);
        options.sqlx_logging(false).acquire_timeout(PATIENCE).connect_timeout(PATIENCE);
        options.test_before_acquire_if_idle_for(TRUSTED_FOR);
        let writer = if url.starts_with("sqlite:") {
            create_file(url).map_err(|fault| closed(url, &fault))?;
            options.max_connections(8).map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    // What a voter was told survives a power cut.
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(PATIENCE)
                    .foreign_keys(true)
            });
            Some(Arc::new(Semaphore::new(1)))
        } else {
            options.max_connections(20);
            None
        };
        let pool = Database::connect(options).await.map_err(|error| match writer {
            Some(_) => closed(url, &error),
            None => error.into(),
        })?;
        Ok(Self { pool, writer })
    }

    /// Begins a transaction that is going to write. On PostgreSQL the rows to decide on are then locked
    /// one by one (READ COMMITTED); SQLite takes the database's write lock at once.
    pub async fn begin(&self) -> Result<Work, Fault> {
        let turn = self.turn().await?;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(Work { transaction: self.pool.begin_with_options(options).await?, _turn: turn })
    }

    /// A transaction that reads, and sees the database as it is at its first question.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, Fault> {
        let isolation = self.is_postgres().then_some(IsolationLevel::RepeatableRead);
        Ok(self.pool.begin_with_config(isolation, Some(AccessMode::ReadOnly).filter(|_| self.is_postgres())).await?)
    }

    /// A turn to write one statement outside of a transaction, to be held until it is done.
    pub async fn turn(&self) -> Result<Option<OwnedSemaphorePermit>, Fault> {
        Ok(match &self.writer {
            Some(writer) => Some(Arc::clone(writer).acquire_owned().await?),
            None => None,
        })
    }

    pub fn is_postgres(&self) -> bool {
        self.pool.get_database_backend() == DbBackend::Postgres
    }
}

impl Deref for Db {
    type Target = DatabaseConnection;

    fn deref(&self) -> &DatabaseConnection {
        &self.pool
    }
}

impl Work {
    pub async fn commit(self) -> Result<(), Fault> {
        Ok(self.transaction.commit().await?)
    }
}

impl Deref for Work {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

/// SQLite writes other files beside the database's.
fn closed(url: &str, fault: &dyn std::fmt::Display) -> Fault {
    let file = url.split('?').next().unwrap_or(url);
    Fault::new(format!(
        "{file} n’a pas pu être ouvert : l’utilisateur du portail doit pouvoir écrire dans ce fichier et dans son dossier ({fault})"
    ))
}

fn create_file(url: &str) -> Result<(), Fault> {
    let file = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let file = Path::new(file.split('?').next().unwrap_or(file));
    if url.contains(":memory:") {
        return Ok(());
    }
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    // SQLite would make it readable by everyone, and gives its other files the same permissions.
    private::options().open(file)?;
    Ok(())
}
