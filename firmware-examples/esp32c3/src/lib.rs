//! A board with an ESP32-C3: serial line on GPIO21 and GPIO20, the BOOT button on GPIO9.
#![no_std]

use core::arch::asm;
use esp_hal::clock::CpuClock;
use esp_hal::delay::Delay;
use esp_hal::gpio::{Input, InputConfig, Pull};
use esp_hal::rng::{Trng, TrngSource};
use esp_hal::uart::{Config, Uart};
use esp_hal::{Blocking, peripherals};
use programs::{Board, Stack, Ticks};

// What the second stage bootloader reads of a program before it starts it.
esp_bootloader_esp_idf::esp_app_desc!();

/// The board.
pub struct Esp32C3 {
    serial: Uart<'static, Blocking>,
    button: Input<'static>,
    noise: Trng,
    _analog: TrngSource<'static>,
    cycles: Ticks,
    stack: Stack,
}

impl Esp32C3 {
    /// Starts the clocks and the peripherals.
    ///
    /// # Panics
    ///
    /// When called a second time.
    pub fn new() -> Self {
        let stack = paint_stack();
        let chip = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
        let serial = Uart::new(chip.UART0, Config::default().with_baudrate(115_200)).unwrap();
        let button = InputConfig::default().with_pull(Pull::Up);
        // Noise of the analog converter is mixed in for as long as the source lives.
        let source = TrngSource::new(chip.RNG, chip.ADC1);
        Self {
            serial: serial.with_tx(chip.GPIO21).with_rx(chip.GPIO20),
            button: Input::new(chip.GPIO9, button),
            noise: Trng::try_new().unwrap(),
            _analog: source,
            cycles: start_counting(),
            stack,
        }
    }
}

impl Default for Esp32C3 {
    fn default() -> Self {
        Self::new()
    }
}

impl Board for Esp32C3 {
    const UNIT: &'static str = "cycles";

    fn put(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let sent = self.serial.write(rest).unwrap_or(0);
            rest = rest.get(sent..).unwrap_or_default();
        }
    }

    fn get(&mut self) -> Option<u8> {
        let mut byte = [0];
        let count = self.serial.read_buffered(&mut byte).ok()?;
        (count == 1).then_some(byte[0])
    }

    fn pressed(&mut self) -> bool {
        self.button.is_low()
    }

    fn entropy(&mut self) -> Option<u64> {
        let [low, high] = [self.noise.random(), self.noise.random()].map(u64::from);
        Some(high << 32 | low)
    }

    fn wait_millisecond(&mut self) {
        Delay::new().delay_millis(1);
    }

    fn now(&mut self) -> u64 {
        self.cycles.at(counter())
    }

    fn stack_used(&self) -> usize {
        self.stack.used()
    }
}

/// Paints the stack above the word that `esp_hal::init` guards against overflow.
fn paint_stack() -> Stack {
    unsafe extern "C" {
        static mut __stack_chk_guard: u32;
        static mut _stack_start: u32;
    }
    // SAFETY: the linker script puts nothing but the stack between the guard and `_stack_start`.
    unsafe { Stack::paint((&raw mut __stack_chk_guard).add(1), &raw mut _stack_start) }
}

/// Makes Espressif's performance counter (control and status registers 0x7E0 to 0x7E2) count
/// cycles; the core lacks the standard `mcycle`.
fn start_counting() -> Ticks {
    // SAFETY: these registers count events and do nothing else.
    unsafe {
        asm!("csrwi 0x7E0, 1", "csrwi 0x7E1, 1", options(nomem, nostack));
    }
    Ticks::new(counter())
}

fn counter() -> u32 {
    let count;
    // SAFETY: reading the counter has no effect.
    unsafe {
        asm!("csrr {}, 0x7E2", out(reg) count, options(nomem, nostack));
    }
    count
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    let uart = peripherals::UART0::regs();
    for byte in "\nerror: panic\n".bytes() {
        // The queue holds 128 bytes.
        while uart.status().read().txfifo_cnt().bits() > 100 {}
        // SAFETY: every byte can be sent.
        uart.fifo()
            .write(|register| unsafe { register.rxfifo_rd_byte().bits(byte) });
    }
    loop {}
}
