//! The database: one way to connect and one way to begin a transaction, for SQLite and PostgreSQL.

use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::entity::prelude::async_trait::async_trait;
use sea_orm::sqlx::query_scalar;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    ExecResult, IsolationLevel, QueryResult, RuntimeErr, SqliteTransactionMode, SqlxError, Statement,
    TransactionOptions, TransactionTrait,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use crate::fault::{self, Fault};
use crate::private;

/// A connection that worked a moment ago is not asked whether it still does.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// How long a connection that comes back in trouble may take to show that it still works. It is given up then, or a network
/// that swallows everything would keep its place until the system gives up, a quarter of an hour later.
const RELEASE: Duration = Duration::from_secs(5);
/// For so long after a statement that was given up, every connection that comes back is looked at.
const TROUBLE: Duration = Duration::from_secs(60);
/// To open a connection takes no longer, however long the work on it may.
const LONGEST_CONNECT: Duration = Duration::from_secs(15);
/// A connection that is silent is probed so often, and given up by the server after so many probes in vain.
const PROBE: Duration = Duration::from_secs(5);
const PROBES: u64 = 3;
/// By how much an answer of PostgreSQL's that it gives up comes before ours.
const GRACE: Duration = Duration::from_millis(250);

/// How long a kind of work waits for the database, the pool included, before it says that it is not there.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// One statement.
    statement: Duration,
    /// A lock that another transaction holds, within a statement.
    lock: Duration,
    /// A transaction in which nothing is asked, or a connection that is silent: its process is frozen or gone, and what it
    /// holds is needed.
    idle: Duration,
}

impl Patience {
    /// Somebody looks at a page that does not come.
    pub const PAGES: Self = Self::seconds(2, 2, 5);
    /// Nobody waits, and what fails is tried again.
    pub const WORKER: Self = Self::seconds(10, 5, 15);
    /// A step of the schema may take long, and must not hold up those who come behind it while it waits for a table.
    pub const STEPS: Self = Self::seconds(3600, 1, 60);
    /// An administrator's command may have much to read or write.
    pub const COMMANDS: Self = Self::seconds(300, 10, 15);

    const fn seconds(statement: u64, lock: u64, idle: u64) -> Self {
        Self {
            statement: Duration::from_secs(statement),
            lock: Duration::from_secs(lock),
            idle: Duration::from_secs(idle),
        }
    }
}

/// A pool of connections, cheap to clone. A statement that takes longer than the pool's patience is given up.
#[derive(Clone, Debug)]
pub struct Db {
    pool: DatabaseConnection,
    /// SQLite has one writer. Waiting in line here is fair; waiting in SQLite is sleep and luck.
    writer: Option<Arc<Semaphore>>,
    limit: Limit,
}

