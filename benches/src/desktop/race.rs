//! Entries that take turns, so that a busy machine slows all alike.
//!
//! ```text
//! each entry: runs in a turn = what takes about the length of a turn, found by doubling
//! rounds times: each entry has a turn; seconds / runs is one measurement
//! an entry's time is the median of its measurements
//! ```
//!
//! Seconds are the processor's for the whole process, all its threads together: other processes take
//! none of them. On a quiet machine they are those of the clock on the wall.

use qibu_compiler::error::Result;
use serde::{Deserialize, Serialize};

/// A library with a model loaded, on one thread.
pub trait Entry {
    /// Seconds of processor time that `runs` runs take, by [`cpu_seconds`] or the like.
    ///
    /// # Errors
    /// The library fails.
    fn turn(&mut self, runs: u64) -> Result<f64>;
}

/// Processor time of this process so far.
#[cfg(unix)]
pub fn cpu_seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}

/// Seconds on the wall where the system has no such clock.
#[cfg(not(unix))]
pub fn cpu_seconds() -> f64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START
        .get_or_init(std::time::Instant::now)
        .elapsed()
        .as_secs_f64()
}

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Turns of each entry.
    pub rounds: usize,
    /// Seconds of a turn.
    pub turn: f64,
}

impl Effort {
    /// For figures that are kept.
    pub const FULL: Self = Self {
        rounds: 101,
        turn: 0.003,
    };
    /// For a look.
    pub const QUICK: Self = Self {
        rounds: 3,
        turn: 0.001,
    };
}

/// Microseconds of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Time {
    /// Median over the rounds.
    pub median: f64,
    /// First quartile.
    pub low: f64,
    /// Third quartile.
    pub high: f64,
}

/// The times of all entries, in their order.
///
/// # Errors
/// A library fails.
pub fn race(entries: &mut [Box<dyn Entry + '_>], effort: Effort) -> Result<Vec<Time>> {
    let mut runs = Vec::new();
    for entry in &mut *entries {
        entry.turn(2)?;
        let mut count = 1;
        let mut seconds = entry.turn(count)?;
        while seconds < effort.turn / 4.0 && count < 1 << 30 {
            count *= 2;
            seconds = entry.turn(count)?;
        }
        let wanted = effort.turn / (seconds / count as f64).max(1e-9);
        runs.push((wanted as u64).max(1));
    }
    let mut times = vec![Vec::new(); entries.len()];
    for _ in 0..effort.rounds.max(1) {
        for ((entry, &runs), times) in entries.iter_mut().zip(&runs).zip(&mut times) {
            times.push(entry.turn(runs)? / runs as f64 * 1e6);
        }
    }
    Ok(times.into_iter().map(summary).collect())
}

fn summary(mut times: Vec<f64>) -> Time {
    times.sort_by(f64::total_cmp);
    let at = |quarter: usize| times[(times.len() - 1) * quarter / 4];
    Time {
        median: at(2),
        low: at(1),
        high: at(3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// Pretends to take as long as it says, with one slow turn now and then.
    struct Fake<'a> {
        name: char,
        seconds: f64,
        log: &'a RefCell<String>,
    }

    impl Entry for Fake<'_> {
        fn turn(&mut self, runs: u64) -> Result<f64> {
            let mut log = self.log.borrow_mut();
            log.push(self.name);
            let disturbed = if log.len().is_multiple_of(7) {
                10.0
            } else {
                1.0
            };
            Ok(self.seconds * runs as f64 * disturbed)
        }
    }

    #[test]
    fn entries_take_turns_and_the_median_ignores_disturbances() {
        let log = RefCell::new(String::new());
        let fake = |name, seconds| -> Box<dyn Entry + '_> {
            let log = &log;
            Box::new(Fake { name, seconds, log })
        };
        let mut entries = [fake('a', 1e-3), fake('b', 2e-3)];
        let effort = Effort {
            rounds: 9,
            turn: 0.01,
        };
        let times = race(&mut entries, effort).expect("fakes do not fail");
        assert!((times[0].median - 1000.0).abs() < 1e-6);
        assert!((times[1].median - 2000.0).abs() < 1e-6);
        assert!(log.borrow().ends_with(&"ab".repeat(9)));
    }
}
