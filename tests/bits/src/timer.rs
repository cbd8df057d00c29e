//! The timers of ARM's boards as stopwatches.
//!
//! QEMU's `-icount shift=8` lets 256 ns pass with every instruction: several ticks of each of these.

use programs::{Clock, Register};

/// CMSDK timer: counts down from all ones; its interrupt, which nobody takes, says that it ran over.
pub struct Cmsdk {
    control: Register,
    value: Register,
    reload: Register,
    over: Register,
}

/// Counts, and notes where it reaches zero.
const RUN: u32 = 1 | 1 << 3;

impl Cmsdk {
    /// The timer at `base`.
    ///
    /// # Safety
    /// There is such a timer, and no memory that Rust knows.
    #[must_use]
    pub unsafe fn new(base: usize) -> Self {
        // SAFETY: the caller promises the timer, whose four registers these are.
        let register = |offset| unsafe { Register::new(base + offset) };
        Self {
            control: register(0),
            value: register(4),
            reload: register(8),
            over: register(12),
        }
    }
}

impl Clock for Cmsdk {
    fn start(&mut self) {
        self.control.write(0);
        self.over.write(1);
        self.reload.write(!0);
        self.value.write(!0);
        self.control.write(RUN);
    }

    fn ticks(&mut self) -> Option<u64> {
        let value = self.value.read();
        (self.over.read() & 1 == 0).then_some(u64::from(!value))
    }
}

/// System counter of 64 bits.
pub struct Counter {
    control: Register,
    low: Register,
    high: Register,
    started: u64,
}

impl Counter {
    /// The counter that the register at `control` starts, and its `value`.
    ///
    /// # Safety
    /// There is such a counter, and no memory that Rust knows.
    #[must_use]
    pub unsafe fn new(control: usize, value: usize) -> Self {
        // SAFETY: the caller promises the counter, whose registers these are.
        let register = |address| unsafe { Register::new(address) };
        Self {
            control: register(control),
            low: register(value),
            high: register(value + 4),
            started: 0,
        }
    }

    fn value(&self) -> u64 {
        loop {
            let high = self.high.read();
            let low = self.low.read();
            if self.high.read() == high {
                return u64::from(high) << 32 | u64::from(low);
            }
        }
    }
}

impl Clock for Counter {
    fn start(&mut self) {
        self.control.write(1);
        self.started = self.value();
    }

    fn ticks(&mut self) -> Option<u64> {
        self.value().checked_sub(self.started)
    }
}
