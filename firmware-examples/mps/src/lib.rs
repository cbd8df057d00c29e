//! Drivers of ARM's MPS2 and MPS3 boards: an FPGA whose image decides on the core. The images have
//! the same peripherals at different addresses.
#![no_std]

use programs::{Board, Register, Stack, Ticks};

/// Where an image has what, and how fast it is.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    /// CMSDK UART 0.
    pub uart: usize,
    /// Inputs and outputs of the FPGA: its buttons are in the register at offset 8.
    pub io: usize,
    /// Clock of the serial line, in MHz. QEMU sends at any rate, the board does not.
    pub serial_megahertz: u32,
    /// Clock of [`Image::clock`], in MHz.
    pub megahertz: u32,
    /// The clock of measurements.
    pub clock: Clock,
}

/// A clock of measurements.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// CMSDK timer 0 at this address counts down in 32 bits.
    Timer(usize),
    /// The system counter of the SSE-300 counts up in 64 bits.
    Counter {
        /// Where it is started.
        control: usize,
        /// Where it is read.
        value: usize,
    },
}

/// A board with `image` in its FPGA.
pub struct Mps {
    image: Image,
    ticks: Ticks,
    stack: Stack,
}

const BAUD: u32 = 115_200;

impl Mps {
    /// The board, its serial line and clock ready.
    ///
    /// # Safety
    /// The addresses in `image` are those of the image that is loaded.
    #[must_use]
    pub unsafe fn new(image: Image, stack: Stack) -> Self {
        let board = Self {
            image,
            ticks: Ticks::new(0),
            stack,
        };
        board
            .uart(0x10)
            .write(image.serial_megahertz * 1_000_000 / BAUD);
        board.uart(0x08).write(0b11); // transmitter and receiver
        match image.clock {
            Clock::Timer(timer) => {
                let register = |offset| board.register(timer + offset);
                register(0).write(0);
                register(8).write(u32::MAX); // from where it starts anew
                register(4).write(u32::MAX);
                register(0).write(1);
            }
            Clock::Counter { control, .. } => board.register(control).write(1),
        }
        board
    }

    fn register(&self, address: usize) -> Register {
        // SAFETY: `new` was promised the image's addresses, and all are of its peripherals.
        unsafe { Register::new(address) }
    }

    fn uart(&self, offset: usize) -> Register {
        self.register(self.image.uart + offset)
    }
}

impl Board for Mps {
    const UNIT: &'static str = "ns";

    fn put(&mut self, text: &str) {
        const FULL: u32 = 1;
        let (data, state) = (self.uart(0), self.uart(4));
        for byte in text.bytes() {
            while state.read() & FULL != 0 {}
            data.write(byte.into());
        }
    }

    fn get(&mut self) -> Option<u8> {
        const ARRIVED: u32 = 1 << 1;
        let (data, state) = (self.uart(0), self.uart(4));
        (state.read() & ARRIVED != 0).then(|| data.read() as u8)
    }

    fn pressed(&mut self) -> bool {
        self.register(self.image.io + 8).read() & 0b11 != 0
    }

    fn wait_millisecond(&mut self) {
        let start = self.now();
        while self.now() - start < 1_000_000 {}
    }

    fn now(&mut self) -> u64 {
        let ticks = match self.image.clock {
            Clock::Timer(timer) => {
                let value = self.register(timer + 4).read();
                self.ticks.at(u32::MAX.wrapping_sub(value))
            }
            Clock::Counter { value, .. } => self.ticks.at(self.register(value).read()),
        };
        ticks * 1000 / u64::from(self.image.megahertz)
    }

    fn stack_used(&self) -> usize {
        self.stack.used()
    }
}
