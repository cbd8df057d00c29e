//! Raspberry Pi Pico: serial line on GP0 and GP1, button from GP15 to ground.
#![no_std]

use cortex_m_rt::exception;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::InputPin;
use programs::{Board, Stack, systick};
use rp2040_hal::clocks::{Clock, init_clocks_and_plls};
use rp2040_hal::fugit::RateExtU32;
use rp2040_hal::gpio::{FunctionSioInput, FunctionUart, Pin, PullDown, PullUp, bank0};
use rp2040_hal::rosc::{Enabled as Running, RingOscillator};
use rp2040_hal::uart::{DataBits, Enabled, StopBits, UartConfig, UartPeripheral};
use rp2040_hal::{Sio, Timer, Watchdog, pac};

/// The crystal of the board.
const CRYSTAL_HZ: u32 = 12_000_000;

/// The second boot stage, for the flash chip of the Pico; the ROM copies it to RAM and runs it.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

type Transmit = Pin<bank0::Gpio0, FunctionUart, PullDown>;
/// Pulled up, so that a wire that is not there sends nothing.
type Receive = Pin<bank0::Gpio1, FunctionUart, PullUp>;

/// The board.
pub struct Pico {
    uart: UartPeripheral<Enabled, pac::UART0, (Transmit, Receive)>,
    button: Pin<bank0::Gpio15, FunctionSioInput, PullUp>,
    noise: RingOscillator<Running>,
    timer: Timer,
    stack: Stack,
}

impl Pico {
    /// Starts the clocks and the peripherals.
    ///
    /// # Panics
    ///
    /// When called a second time.
    pub fn new() -> Self {
        let stack = programs::paint_stack!(_stack_end, _stack_start);
        let mut chip = pac::Peripherals::take().unwrap();
        let mut watchdog = Watchdog::new(chip.WATCHDOG);
        let clocks = init_clocks_and_plls(
            CRYSTAL_HZ,
            chip.XOSC,
            chip.CLOCKS,
            chip.PLL_SYS,
            chip.PLL_USB,
            &mut chip.RESETS,
            &mut watchdog,
        );
        let clocks = clocks.ok().unwrap();
        let sio = Sio::new(chip.SIO).gpio_bank0;
        let pins =
            rp2040_hal::gpio::Pins::new(chip.IO_BANK0, chip.PADS_BANK0, sio, &mut chip.RESETS);
        let line = (pins.gpio0.reconfigure(), pins.gpio1.reconfigure());
        let format = UartConfig::new(115_200.Hz(), DataBits::Eight, None, StopBits::One);
        let uart = UartPeripheral::new(chip.UART0, line, &mut chip.RESETS)
            .enable(format, clocks.peripheral_clock.freq());
        systick::start(systick::Clock::Core);
        Self {
            uart: uart.unwrap(),
            button: pins.gpio15.reconfigure(),
            noise: RingOscillator::new(chip.ROSC).initialize(),
            timer: Timer::new(chip.TIMER, &mut chip.RESETS, &clocks),
            stack,
        }
    }
}

impl Default for Pico {
    fn default() -> Self {
        Self::new()
    }
}

impl Board for Pico {
    const UNIT: &'static str = "cycles";

    fn put(&mut self, text: &str) {
        self.uart.write_full_blocking(text.as_bytes());
    }

    fn get(&mut self) -> Option<u8> {
        let mut byte = [0];
        let count = self.uart.read_raw(&mut byte).ok()?;
        (count == 1).then_some(byte[0])
    }

    fn pressed(&mut self) -> bool {
        self.button.is_low().unwrap_or(false)
    }

    /// Bits of the ring oscillator, which runs beside the crystal: each is the sum of eight, taken
    /// a microsecond apart, since neighbours resemble each other.
    fn entropy(&mut self) -> Option<u64> {
        let mut bits = 0u64;
        for _ in 0..8 * 64 {
            bits = bits.rotate_left(1) ^ u64::from(self.noise.get_random_bit());
            self.timer.delay_us(1);
        }
        Some(bits)
    }

    fn wait_millisecond(&mut self) {
        self.timer.delay_us(1000);
    }

    fn now(&mut self) -> u64 {
        systick::ticks()
    }

    fn stack_used(&self) -> usize {
        self.stack.used()
    }
}

/// The Cortex-M0+ has no cycle counter but SysTick, which wraps every 134 ms.
#[exception]
fn SysTick() {
    systick::wrapped();
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    // SAFETY: nothing else runs any more, so that nothing else uses the UART.
    let uart = unsafe { &*pac::UART0::ptr() };
    for byte in "\nerror: panic\n".bytes() {
        while uart.uartfr().read().txff().bit_is_set() {}
        // SAFETY: every value of `data` is a byte to send.
        uart.uartdr()
            .write(|register| unsafe { register.data().bits(byte) });
    }
    loop {
        cortex_m::asm::wfi();
    }
}
