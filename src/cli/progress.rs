//! How far a long command has come, on standard error.

use std::io::IsTerminal as _;
use std::time::Instant;

use super::tell;

/// Lines between two signs of life, where there is no terminal to write over.
const STEP: u64 = 10_000;

pub struct Progress {
    total: u64,
    told: u64,
    began: Instant,
    on_terminal: bool,
}

impl Progress {
    pub fn of(total: u64) -> Self {
        Self { total, told: 0, began: Instant::now(), on_terminal: std::io::stderr().is_terminal() }
    }

    /// Tells where it is: so many lines are done.
    pub fn at(&mut self, done: u64) {
        let line = sentence(done, self.total, self.began.elapsed().as_secs());
        if self.on_terminal {
            tell(&format!("\r{line}\x1b[K"));
        } else if done / STEP > self.told / STEP {
            tell(&format!("{line}\n"));
        }
        self.told = done;
    }

    pub fn end(self) {
        if self.on_terminal && self.told > 0 {
            tell("\n");
        }
    }
}

fn sentence(done: u64, total: u64, seconds: u64) -> String {
    let left = (seconds * total.saturating_sub(done)).checked_div(done).unwrap_or(0);
    let left = match left {
        0 if done >= total => String::new(),
        0..60 => format!(", encore {left} s"),
        60.. => format!(", encore {} min", left.div_ceil(60)),
    };
    format!("{done} lignes sur {total}{left}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_and_time_left_are_told() {
        for (done, total, seconds, told) in [
            (1_000, 4_000, 10, "1000 lignes sur 4000, encore 30 s"),
            (1_000, 1_000_000, 1, "1000 lignes sur 1000000, encore 17 min"),
            (4_000, 4_000, 40, "4000 lignes sur 4000"),
            (0, 10, 0, "0 lignes sur 10, encore 0 s"),
        ] {
            assert_eq!(sentence(done, total, seconds), told);
        }
    }
}
