//! Argon2id on a few threads of its own: each hash takes 19 MiB and tens of milliseconds of a core, so that only as many
//! run as there are cores, and only so many wait. Each thread keeps its memory from one hash to the next: asked for
//! anew each time, it costs up to a third of the throughput.

use std::sync::{Arc, Mutex, PoisonError, mpsc};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::fault::Fault;
use crate::settings::PasswordHashSettings;
use crate::values::{Chance, password};

/// How many hashes may wait for each core: about two seconds of them.
const WAITING_PER_CORE: usize = 100;
const DIGEST: usize = Params::DEFAULT_OUTPUT_LEN;

/// One hash to compute, with the memory to do it in.
type Job = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

#[derive(Debug)]
pub struct Hasher {
    params: Params,
    /// Hashed against when there is no account, so that it takes the same time.
    nobody: String,
    jobs: mpsc::Sender<Job>,
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
        let params = settings.parameters().ok_or_else(|| Fault::new("password_hash is unsound"))?;
        let (jobs, waiting_jobs) = mpsc::channel();
        let waiting_jobs = Arc::new(Mutex::new(waiting_jobs));
        for _ in 0..cores {
            let waiting_jobs = Arc::clone(&waiting_jobs);
            std::thread::Builder::new().name("hashing".into()).spawn(move || work(&waiting_jobs))?;
        }
        Ok(Self {
            nobody: hash(&params, "", &Chance::System.bytes(), &mut Vec::new())?,
            params,
            jobs,
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
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.hasher.nobody).to_owned();
        let (params, typed) = (self.hasher.params.clone(), password::normalised(typed));
        self.run(move |memory| {
            let kept = PasswordHash::new(&hash).map_err(|_| unreadable())?;
            let made_with = Params::try_from(&kept.params).map_err(|_| unreadable())?;
            let salt = kept.salt.ok_or_else(unreadable)?;
            let right = kept.hash.ok_or_else(unreadable)? == digest(&made_with, &typed, &salt, memory)?;
            let stale = made_with != params;
            Ok(if right && known { Verdict::Right { stale } } else { Verdict::Wrong })
        })
        .await
    }

    pub async fn hash(self, typed: &str) -> Result<String, Fault> {
        let (params, typed) = (self.hasher.params.clone(), password::normalised(typed));
        self.run(move |memory| hash(&params, &typed, &Chance::System.bytes(), memory)).await
    }

    async fn run<T: Send + 'static>(
        self,
        compute: impl FnOnce(&mut Vec<Block>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |memory| {
            // Whoever asked may have gone away while waiting.
            if !reply.is_closed() {
                let _ = reply.send(compute(memory));
            }
        });
        self.hasher.jobs.send(job).map_err(|_| Fault::new("the hashing threads have ended"))?;
        answer.await?
    }
}

/// One thread of the pool, until the hasher is dropped.
fn work(jobs: &Mutex<mpsc::Receiver<Job>>) {
    let mut memory = Vec::new();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        job(&mut memory);
    }
}

fn hash(params: &Params, password: &str, salt: &[u8; 16], memory: &mut Vec<Block>) -> Result<String, Fault> {
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(argon2_fault)?,
        salt: Some(Salt::new(salt).map_err(argon2_fault)?),
        hash: Some(digest(params, password, salt, memory)?),
    };
    Ok(hash.to_string())
}

fn digest(params: &Params, password: &str, salt: &[u8], memory: &mut Vec<Block>) -> Result<Output, Fault> {
    memory.resize(params.block_count(), Block::default());
    let mut digest = [0; DIGEST];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut digest, memory)
        .map_err(argon2_fault)?;
    Output::new(&digest).map_err(argon2_fault)
}

fn argon2_fault(error: impl std::fmt::Display) -> Fault {
    Fault::new(format!("argon2: {error}"))
}

fn unreadable() -> Fault {
    Fault::new("a kept password hash is unreadable")
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier;

    use super::*;

    fn hasher(memory_kib: u32, iterations: u32) -> Hasher {
        Hasher::new(&PasswordHashSettings { memory_kib, iterations, lanes: 1 }).unwrap()
    }

    #[tokio::test]
    async fn a_hash_is_the_one_that_the_standard_describes() {
        let hasher = hasher(32, 2);
        let hash = hasher.enter().unwrap().hash("Velours7Cobalt").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=32,t=2,p=1$"), "{hash}");
        assert!(Argon2::default().verify_password(b"Velours7Cobalt", hash.as_str()).is_ok());
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
