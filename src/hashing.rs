//! Argon2id on a small bounded pool: each hash takes 19 MiB and tens of milliseconds of a core, so
//! that only as many run as there are cores, and only so many wait.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{CustomizedPasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use crate::fault::Fault;
use crate::settings::PasswordHashSettings;
use crate::values::{Chance, password};

/// How many hashes may wait for each core: about five seconds of them.
const WAITING_PER_CORE: usize = 100;

#[derive(Debug)]
pub struct Hasher {
    argon2: Argon2<'static>,
    /// Hashed against when there is no account, so that it takes the same time.
    nobody: String,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// A place in the line of the pool, held until its hash is done.
#[derive(Debug)]
pub struct Place<'a> {
    hasher: &'a Hasher,
    _waiting: OwnedSemaphorePermit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `stale`: the hash was made with other parameters than today's.
    Right {
        stale: bool,
    },
    Wrong,
}

impl Hasher {
    pub fn new(settings: &PasswordHashSettings) -> Result<Self, Fault> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let parameters = settings.parameters().ok_or_else(|| Fault::new("password_hash is unsound"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
        Ok(Self {
            nobody: hash(&argon2, "", &Chance::System.bytes())?,
            argon2,
            running: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(cores * WAITING_PER_CORE)),
        })
    }

    /// A place in the line, or nothing when the line is full.
    pub fn enter(&self) -> Option<Place<'_>> {
        let waiting = Arc::clone(&self.waiting).try_acquire_owned().ok()?;
        Some(Place { hasher: self, _waiting: waiting })
    }
}

impl Place<'_> {
    /// Compares a typed password with a hash, or with nobody's.
    pub async fn verify(self, typed: &str, hash: Option<&str>) -> Result<Verdict, Fault> {
        let argon2 = self.hasher.argon2.clone();
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.hasher.nobody).to_owned();
        let typed = password::normalised(typed);
        let _turn = Arc::clone(&self.hasher.running).acquire_owned().await?;
        spawn_blocking(move || {
            let parsed = PasswordHash::new(&hash).map_err(|_| Fault::new("a kept password hash is unreadable"))?;
            let right = argon2.verify_password(typed.as_bytes(), &parsed).is_ok() && known;
            let stale = !made_with(&parsed, argon2.params());
            Ok(if right { Verdict::Right { stale } } else { Verdict::Wrong })
        })
        .await?
    }

    pub async fn hash(self, typed: &str) -> Result<String, Fault> {
        let argon2 = self.hasher.argon2.clone();
        let typed = password::normalised(typed);
        let _turn = Arc::clone(&self.hasher.running).acquire_owned().await?;
        spawn_blocking(move || hash(&argon2, &typed, &Chance::System.bytes())).await?
    }
}

fn hash(argon2: &Argon2<'_>, password: &str, salt: &[u8; 16]) -> Result<String, Fault> {
    let params = argon2.params().clone();
    let hash = argon2
        .hash_password_customized(password.as_bytes(), salt, None, None, params)
        .map_err(|error| Fault::new(format!("argon2: {error}")))?;
    Ok(hash.to_string())
}

/// Whether a hash was made with these parameters. Its length is no parameter of ours: settings leave it unsaid.
fn made_with(hash: &PasswordHash, params: &Params) -> bool {
    let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    Params::try_from(hash).is_ok_and(|made| costs(&made) == costs(params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(memory_kib: u32, iterations: u32) -> Hasher {
        Hasher::new(&PasswordHashSettings { memory_kib, iterations, lanes: 1 }).unwrap()
    }

    #[tokio::test]
    async fn only_a_hash_of_other_parameters_is_stale() {
        let (weaker, same, stronger) = (hasher(16, 1), hasher(32, 2), hasher(32, 3));
        let hash = same.enter().unwrap().hash("Velours7Cobalt").await.unwrap();
        for (hasher, stale) in [(weaker, true), (same, false), (stronger, true)] {
            let verdict = hasher.enter().unwrap().verify("Velours7Cobalt", Some(&hash)).await.unwrap();
            assert_eq!(verdict, Verdict::Right { stale });
            let verdict = hasher.enter().unwrap().verify("velours7cobalt", Some(&hash)).await.unwrap();
            assert_eq!(verdict, Verdict::Wrong);
        }
    }
}
