//! Raspberry Pi Pico 2: serial line on GP0 and GP1, button from GP15 to ground.
#![no_std]

mod entropy;

use cortex_m::peripheral::DWT;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::InputPin;
use entropy::Trng;
use programs::{Board, Stack, Ticks};
use rp235x_hal::block::ImageDef;
use rp235x_hal::clocks::{Clock, init_clocks_and_plls};
use rp235x_hal::fugit::RateExtU32;
use rp235x_hal::gpio::{FunctionSioInput, FunctionUart, Pin, PullDown, PullUp, bank0};
use rp235x_hal::timer::CopyableTimer0;
use rp235x_hal::uart::{DataBits, Enabled, StopBits, UartConfig, UartPeripheral};
use rp235x_hal::{Sio, Timer, Watchdog, pac};

/// The crystal of the board.
const CRYSTAL_HZ: u32 = 12_000_000;

/// What kind of image this is; the ROM starts nothing that does not say so.
#[unsafe(link_section = ".start_block")]
#[used]
static IMAGE: ImageDef = ImageDef::secure_exe();

type Transmit = Pin<bank0::Gpio0, FunctionUart, PullDown>;
/// Pulled up, so that a wire that is not there sends nothing.
type Receive = Pin<bank0::Gpio1, FunctionUart, PullUp>;

/// The board.
pub struct Pico2 {
    uart: UartPeripheral<Enabled, pac::UART0, (Transmit, Receive)>,
    button: Pin<bank0::Gpio15, FunctionSioInput, PullUp>,
    noise: Trng,
    timer: Timer<CopyableTimer0>,
    cycles: Ticks,
    stack: Stack,
}

impl Pico2 {
    /// Starts the clocks and the peripherals.
    ///
    /// # Panics
    ///
    /// When called a second time.
    pub fn new() -> Self {
        let stack = programs::paint_stack!(_stack_end, _stack_start);
        let mut chip = pac::Peripherals::take().unwrap();
        let mut core = cortex_m::Peripherals::take().unwrap();
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
            rp235x_hal::gpio::Pins::new(chip.IO_BANK0, chip.PADS_BANK0, sio, &mut chip.RESETS);
        let line = (pins.gpio0.reconfigure(), pins.gpio1.reconfigure());
        let format = UartConfig::new(115_200.Hz(), DataBits::Eight, None, StopBits::One);
        let uart = UartPeripheral::new(chip.UART0, line, &mut chip.RESETS)
            .enable(format, clocks.peripheral_clock.freq());
        core.DCB.enable_trace();
        core.DWT.enable_cycle_counter();
        Self {
            uart: uart.unwrap(),
            button: pins.gpio15.reconfigure(),
            timer: Timer::new_timer0(chip.TIMER0, &mut chip.RESETS, &clocks),
            cycles: Ticks::default(),
            noise: Trng::new(chip.TRNG, chip.RESETS),
            stack,
        }
    }
}

impl Default for Pico2 {
    fn default() -> Self {
        Self::new()
    }
}

impl Board for Pico2 {
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

    fn entropy(&mut self) -> Option<u64> {
        self.noise.bits()
    }

    fn wait_millisecond(&mut self) {
        self.timer.delay_us(1000);
    }

    fn now(&mut self) -> u64 {
        self.cycles.at(DWT::cycle_count())
    }

    fn stack_used(&self) -> usize {
        self.stack.used()
    }
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
