//! QEMU's RISC-V board `virt`: a 16550 for output, a device that ends the emulation.

use core::fmt::Write;
use core::ptr::with_exposed_provenance_mut as register;
pub use riscv_rt::entry;

/// The 16550's register for bytes to send; QEMU always has room.
const SEND: usize = 0x1000_0000;
/// The device that ends the emulation, and its two words.
const FINISHER: usize = 0x0010_0000;
const PASS: u32 = 0x5555;
const FAIL: u32 = 0x0001_3333;

/// The serial line.
pub struct Output;

impl Output {
    pub fn open() -> Self {
        Self
    }

    pub fn put(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            // SAFETY: a device register of the board, which aliases no memory that Rust knows.
            unsafe { register::<u8>(SEND).write_volatile(byte) };
        }
    }

    /// Ends the emulation.
    pub fn end(self) -> ! {
        finish(PASS)
    }
}

fn finish(word: u32) -> ! {
    loop {
        // SAFETY: a device register of the board, aligned, which aliases no memory that Rust knows.
        unsafe { register::<u32>(FINISHER).write_volatile(word) };
    }
}

impl Write for Output {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = writeln!(Output, "error: {info}");
    finish(FAIL)
}
