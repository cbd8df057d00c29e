//! Benchmarks: contestants that take turns in one process.
//!
//! ```text
//! every contestant runs once, unmeasured
//! rounds times: every contestant has a turn: it runs, again and again, until the turn is over
//! a contestant's time is the median over its turns of time / runs
//! ```
//! Turns are about equally long, so that a busy machine slows all alike.

pub mod desktop;
pub mod rival;

use std::time::Instant;

/// Something to be timed: a name, and one run of it.
pub struct Contestant<'a> {
    /// Name in the report.
    pub name: &'static str,
    /// One run over the whole input; how much it found, which keeps the work from being optimised
    /// away.
    pub run: Box<dyn FnMut() -> usize + 'a>,
}

/// Least seconds of a turn.
const TURN: f64 = 0.3;

/// Seconds of a run of each contestant, the median of `rounds` turns, and what its last run found.
pub fn seconds(contestants: &mut [Contestant<'_>], rounds: usize) -> Vec<(f64, usize)> {
    let mut found: Vec<usize> = contestants.iter_mut().map(|one| (one.run)()).collect();
    let mut times = vec![Vec::new(); contestants.len()];
    for _ in 0..rounds.max(1) {
        for ((one, times), found) in contestants.iter_mut().zip(&mut times).zip(&mut found) {
            let (start, mut runs) = (Instant::now(), 0.0);
            while runs == 0.0 || start.elapsed().as_secs_f64() < TURN {
                *found = (one.run)();
                runs += 1.0;
            }
            times.push(start.elapsed().as_secs_f64() / runs);
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    times.into_iter().map(median).zip(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contestants_take_turns() {
        let order = std::cell::RefCell::new(Vec::new());
        let order = &order;
        let one = |name: &'static str| Contestant {
            name,
            run: Box::new(move || {
                std::thread::sleep(std::time::Duration::from_millis(20));
                order.borrow_mut().push(name);
                name.len()
            }),
        };
        let found = seconds(&mut [one("a"), one("bc")], 2);
        let mut turns = order.borrow().clone();
        turns.dedup();
        assert_eq!(turns, ["a", "bc", "a", "bc", "a", "bc"]);
        assert!(found[0].0 > 0.0);
        assert_eq!((found[0].1, found[1].1), (1, 2));
    }
}
