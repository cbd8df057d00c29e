//! The 24-bit SysTick timer of Cortex-M as a counter of 64 bits.
//!
//! For boards without a 32-bit timer that can be read. SysTick wraps several times a second, hence
//! the exception: it calls [`wrapped`], some ten instructions for each 2²⁴ ticks.

use crate::Register;
use core::sync::atomic::{AtomicU32, Ordering};

// SAFETY: the architecture puts SysTick at these addresses on every Cortex-M.
const CONTROL: Register = unsafe { Register::new(0xE000_E010) };
// SAFETY: as above.
const RELOAD: Register = unsafe { Register::new(0xE000_E014) };
// SAFETY: as above.
const VALUE: Register = unsafe { Register::new(0xE000_E018) };

const LAST: u32 = (1 << 24) - 1;
static WRAPS: AtomicU32 = AtomicU32::new(0);

/// What SysTick counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The clock that the part's maker provides, often an eighth of the core's.
    Reference = 0,
    /// The core's clock.
    Core = 1,
}

/// Starts counting.
pub fn start(clock: Clock) {
    const ENABLE: u32 = 1;
    const EXCEPTION: u32 = 1 << 1;
    RELOAD.write(LAST);
    VALUE.write(0);
    CONTROL.write(ENABLE | EXCEPTION | (clock as u32) << 2);
}

/// The exception `SysTick` calls this.
pub fn wrapped() {
    // No read-modify-write, which a Cortex-M0 lacks: only the exception writes.
    WRAPS.store(
        WRAPS.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
}

/// Ticks since [`start`].
pub fn ticks() -> u64 {
    loop {
        let wraps = WRAPS.load(Ordering::Relaxed);
        let value = VALUE.read();
        // The exception comes at once where the timer wraps: equal counts belong to this value. Not so
        // zero, where it comes: a slow clock stays there before and behind it.
        if value != 0 && WRAPS.load(Ordering::Relaxed) == wraps {
            return (u64::from(wraps) << 24) + u64::from(LAST.wrapping_sub(value) & LAST);
        }
    }
}
