//! The LM3S6965 evaluation board: a Cortex-M3 at 50 MHz.
//!
//! Serial line over USB at 115,200 baud, the select button; there is no source of entropy.
#![no_std]

use cortex_m_rt::exception;
use programs::systick::{self, Clock};
use programs::{Board, Stack};

/// Registers of the LM3S6965 data sheet, by peripheral.
mod registers {
    use programs::Register;

    const fn register(address: usize) -> Register {
        // SAFETY: only called below, with addresses of the LM3S6965's peripherals.
        unsafe { Register::new(address) }
    }

    pub mod system {
        use super::*;
        pub const INTERRUPTS: Register = register(0x400F_E050);
        pub const CLOCK: Register = register(0x400F_E060);
        pub const GATES_1: Register = register(0x400F_E104);
        pub const GATES_2: Register = register(0x400F_E108);
    }

    pub mod uart {
        use super::*;
        pub const DATA: Register = register(0x4000_C000);
        pub const FLAGS: Register = register(0x4000_C018);
        pub const DIVISOR: Register = register(0x4000_C024);
        pub const FRACTION: Register = register(0x4000_C028);
        pub const LINE: Register = register(0x4000_C02C);
        pub const CONTROL: Register = register(0x4000_C030);
    }

    pub mod port_a {
        use super::*;
        pub const ALTERNATE: Register = register(0x4000_4420);
        pub const DIGITAL: Register = register(0x4000_451C);
    }

    pub mod port_f {
        use super::*;
        /// Only pin 1: the address masks the others.
        pub const PIN_1: Register = register(0x4002_5008);
        pub const PULL_UP: Register = register(0x4002_5510);
        pub const DIGITAL: Register = register(0x4002_551C);
    }
}
use registers::{port_a, port_f, system, uart};

/// Clock of core, serial line and SysTick, in MHz.
const MEGAHERTZ: u32 = 50;
const BAUD: u32 = 115_200;

/// The board.
pub struct Lm3s6965 {
    stack: Stack,
}

impl Lm3s6965 {
    /// The board, its clock, serial line, timer and button ready.
    #[must_use]
    pub fn new() -> Self {
        let stack = programs::paint_stack!(_stack_end, _stack_start);
        start_clock();

        system::GATES_1.set(1); // UART 0
        system::GATES_2.set(1 | 1 << 5); // ports A and F
        // A peripheral answers some cycles after its clock starts.
        let _ = system::GATES_2.read();

        port_a::ALTERNATE.set(0b11);
        port_a::DIGITAL.set(0b11);
        port_f::PULL_UP.set(1 << 1);
        port_f::DIGITAL.set(1 << 1);

        // Divisor in 1/64: clock / (16 · baud).
        let divisor = (MEGAHERTZ * 1_000_000 * 4 + BAUD / 2) / BAUD;
        uart::CONTROL.write(0);
        uart::DIVISOR.write(divisor / 64);
        uart::FRACTION.write(divisor % 64);
        uart::LINE.write(0b111 << 4); // 8 bits, FIFOs
        uart::CONTROL.write(0x301); // on, transmitter, receiver

        systick::start(Clock::Core);
        Self { stack }
    }
}

impl Default for Lm3s6965 {
    fn default() -> Self {
        Self::new()
    }
}

/// The crystal of 8 MHz through the PLL, 200 MHz, divided by four.
fn start_clock() {
    const DIVIDE_BY_4: u32 = 3 << 23;
    const DIVIDE: u32 = 1 << 22;
    const PLL_OFF: u32 = 0b11 << 12;
    const BYPASS: u32 = 1 << 11;
    const CRYSTAL_8_MHZ: u32 = 0xE << 6;
    const INTERNAL_OFF: u32 = 1 << 1;
    const LOCKED: u32 = 1 << 6;
    let base = DIVIDE_BY_4 | CRYSTAL_8_MHZ | INTERNAL_OFF;
    // The crystal starts; nothing tells when it is steady.
    system::CLOCK.write(base & !INTERNAL_OFF | PLL_OFF | BYPASS);
    for _ in 0..20_000 {
        let _ = system::CLOCK.read();
    }
    system::CLOCK.write(base | BYPASS);
    system::CLOCK.write(base | BYPASS | DIVIDE);
    system::INTERRUPTS.wait(LOCKED, 100_000);
    system::CLOCK.write(base | DIVIDE);
}

#[exception]
fn SysTick() {
    systick::wrapped();
}

impl Board for Lm3s6965 {
    const UNIT: &'static str = "ns";

    fn put(&mut self, text: &str) {
        const FULL: u32 = 1 << 5;
        for byte in text.bytes() {
            while uart::FLAGS.read() & FULL != 0 {}
            uart::DATA.write(byte.into());
        }
    }

    fn get(&mut self) -> Option<u8> {
        const EMPTY: u32 = 1 << 4;
        (uart::FLAGS.read() & EMPTY == 0).then(|| uart::DATA.read() as u8)
    }

    fn pressed(&mut self) -> bool {
        port_f::PIN_1.read() == 0
    }

    fn wait_millisecond(&mut self) {
        let start = self.now();
        while self.now() - start < 1_000_000 {}
    }

    fn now(&mut self) -> u64 {
        systick::ticks() * 1000 / u64::from(MEGAHERTZ)
    }

    fn stack_used(&self) -> usize {
        self.stack.used()
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    programs::panicked(&mut Lm3s6965::new())
}
