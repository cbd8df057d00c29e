//! A counter that does not wrap, from one that does.

/// Counts on where a 32-bit counter wraps. It must be read at least once in each round of that.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ticks {
    last: u32,
    total: u64,
}

impl Ticks {
    /// Starts from zero where the counter shows `counter`.
    #[must_use]
    pub const fn new(counter: u32) -> Self {
        Self {
            last: counter,
            total: 0,
        }
    }

    /// Ticks since [`Ticks::new`], where the counter now shows `counter`.
    pub fn at(&mut self, counter: u32) -> u64 {
        self.total += u64::from(counter.wrapping_sub(self.last));
        self.last = counter;
        self.total
    }
}