/// A transaction. Dropped without a commit, it is rolled back.
#[derive(Debug)]
pub struct Work {
    transaction: DatabaseTransaction,
    limit: Limit,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Db {
    /// `connections`: how many at most.
    pub async fn connect(url: &str, connections: u32, patience: Patience) -> Result<Self, Fault> {
        let is_file = url.starts_with("sqlite:");
        if is_file {
            create_file(url).map_err(|fault| closed(url, &fault))?;
        }
        let mut options = ConnectOptions::new(url);
        options
            .sqlx_logging(false)
            .max_connections(connections)
            .acquire_timeout(patience.statement.min(LONGEST_CONNECT));
        options.test_before_acquire_if_idle_for(TRUSTED_FOR);
        options.map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // What a voter was told survives a power cut.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(patience.lock)
                .foreign_keys(true)
        });
        options.map_sqlx_postgres_opts(move |postgres| {
            let limits = [
                ("statement_timeout", patience.statement),
                ("lock_timeout", patience.lock),
                ("idle_in_transaction_session_timeout", patience.idle),
                // What was sent to a machine that is gone, or to a process that reads no more.
                ("tcp_user_timeout", patience.idle),
            ];
            let limits = limits.map(|(name, limit)| (name, limit.as_millis()));
            // A connection that nobody has ended, with nothing under way.
            let probes = [("idle", patience.idle.as_secs()), ("interval", PROBE.as_secs()), ("count", PROBES)];
            let probes = probes.map(|(name, value)| (format!("tcp_keepalives_{name}"), value.to_string()));
            postgres.options(limits.map(|(name, limit)| (name, limit.to_string()))).options(probes)
        });
        let limit = Limit { patience: patience.statement + GRACE, late_at: Arc::default() };
        let lately = limit.clone();
        options.map_sqlx_postgres_pool_opts(move |pool| {
            let lately = lately.clone();
            pool.after_release(move |connection, _| {
                let in_trouble = lately.is_in_trouble();
                Box::pin(async move {
                    if !in_trouble {
                        return Ok(true);
                    }
                    // Where a session began while nothing could be written, it stays so.
                    let asked = query_scalar("SHOW transaction_read_only").fetch_one(connection);
                    let read_only: String = timeout(RELEASE, asked).await.unwrap_or(Err(SqlxError::PoolTimedOut))?;
                    Ok(read_only == "off")
                })
            })
        });
        let pool = Database::connect(options)
            .await
            .map_err(|error| if is_file { closed(url, &error) } else { error.into() })?;
        let writer = is_file.then(|| Arc::new(Semaphore::new(1)));
        Ok(Self { pool, writer, limit })
    }

    /// A pool of its own on the same database: neither of the two can take all connections.
    pub async fn beside(&self, url: &str, connections: u32, patience: Patience) -> Result<Self, Fault> {
        let writer = self.writer.clone();
        Ok(Self { writer, ..Self::connect(url, connections, patience).await? })
    }

    /// Begins a transaction that is going to write. On PostgreSQL the rows to decide on are then locked
    /// one by one (READ COMMITTED); SQLite takes the database's write lock at once.
    pub async fn begin(&self) -> Result<Work, Fault> {
        let turn = self.turn().await?;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.limit.bound(self.pool.begin_with_options(options)).await?;
        Ok(Work { transaction, limit: self.limit.clone(), _turn: turn })
    }

    /// A transaction that reads, and sees the database as it is at its first question.
    pub async fn snapshot(&self) -> Result<Work, Fault> {
        let isolation = self.is_postgres().then_some(IsolationLevel::RepeatableRead);
        let begun = self.pool.begin_with_config(isolation, Some(AccessMode::ReadOnly).filter(|_| self.is_postgres()));
        Ok(Work { transaction: self.limit.bound(begun).await?, limit: self.limit.clone(), _turn: None })
    }

    /// A turn to write one statement outside of a transaction, to be held until it is done.
    pub async fn turn(&self) -> Result<Option<OwnedSemaphorePermit>, Fault> {
        let Some(writer) = &self.writer else { return Ok(None) };
        let turn = timeout(self.limit.patience, Arc::clone(writer).acquire_owned());
        Ok(Some(turn.await.map_err(|_| late())??))
    }

    /// How many connections PostgreSQL takes from all its clients together; SQLite has no such limit.
    pub async fn server_connections(&self) -> Result<Option<u32>, Fault> {
        if !self.is_postgres() {
            return Ok(None);
        }
        let asked =
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int";
        let told = self.query_one_raw(Statement::from_string(DbBackend::Postgres, asked)).await?;
        let most: Option<i32> = told.map(|told| told.try_get_by_index(0)).transpose()?;
        Ok(most.and_then(|most| most.try_into().ok()))
    }

    /// The time of PostgreSQL's machine, in milliseconds since 1970; SQLite has none of its own.
    pub async fn time(&self) -> Result<Option<i64>, Fault> {
        if !self.is_postgres() {
            return Ok(None);
        }
        let asked = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint";
        let told = self.query_one_raw(Statement::from_string(DbBackend::Postgres, asked)).await?;
        Ok(told.map(|told| told.try_get_by_index(0)).transpose()?)
    }

    pub fn is_postgres(&self) -> bool {
        self.pool.get_database_backend() == DbBackend::Postgres
    }

    /// The pool itself, where nothing bounds a statement: for steps of the schema.
    pub fn unbounded(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// Lets connections be looked at for a while before they are used again.
    pub fn distrust(&self) {
        self.limit.note_trouble();
    }

    /// Ends every connection; SQLite puts all in one file with the last.
    pub async fn close(&self) -> Result<(), Fault> {
        Ok(self.limit.bound(self.pool.close_by_ref()).await?)
    }
}

impl Work {
    /// # Errors
    /// A database that did not answer in time may have committed all the same.
    pub async fn commit(self) -> Result<(), Fault> {
        Ok(self.limit.bound(self.transaction.commit()).await?)
    }
}

/// Statements that are given up when they take too long, whatever keeps them: the pool, a lock, a server that is silent.
macro_rules! bound {
    ($type:ty, $inner:ident) => {
        #[async_trait]
        impl ConnectionTrait for $type {
            fn get_database_backend(&self) -> DbBackend {
                self.$inner.get_database_backend()
            }

            async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
                self.limit.bound(self.$inner.execute_raw(statement)).await
            }

            async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
                self.limit.bound(self.$inner.execute_unprepared(sql)).await
            }

            async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
                self.limit.bound(self.$inner.query_one_raw(statement)).await
            }

            async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
                self.limit.bound(self.$inner.query_all_raw(statement)).await
            }
        }
    };
}

bound!(Db, pool);
bound!(Work, transaction);

/// How long a pool's statements may take, and when one last took longer.
#[derive(Clone, Debug)]
struct Limit {
    patience: Duration,
    late_at: Arc<Mutex<Option<Instant>>>,
}

impl Limit {
    async fn bound<T>(&self, asked: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let mut asked = pin!(asked);
        let answer = timeout(self.patience, asked.as_mut()).await.unwrap_or_else(|_| Err(late()));
        if answer.as_ref().is_err_and(fault::is_away) {
            // Before what was asked is dropped, and its connection comes back.
            self.note_trouble();
        }
        answer
    }

    fn note_trouble(&self) {
        *self.late_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_in_trouble(&self) -> bool {
        let late_at = *self.late_at.lock().unwrap_or_else(PoisonError::into_inner);
        late_at.is_some_and(|at| at.elapsed() < TROUBLE)
    }
}

fn late() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("the database did not answer in time".to_owned()))
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
    // Whoever closes a file lets go of every lock that the process holds on it (POSIX): beside a pool on it, it is not touched.
    if !file.exists() {
        // SQLite would make it readable by everyone, and gives its other files the same permissions.
        private::options().open(file)?;
    }
    Ok(())
}
