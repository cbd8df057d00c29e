//! The BBC micro:bit v1: an nRF51822, a Cortex-M0 at 16 MHz.
//!
//! Serial line over USB at 115,200 baud, button A, the noise of the part's random number generator.
#![no_std]

use programs::{Board, Stack, Ticks};

/// Registers of the nRF51 Series Reference Manual, by peripheral.
mod registers {
    use programs::Register;

    const fn register(address: usize) -> Register {
        // SAFETY: only called below, with addresses of the nRF51's peripherals.
        unsafe { Register::new(address) }
    }

    pub mod clock {
        use super::*;
        pub const START_HIGH: Register = register(0x4000_0000);
        pub const HIGH_STARTED: Register = register(0x4000_0100);
    }

    pub mod uart {
        use super::*;
        pub const START_RECEIVER: Register = register(0x4000_2000);
        pub const START_TRANSMITTER: Register = register(0x4000_2008);
        pub const RECEIVED: Register = register(0x4000_2108);
        pub const SENT: Register = register(0x4000_211C);
        pub const ENABLE: Register = register(0x4000_2500);
        pub const SELECT_TXD: Register = register(0x4000_250C);
        pub const SELECT_RXD: Register = register(0x4000_2514);
        pub const RXD: Register = register(0x4000_2518);
        pub const TXD: Register = register(0x4000_251C);
        pub const BAUD_RATE: Register = register(0x4000_2524);
    }

    pub mod timer {
        use super::*;
        pub const START: Register = register(0x4000_8000);
        pub const CLEAR: Register = register(0x4000_800C);
        pub const CAPTURE: Register = register(0x4000_8040);
        pub const MODE: Register = register(0x4000_8504);
        pub const BIT_MODE: Register = register(0x4000_8508);
        pub const PRESCALER: Register = register(0x4000_8510);
        pub const VALUE: Register = register(0x4000_8540);
    }

    pub mod random {
        use super::*;
        pub const START: Register = register(0x4000_D000);
        pub const STOP: Register = register(0x4000_D004);
        pub const READY: Register = register(0x4000_D100);
        pub const CONFIG: Register = register(0x4000_D504);
        pub const VALUE: Register = register(0x4000_D508);
    }

    pub mod gpio {
        use super::*;
        pub const SET: Register = register(0x5000_0508);
        pub const IN: Register = register(0x5000_0510);
        pub const SET_OUTPUT: Register = register(0x5000_0518);
        pub const fn configuration(pin: usize) -> Register {
            register(0x5000_0700 + 4 * pin)
        }
    }
}
use registers::{clock, gpio, random, timer, uart};

const TXD: u32 = 24;
const RXD: u32 = 25;
const BUTTON_A: u32 = 17;
/// An input, connected, with its pull-up resistor.
const INPUT_PULLED_UP: u32 = 3 << 2;

/// The board.
pub struct Microbit {
    ticks: Ticks,
    stack: Stack,
}

impl Microbit {
    /// The board, its clock, serial line, timer and button ready.
    #[must_use]
    pub fn new() -> Self {
        let stack = programs::paint_stack!(_stack_end, _stack_start);

        // The crystal: the internal oscillator is too inexact for the serial line.
        clock::START_HIGH.write(1);
        clock::HIGH_STARTED.wait(1, 1_000_000);

        gpio::SET.write(1 << TXD);
        gpio::SET_OUTPUT.write(1 << TXD);
        gpio::configuration(RXD as usize).write(INPUT_PULLED_UP);
        gpio::configuration(BUTTON_A as usize).write(INPUT_PULLED_UP);

        uart::SELECT_TXD.write(TXD);
        uart::SELECT_RXD.write(RXD);
        uart::BAUD_RATE.write(0x01D7_E000); // 115,200
        uart::ENABLE.write(4);
        uart::START_TRANSMITTER.write(1);
        uart::START_RECEIVER.write(1);

        // TIMER0 is the one with 32 bits; 16 MHz.
        timer::MODE.write(0);
        timer::BIT_MODE.write(3);
        timer::PRESCALER.write(0);
        timer::CLEAR.write(1);
        timer::START.write(1);

        random::CONFIG.write(1); // corrects the bias
        Self {
            ticks: Ticks::new(0),
            stack,
        }
    }
}

impl Default for Microbit {
    fn default() -> Self {
        Self::new()
    }
}

impl Board for Microbit {
    const UNIT: &'static str = "ns";

    fn put(&mut self, text: &str) {
        for byte in text.bytes() {
            uart::SENT.write(0);
            uart::TXD.write(byte.into());
            while uart::SENT.read() == 0 {}
        }
    }

    fn get(&mut self) -> Option<u8> {
        if uart::RECEIVED.read() == 0 {
            return None;
        }
        // Cleared before the byte is taken: the next one, already there, sets it again.
        uart::RECEIVED.write(0);
        Some(uart::RXD.read() as u8)
    }

    fn pressed(&mut self) -> bool {
        gpio::IN.read() & 1 << BUTTON_A == 0
    }

    fn entropy(&mut self) -> Option<u64> {
        random::START.write(1);
        let mut bits = 0;
        for _ in 0..size_of::<u64>() {
            random::READY.write(0);
            while random::READY.read() == 0 {}
            bits = bits << 8 | u64::from(random::VALUE.read() & 0xFF);
        }
        random::STOP.write(1);
        Some(bits)
    }

    fn wait_millisecond(&mut self) {
        let start = self.now();
        while self.now() - start < 1_000_000 {}
    }

    fn now(&mut self) -> u64 {
        timer::CAPTURE.write(1);
        // 62.5 ns each.
        self.ticks.at(timer::VALUE.read()) * 125 / 2
    }

    fn stack_used(&self) -> usize {
        self.stack.used()
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    programs::panicked(&mut Microbit::new())
}
