//! The board: UART, timer, stack and the way out.

use core::fmt;
use core::ptr::{addr_of, read_volatile, write_volatile};
use cortex_m_semihosting::debug;

/// A 32-bit register of the board.
#[derive(Clone, Copy)]
struct Register(usize);

impl Register {
    fn read(self) -> u32 {
        // SAFETY: every `Register` below is a device register of the AN386, aligned and mapped.
        unsafe { read_volatile(self.0 as *const u32) }
    }

    fn write(self, value: u32) {
        // SAFETY: as in `read`; no device register aliases memory that Rust knows.
        unsafe { write_volatile(self.0 as *mut u32, value) }
    }
}

/// CMSDK UART 0.
pub struct Uart(());

impl Uart {
    const DATA: Register = Register(0x4000_4000);
    const STATE: Register = Register(0x4000_4004);
    const CONTROL: Register = Register(0x4000_4008);
    const BAUD_DIVISOR: Register = Register(0x4000_4010);

    /// The UART, ready to send.
    pub fn new() -> Self {
        Self::BAUD_DIVISOR.write(16);
        Self::CONTROL.write(1);
        Self(())
    }

    /// Sends `text`.
    pub fn print(&mut self, text: &str) {
        for byte in text.bytes() {
            // Bit 0: the transmit buffer is full.
            while Self::STATE.read() & 1 != 0 {}
            Self::DATA.write(byte.into());
        }
    }
}

impl fmt::Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.print(text);
        Ok(())
    }
}

/// Instructions that `f` executes, and its result; exact under QEMU's `-icount shift=8`.
///
/// CMSDK timer 0 counts down at 25 MHz, an instruction takes 256 ns: 6.4 ticks.
pub fn instructions<R>(f: impl FnOnce() -> R) -> (u64, R) {
    const CONTROL: Register = Register(0x4000_0000);
    const VALUE: Register = Register(0x4000_0004);
    const RELOAD: Register = Register(0x4000_0008);
    CONTROL.write(0);
    VALUE.write(u32::MAX);
    RELOAD.write(u32::MAX);
    CONTROL.write(1);
    let start = VALUE.read();
    let result = f();
    let ticks = start.wrapping_sub(VALUE.read());
    ((u64::from(ticks) * 40 + 128) / 256, result)
}

/// Most bytes of stack used so far: cortex-m-rt paints the stack before `main`.
pub fn stack_used() -> usize {
    unsafe extern "C" {
        static _stack_end: u32;
        static _stack_start: u32;
    }
    const PAINT: u32 = 0xCCCC_CCCC;
    let top = addr_of!(_stack_start) as usize;
    let mut word = addr_of!(_stack_end) as usize;
    while word < top && Register(word).read() == PAINT {
        word += 4;
    }
    top - word
}

/// Ends the emulation.
pub fn exit(success: bool) -> ! {
    loop {
        debug::exit(if success {
            debug::EXIT_SUCCESS
        } else {
            debug::EXIT_FAILURE
        });
    }
}
