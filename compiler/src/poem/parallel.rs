//! Many independent runs over a few threads, with results in order.

use crate::error::Result;

/// Threads that the machine offers.
#[must_use]
pub fn available() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// `job(state, index)` for every index below `count`, in order of index.
///
/// Each thread takes one contiguous range and has its own state from `start`. Results depend on the
/// index alone, so the number of threads changes nothing; of several errors, the one with the lowest
/// index is returned.
///
/// # Errors
/// What `start` or `job` returns.
pub fn map<S, T: Send>(
    count: usize,
    threads: usize,
    start: impl Fn() -> Result<S> + Sync,
    job: impl Fn(&mut S, usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let share = count.div_ceil(threads.max(1)).max(1);
    let range = |first: usize| {
        let mut state = start()?;
        (first..count.min(first + share))
            .map(|index| job(&mut state, index))
            .collect::<Result<Vec<T>>>()
    };
    let parts = std::thread::scope(|scope| {
        let range = &range;
        let handles: Vec<_> = (0..count)
            .step_by(share)
            .map(|first| scope.spawn(move || range(first)))
            .collect();
        let joined = handles.into_iter().map(|handle| handle.join());
        joined.collect::<Vec<_>>()
    });
    let mut all = Vec::with_capacity(count);
    for part in parts {
        match part {
            Ok(part) => all.extend(part?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn order_holds_for_every_number_of_threads() {
        for count in [0, 1, 2, 7, 100] {
            for threads in [0, 1, 2, 3, 200] {
                let squares = map(count, threads, || Ok(()), |(), index| Ok(index * index));
                let expected: Vec<usize> = (0..count).map(|index| index * index).collect();
                assert_eq!(squares.unwrap(), expected);
            }
        }
    }

    #[test]
    fn the_first_error_by_index_wins() {
        for threads in 1..5 {
            let failing = |(): &mut (), index: usize| match index {
                3 | 9 => Err(Error::input(index.to_string())),
                _ => Ok(index),
            };
            let error = map(12, threads, || Ok(()), failing).unwrap_err();
            assert_eq!(error.to_string(), "3");
        }
    }
}
