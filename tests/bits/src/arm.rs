//! Cortex-M under QEMU: output and end by semihosting, which all its boards have in common.

use core::fmt::Write;
use core::ptr::{addr_of, read_volatile};
pub use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hio};

/// The emulator's standard output.
pub struct Output(hio::HostStream);

impl Output {
    pub fn open() -> Self {
        match hio::hstdout() {
            Ok(out) => Self(out),
            Err(()) => panic!("no standard output"),
        }
    }

    pub fn put(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// Prints how much stack was used, and how much there is, and ends the emulation.
    pub fn end(mut self) -> ! {
        let (used, room) = stack();
        let _ = writeln!(self.0, "# stack {used} of {room}");
        loop {
            debug::exit(debug::EXIT_SUCCESS);
        }
    }
}

/// Most bytes of stack used so far, and its bytes: cortex-m-rt paints the stack before `main`.
fn stack() -> (usize, usize) {
    unsafe extern "C" {
        static _stack_end: u32;
        static _stack_start: u32;
    }
    const PAINT: u32 = 0xCCCC_CCCC;
    let top = addr_of!(_stack_start);
    let end = addr_of!(_stack_end);
    let mut word = end;
    // SAFETY: between the two symbols of cortex-m-rt's linker script is RAM for the stack.
    while word < top && unsafe { read_volatile(word) } == PAINT {
        word = word.wrapping_add(1);
    }
    (top.addr() - word.addr(), top.addr() - end.addr())
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    if let Ok(mut out) = hio::hstdout() {
        let _ = writeln!(out, "error: {info}");
    }
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}
