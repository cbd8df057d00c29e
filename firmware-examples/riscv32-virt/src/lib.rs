//! QEMU's RISC-V machine `virt`: rv32imac. There is no such board, and no button or entropy.
#![no_std]

use core::arch::asm;
use core::ptr::{read_volatile, write_volatile};
use programs::{Board, Stack};

/// The 16550 serial line: byte registers.
#[derive(Clone, Copy)]
struct Register(usize);

impl Register {
    const DATA: Self = Self(0x1000_0000);
    const STATE: Self = Self(0x1000_0005);

    fn read(self) -> u8 {
        // SAFETY: both addresses are registers of the 16550.
        unsafe { read_volatile(self.0 as *const u8) }
    }

    fn write(self, value: u8) {
        // SAFETY: as in `read`.
        unsafe { write_volatile(self.0 as *mut u8, value) }
    }
}

/// A millisecond, in nanoseconds.
const MILLISECOND: u64 = 1_000_000;

/// The board.
pub struct Virt {
    stack: Stack,
}

impl Virt {
    /// The board. QEMU's serial line needs no set-up.
    #[must_use]
    pub fn new() -> Self {
        Self {
            stack: programs::paint_stack!(__estack, _stack_start),
        }
    }
}

impl Default for Virt {
    fn default() -> Self {
        Self::new()
    }
}

impl Board for Virt {
    /// What QEMU counts as retired instructions are nanoseconds under `-icount`: 256 for each.
    const UNIT: &'static str = "ns";

    fn put(&mut self, text: &str) {
        const EMPTY: u8 = 1 << 5;
        for byte in text.bytes() {
            while Register::STATE.read() & EMPTY == 0 {}
            Register::DATA.write(byte);
        }
    }

    fn get(&mut self) -> Option<u8> {
        const ARRIVED: u8 = 1;
        (Register::STATE.read() & ARRIVED != 0).then(|| Register::DATA.read())
    }

    fn wait_millisecond(&mut self) {
        let start = self.now();
        while self.now() - start < MILLISECOND {}
    }

    fn now(&mut self) -> u64 {
        loop {
            let (high, low, again): (u32, u32, u32);
            // SAFETY: reads the counter of retired instructions, which machine mode may.
            unsafe {
                asm!(
                    "csrr {high}, minstreth",
                    "csrr {low}, minstret",
                    "csrr {again}, minstreth",
                    high = out(reg) high, low = out(reg) low, again = out(reg) again,
                    options(nomem, nostack),
                );
            }
            if high == again {
                return u64::from(high) << 32 | u64::from(low);
            }
        }
    }

    fn stack_used(&self) -> usize {
        self.stack.used()
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    programs::panicked(&mut Virt::new())
}
