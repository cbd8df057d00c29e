//! How much of the stack a program has used: it is painted at first, and paint that is gone was used.
//!
//! Every board paints in the same way, at the start of `main`, whatever its start-up code is.

use core::ptr::{addr_of, read_volatile, write_volatile};

const PAINT: u32 = 0xCCCC_CCCC;
/// What is left unpainted below the caller's frame: the frame of the function that paints.
const MARGIN: usize = 64;

/// A painted stack, from its lowest address up to where it starts.
#[derive(Clone, Copy, Debug)]
pub struct Stack {
    lowest: usize,
    start: usize,
}

impl Stack {
    /// Paints the stack below the caller; it grows down from `start`, at most to `lowest`.
    ///
    /// # Safety
    /// Both are word-aligned, and between them is nothing but the stack that is in use now.
    #[inline(never)]
    #[must_use]
    pub unsafe fn paint(lowest: *mut u32, start: *mut u32) -> Self {
        let here = 0u32;
        let end = (addr_of!(here) as usize).saturating_sub(MARGIN);
        let mut word = lowest;
        while (word as usize) < end {
            // SAFETY: below this function's frame the stack is unused.
            unsafe {
                write_volatile(word, PAINT);
                word = word.add(1);
            }
        }
        Self {
            lowest: lowest as usize,
            start: start as usize,
        }
    }

    /// Bytes of it.
    #[must_use]
    pub fn size(&self) -> usize {
        self.start - self.lowest
    }

    /// Most bytes used so far.
    #[must_use]
    pub fn used(&self) -> usize {
        let mut word = self.lowest;
        // SAFETY: `paint` was promised words from `lowest` up to `start`; their values may change
        // while they are read, which volatile reads allow.
        while word < self.start && unsafe { read_volatile(word as *const u32) } == PAINT {
            word += size_of::<u32>();
        }
        self.start - word
    }
}

/// Paints the stack between two symbols of the linker script: its lowest word and its start.
#[macro_export]
macro_rules! paint_stack {
    ($lowest:ident, $start:ident) => {{
        unsafe extern "C" {
            static mut $lowest: u32;
            static mut $start: u32;
        }
        // SAFETY: the linker script puts the stack, and nothing else, between these symbols.
        unsafe { $crate::Stack::paint(&raw mut $lowest, &raw mut $start) }
    }};
}
