//! Where the database is, and whether it can be there.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use reqwest::Url;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use secrecy::ExposeSecret;

use super::DatabaseSettings;

/// Fewer, and a single slow statement holds everything up.
const LEAST_CONNECTIONS: u32 = 4;
const MOST_CONNECTIONS: u32 = 1000;

impl DatabaseSettings {
    /// How many of the connections serve pages.
    pub fn of_pages(&self) -> u32 {
        self.connections - self.of_worker()
    }

    /// How many of the connections are the worker's.
    pub fn of_worker(&self) -> u32 {
        self.connections / 3
    }

    /// The file of an SQLite database.
    pub fn file(&self) -> Option<PathBuf> {
        let url = self.url.expose_secret();
        let file = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
        Some(PathBuf::from(file.split('?').next().unwrap_or(file)))
    }

    pub(super) fn check(&self, check: &mut impl FnMut(bool, &str)) {
        check(
            is_readable(self.url.expose_secret()),
            "database.url : attendu sqlite://… ou postgres://utilisateur:mot-de-passe@hôte/base ; dans le mot de passe, / # et ? s’écrivent %2F, %23 et %3F",
        );
        check(
            (LEAST_CONNECTIONS..=MOST_CONNECTIONS).contains(&self.connections),
            &format!("database.connections : attendu un nombre de {LEAST_CONNECTIONS} à {MOST_CONNECTIONS}"),
        );
        if let Some(file) = self.file() {
            check(
                can_be(&file),
                &format!(
                    "database.url : « {} » n’est pas un fichier où l’utilisateur du portail peut écrire",
                    file.display()
                ),
            );
        }
    }
}

fn is_readable(url: &str) -> bool {
    if url.starts_with("sqlite:") {
        return url.parse::<SqliteConnectOptions>().is_ok();
    }
    ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))
        && Url::parse(url).is_ok_and(|url| url.path() != "/" || url.query().is_some())
        && url.parse::<PgConnectOptions>().is_ok()
}

/// Whether a database is at this place, or may be made there: nothing is written to find out. Settings are read before
/// any connection: to close the file later would let go of SQLite's locks on it.
fn can_be(file: &Path) -> bool {
    match fs::metadata(file) {
        Ok(found) => found.is_file() && OpenOptions::new().read(true).write(true).open(file).is_ok(),
        Err(_) => {
            let above = file.ancestors().skip(1).find_map(|folder| fs::metadata(folder).ok());
            let has_name = file.file_name().is_some_and(|name| name != ":memory:");
            has_name && above.is_none_or(|folder| folder.is_dir())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_would_only_fail_at_the_start_is_refused() {
        for (url, sound) in [
            ("sqlite://data/guichet.sqlite", true),
            ("sqlite:data/guichet.sqlite?mode=rwc", true),
            ("sqlite://data/guichet.sqlite?mode=xx", false),
            ("sqlite://Cargo.toml/guichet.sqlite", false),
            ("sqlite://src", false),
            ("sqlite://.", false),
            ("sqlite://", false),
            // Each connection would have a database of its own.
            ("sqlite::memory:", false),
            ("sqlite://:memory:", false),
            ("postgres://a:geheim@b/c", true),
            ("postgres://a@b/c?sslmode=verify-full", true),
            ("postgres://a@b/c?sslmode=abc", false),
            ("postgres://a@b/", false),
            ("postgres:///c?host=/run/postgresql", true),
            ("mysql://a@b/c", false),
        ] {
            let mut told = Vec::new();
            let mut note = |holds: bool, fault: &str| told.extend((!holds).then(|| fault.to_owned()));
            DatabaseSettings { url: url.into(), connections: 30 }.check(&mut note);
            assert_eq!(told.is_empty(), sound, "{url}: {told:?}");
            assert!(told.len() <= 1 && told.iter().all(|fault| fault.starts_with("database.url : ")), "{told:?}");
        }
    }

    #[test]
    fn pages_and_the_worker_have_connections_of_their_own() {
        for (connections, pages, worker) in [(3, None, 1), (4, Some(3), 1), (30, Some(20), 10), (1001, None, 333)] {
            let settings = DatabaseSettings { url: "postgres://a@b/c".into(), connections };
            let mut told = 0;
            settings.check(&mut |holds, _| told += u32::from(!holds));
            assert_eq!(told == 0, pages.is_some(), "{connections}");
            assert_eq!(settings.of_worker(), worker);
            assert!(pages.is_none_or(|pages| pages == settings.of_pages()));
        }
    }
}
