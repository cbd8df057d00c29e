//! The Netduino Plus 2: an STM32F405RG, a Cortex-M4F at 168 MHz.
//!
//! Serial line on the header's D0 (in) and D1 (out) at 115,200 baud, the button, the noise of the
//! part's random number generator.
#![no_std]

use cortex_m_rt::exception;
use programs::systick::{self, Clock};
use programs::{Board, Stack};

/// Registers of the reference manual RM0090, by peripheral.
mod registers {
    use programs::Register;

    const fn register(address: usize) -> Register {
        // SAFETY: only called below, with addresses of the STM32F405's peripherals.
        unsafe { Register::new(address) }
    }

    pub mod clocks {
        use super::*;
        pub const CONTROL: Register = register(0x4002_3800);
        pub const PLL: Register = register(0x4002_3804);
        pub const CONFIGURATION: Register = register(0x4002_3808);
        pub const GATES_AHB1: Register = register(0x4002_3830);
        pub const GATES_AHB2: Register = register(0x4002_3834);
        pub const GATES_APB2: Register = register(0x4002_3844);
    }

    pub mod flash {
        use super::*;
        pub const ACCESS: Register = register(0x4002_3C00);
    }

    pub mod port_b {
        use super::*;
        pub const INPUT: Register = register(0x4002_0410);
    }

    pub mod port_c {
        use super::*;
        pub const MODE: Register = register(0x4002_0800);
        pub const ALTERNATE_LOW: Register = register(0x4002_0820);
    }

    /// USART 6, the one on the header.
    pub mod uart {
        use super::*;
        pub const STATE: Register = register(0x4001_1400);
        pub const DATA: Register = register(0x4001_1404);
        pub const BAUD_RATE: Register = register(0x4001_1408);
        pub const CONTROL: Register = register(0x4001_140C);
    }

    pub mod random {
        use super::*;
        pub const CONTROL: Register = register(0x5006_0800);
        pub const STATE: Register = register(0x5006_0804);
        pub const DATA: Register = register(0x5006_0808);
    }
}
use registers::{clocks, flash, port_b, port_c, random, uart};

/// Clock of SysTick, an eighth of the core's, in MHz.
const MEGAHERTZ: u64 = 21;
/// Clock of USART 6.
const UART_HERTZ: u32 = 84_000_000;
const BAUD: u32 = 115_200;
/// Reads that a clock or the noise may take to be ready: more than half a millisecond. Under QEMU
/// these registers read as zero.
const PATIENCE: u32 = 4000;

/// The board.
pub struct NetduinoPlus2 {
    stack: Stack,
}

impl NetduinoPlus2 {
    /// The board, its clock, serial line, timer and button ready.
    #[must_use]
    pub fn new() -> Self {
        let stack = programs::paint_stack!(_stack_end, _stack_start);
        start_clock();

        clocks::GATES_AHB1.set(0b110); // ports B and C
        clocks::GATES_AHB2.set(1 << 6); // random numbers
        clocks::GATES_APB2.set(1 << 5); // USART 6
        // A peripheral answers some cycles after its clock starts.
        let _ = clocks::GATES_APB2.read();

        // Pins C6 and C7 belong to the USART; pin B11, the button, is an input after reset.
        port_c::MODE.write(port_c::MODE.read() & !(0xF << 12) | 0b1010 << 12);
        port_c::ALTERNATE_LOW.write(port_c::ALTERNATE_LOW.read() & !(0xFF << 24) | 0x88 << 24);

        uart::BAUD_RATE.write((UART_HERTZ + BAUD / 2) / BAUD);
        uart::CONTROL.write(1 << 13 | 0b11 << 2); // on, transmitter, receiver

        random::CONTROL.write(1 << 2);
        systick::start(Clock::Reference);
        Self { stack }
    }
}

impl Default for NetduinoPlus2 {
    fn default() -> Self {
        Self::new()
    }
}

/// The internal 16 MHz, to 168 by the PLL; 42 and 84 for the buses, 48 for the noise.
fn start_clock() {
    const PLL_ON: u32 = 1 << 24;
    const PLL_READY: u32 = 1 << 25;
    const BY_PLL: u32 = 0b10;
    // 5 wait states, prefetch and both caches.
    flash::ACCESS.write(5 | 0b111 << 8);
    // 16 MHz / 16 · 336, / 2 for the core, / 7 for the noise.
    clocks::PLL.write(7 << 24 | 336 << 6 | 16);
    clocks::CONTROL.set(PLL_ON);
    clocks::CONTROL.wait(PLL_READY, PATIENCE);
    // The slow bus at a quarter, the fast one at half.
    clocks::CONFIGURATION.write(0b100 << 13 | 0b101 << 10 | BY_PLL);
    clocks::CONFIGURATION.wait(BY_PLL << 2, PATIENCE);
}

#[exception]
fn SysTick() {
    systick::wrapped();
}

impl Board for NetduinoPlus2 {
    const UNIT: &'static str = "ns";

    fn put(&mut self, text: &str) {
        const EMPTY: u32 = 1 << 7;
        for byte in text.bytes() {
            while uart::STATE.read() & EMPTY == 0 {}
            uart::DATA.write(byte.into());
        }
    }

    fn get(&mut self) -> Option<u8> {
        const ARRIVED: u32 = 1 << 5;
        (uart::STATE.read() & ARRIVED != 0).then(|| uart::DATA.read() as u8)
    }

    fn pressed(&mut self) -> bool {
        port_b::INPUT.read() & 1 << 11 != 0
    }

    fn entropy(&mut self) -> Option<u64> {
        let word = || {
            random::STATE.wait(1, PATIENCE);
            let ready = random::STATE.read() & 1 != 0;
            ready.then(|| u64::from(random::DATA.read()))
        };
        Some(word()? << 32 | word()?)
    }

    fn wait_millisecond(&mut self) {
        let start = self.now();
        while self.now() - start < 1_000_000 {}
    }

    fn now(&mut self) -> u64 {
        systick::ticks() * 1000 / MEGAHERTZ
    }

    fn stack_used(&self) -> usize {
        self.stack.used()
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    programs::panicked(&mut NetduinoPlus2::new())
}
