//! How hard passwords are to guess for whoever has their hashes: not less than OWASP wants, nor more than a machine bears.

use argon2::Params;
use serde::Deserialize;

/// Each hashing thread, one for each core, keeps as much memory as one hash takes.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_ITERATIONS: u32 = 20;
/// Lanes are computed one after the other: more of them only weaken the hash.
const MOST_LANES: u32 = 16;
/// What a core passes over in two seconds or so: a line of hundred hashes would already take minutes.
const MOST_WORK_KIB: u64 = 2 * 1024 * 1024;

/// OWASP's password storage cheat sheet: KiB of memory for one pass, two, and so on; more passes allow no less.
const LEAST_MEMORY_KIB: [u32; 5] = [47_104, 19_456, 12_288, 9_216, 7_168];

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordHashSettings {
    pub memory_kib: u32,
    pub iterations: u32,
    pub lanes: u32,
}

impl PasswordHashSettings {
    /// The settings as Argon2 takes them, or nothing when it doesn't.
    pub fn parameters(&self) -> Option<Params> {
        Params::new(self.memory_kib, self.iterations, self.lanes, None).ok()
    }

    pub(super) fn check(&self, check: &mut impl FnMut(bool, &str)) {
        check(
            self.parameters().is_some(),
            "password_hash : paramètres refusés par Argon2 (memory_kib d’au moins 8 par lane, iterations et lanes d’au moins 1)",
        );
        let work = u64::from(self.memory_kib) * u64::from(self.iterations);
        check(
            self.memory_kib <= MOST_MEMORY_KIB
                && self.iterations <= MOST_ITERATIONS
                && self.lanes <= MOST_LANES
                && work <= MOST_WORK_KIB,
            &format!(
                "password_hash : au plus {MOST_MEMORY_KIB} pour memory_kib, {MOST_ITERATIONS} pour iterations, {MOST_LANES} pour lanes, et {MOST_WORK_KIB} pour memory_kib × iterations ; au-delà, une connexion prend des secondes et la mémoire de la machine"
            ),
        );
    }

    pub(super) fn check_floor(&self, check: &mut impl FnMut(bool, &str)) {
        let passes = usize::try_from(self.iterations.max(1)).unwrap_or(usize::MAX).min(LEAST_MEMORY_KIB.len());
        let least = LEAST_MEMORY_KIB[passes - 1];
        check(
            self.memory_kib >= least,
            &format!(
                "password_hash : trop faible ; pour {} itérations, memory_kib vaut au moins {least} (OWASP)",
                self.iterations
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::floors::tests::release;
    use crate::settings::Settings;

    #[test]
    fn hashes_are_neither_quick_nor_endless() {
        for (memory_kib, iterations, lanes, told, in_a_demo) in [
            (47_104, 1, 1, "", ""),
            (47_103, 1, 1, "trop faible", ""),
            (19_456, 2, 1, "", ""),
            (19_455, 2, 1, "trop faible", ""),
            (12_288, 3, 1, "", ""),
            (9_215, 4, 1, "trop faible", ""),
            (7_168, 5, 1, "", ""),
            (7_167, 20, 1, "trop faible", ""),
            (19_456, 2, 4, "", ""),
            (16, 1, 1, "trop faible", ""),
            (1 << 20, 2, 16, "", ""),
            ((1 << 20) + 1, 1, 1, "au plus", "au plus"),
            (1 << 20, 3, 1, "au plus", "au plus"),
            (19_456, 21, 1, "au plus", "au plus"),
            (19_456, u32::MAX, 1, "au plus", "au plus"),
            (19_456, 2, 17, "au plus", "au plus"),
            // 4 TiB.
            (u32::MAX, 2, 1, "au plus", "au plus"),
        ] {
            let figment = release()
                .merge(("password_hash.memory_kib", memory_kib))
                .merge(("password_hash.iterations", iterations))
                .merge(("password_hash.lanes", lanes));
            for (profile, told) in [("release", told), ("demo", in_a_demo)] {
                let faults = Settings::read(&figment.clone().select(profile)).err().unwrap_or_default().join("\n");
                assert_eq!(told.is_empty(), faults.is_empty(), "{memory_kib} {iterations} {lanes}: {faults}");
                assert!(faults.contains(told) && faults.lines().count() <= 1, "{faults}");
            }
        }
    }
}
