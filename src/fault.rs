//! What becomes a 500: something broke that no visitor can mend.

use std::error::Error;
use std::fmt;

use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// A failure of the portal itself. Refusals are never faults: they are outcomes that commands return.
///
/// It shows its cause's `Display` only: `Debug` of a library's error may hold values.
pub struct Fault(Box<dyn Error + Send + Sync>);

impl Fault {
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into().into())
    }

    /// Whether the database can't be reached or used now: the same is worth trying again in a while.
    pub fn is_away(&self) -> bool {
        self.0.downcast_ref::<DbErr>().is_some_and(is_away)
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Whether an error says that the database can't be reached, or can't do now what it could do before: worth trying again.
pub fn is_away(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => match &**error {
            SqlxError::Io(_)
            | SqlxError::Tls(_)
            | SqlxError::Protocol(_)
            | SqlxError::PoolTimedOut
            | SqlxError::PoolClosed
            | SqlxError::WorkerCrashed => true,
            SqlxError::Database(error) => error.code().is_some_and(|code| is_passing(&code)),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a code of the database's tells of its state and not of what was asked.
///
/// Sources: PostgreSQL, appendix A, error codes; SQLite, result and error codes, whose extended ones hold the plain one in
/// their last byte.
fn is_passing(code: &str) -> bool {
    const CLASSES: [&str; 4] = ["08", "53", "57", "58"];
    // Read-only, a lock or an idle transaction that took too long, a deadlock.
    const CODES: [&str; 4] = ["25006", "25P03", "55P03", "40P01"];
    // BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN.
    const SQLITE: [u32; 7] = [5, 6, 7, 8, 10, 13, 14];
    if code.len() == 5 {
        return CLASSES.iter().any(|class| code.starts_with(class)) || CODES.contains(&code);
    }
    code.parse::<u32>().is_ok_and(|code| SQLITE.contains(&(code & 0xff)))
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnAcquireErr;

    use super::*;

    #[test]
    fn the_state_of_a_database_is_told_from_what_was_asked_of_it() {
        for (code, passing) in [
            ("08006", true),
            ("53300", true),
            ("53100", true),
            ("57014", true),
            ("57P01", true),
            ("57P03", true),
            ("58030", true),
            ("25006", true),
            ("25P03", true),
            ("55P03", true),
            ("40P01", true),
            ("23505", false),
            ("23503", false),
            ("42P01", false),
            ("22001", false),
            ("28P01", false),
            // SQLite: busy, busy in recovery, read-only, full, a failed read.
            ("5", true),
            ("261", true),
            ("8", true),
            ("13", true),
            ("266", true),
            // A constraint, its unique kind, a plain error.
            ("19", false),
            ("2067", false),
            ("1", false),
            ("", false),
        ] {
            assert_eq!(is_passing(code), passing, "{code}");
        }
    }

    #[test]
    fn a_fault_shows_its_cause_as_it_is_told_and_nothing_of_its_inside() {
        let fault = Fault::from(DbErr::Query(RuntimeErr::Internal("the row is taken".to_owned())));
        for shown in [format!("{fault}"), format!("{fault:?}"), format!("{:?}", Err::<(), _>(fault))] {
            assert!(shown.contains("Query Error: the row is taken") && !shown.contains("Internal"), "{shown}");
        }
    }

    #[test]
    fn what_never_reached_the_database_is_worth_trying_again() {
        let query = |error| DbErr::Query(RuntimeErr::SqlxError(SqlxError::into(error)));
        for (error, away) in [
            (DbErr::Conn(RuntimeErr::Internal(String::new())), true),
            (DbErr::ConnectionAcquire(ConnAcquireErr::Timeout), true),
            (query(SqlxError::Io(std::io::ErrorKind::ConnectionReset.into())), true),
            (query(SqlxError::WorkerCrashed), true),
            (query(SqlxError::RowNotFound), false),
            (DbErr::RecordNotFound(String::new()), false),
            (DbErr::Type(String::new()), false),
        ] {
            assert_eq!(is_away(&error), away, "{error}");
        }
    }
}
