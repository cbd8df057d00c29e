//! Benchmarks: contestants that take turns in one process.
//!
//! ```text
//! every contestant runs once, unmeasured
//! rounds times: every contestant runs once, and its time is taken
//! a contestant's time is the median of its rounds: a busy machine slows all alike
//! ```

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

/// Seconds of each contestant's run, the median of `rounds`, and what its last run found.
pub fn seconds(contestants: &mut [Contestant<'_>], rounds: usize) -> Vec<(f64, usize)> {
    let mut found: Vec<usize> = contestants.iter_mut().map(|one| (one.run)()).collect();
    let mut times = vec![Vec::new(); contestants.len()];
    for _ in 0..rounds.max(1) {
        for ((one, times), found) in contestants.iter_mut().zip(&mut times).zip(&mut found) {
            let start = Instant::now();
            *found = (one.run)();
            times.push(start.elapsed().as_secs_f64());
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
                order.borrow_mut().push(name);
                name.len()
            }),
        };
        let found = seconds(&mut [one("a"), one("bc")], 2);
        assert_eq!(*order.borrow(), ["a", "bc", "a", "bc", "a", "bc"]);
        assert_eq!((found[0].1, found[1].1), (1, 2));
    }
}
