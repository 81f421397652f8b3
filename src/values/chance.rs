//! The chance of the portal: the operating system's generator, or a seeded one for tests.

use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::{OsRng, StdRng};
use rand::{RngCore, SeedableRng, TryRngCore};

/// Where every secret and every random choice comes from.
#[derive(Clone, Debug)]
pub enum Chance {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Chance {
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// # Panics
    /// When the operating system has no randomness to give: nothing safe can be done then.
    #[expect(clippy::expect_used, reason = "without randomness there is no safe way on")]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => OsRng.try_fill_bytes(&mut bytes).expect("the system gives randomness"),
            Self::Seeded(rng) => rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes),
        }
        bytes
    }

    /// A number from 0 to `end - 1`, all equally likely. `end` is at least 1.
    pub fn below(&self, end: u32) -> u32 {
        // Lemire's rejection would save draws; taking the few biased values out is easier to read.
        let fair = u32::MAX - u32::MAX % end;
        loop {
            let draw = u32::from_le_bytes(self.bytes());
            if draw < fair {
                return draw % end;
            }
        }
    }

    /// One of several, all equally likely. There is at least one.
    pub fn one_of<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.below(u32::try_from(all.len()).unwrap_or(1)) as usize]
    }

    /// A number from 0 to 1.
    pub fn luck(&self) -> f64 {
        f64::from(u32::from_le_bytes(self.bytes())) / f64::from(u32::MAX)
    }

    /// A generator that gives the same for the same secret, for libraries that want one of their own.
    pub fn generator_of(secret: &[u8]) -> StdRng {
        let mut seed = [0; 32];
        seed.iter_mut().zip(secret).for_each(|(to, from)| *to = *from);
        StdRng::from_seed(seed)
    }
}
