//! Device registers.

use core::ptr::{read_volatile, write_volatile};

/// A 32-bit device register.
#[derive(Clone, Copy, Debug)]
pub struct Register(usize);

impl Register {
    /// The register at `address`.
    ///
    /// # Safety
    /// There is a device register, and no memory that Rust knows.
    #[must_use]
    pub const unsafe fn new(address: usize) -> Self {
        Self(address)
    }

    /// Its value.
    #[must_use]
    pub fn read(self) -> u32 {
        // SAFETY: `new` was promised a register there.
        unsafe { read_volatile(self.0 as *const u32) }
    }

    /// Sets all of it.
    pub fn write(self, value: u32) {
        // SAFETY: `new` was promised a register there, which aliases nothing.
        unsafe { write_volatile(self.0 as *mut u32, value) }
    }

    /// Sets `bits` and keeps the others.
    pub fn set(self, bits: u32) {
        self.write(self.read() | bits);
    }

    /// Waits until one of `bits` is set; at most `rounds` reads of the register.
    pub fn wait(self, bits: u32, rounds: u32) {
        for _ in 0..rounds {
            if self.read() & bits != 0 {
                return;
            }
        }
    }
}
