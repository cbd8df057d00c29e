//! ST's Nucleo-F446RE: serial line over the debug probe's USB, the blue button.
#![no_std]

use cortex_m::peripheral::DWT;
use programs::{Board, Stack, Ticks};
use stm32f4xx_hal::adc::{Adc, Temperature, config::AdcConfig, config::SampleTime};
use stm32f4xx_hal::block;
use stm32f4xx_hal::gpio::{Input, PC13};
use stm32f4xx_hal::pac::{self, ADC1, USART2};
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::Config;
use stm32f4xx_hal::serial::{Serial, config};

/// The fastest that the part runs without over-drive. The internal oscillator drives it: exact to
/// 1 % at room temperature, enough for a serial line, and there on every board.
const CLOCK_MHZ: u32 = 168;

/// The board.
pub struct Nucleo {
    serial: Serial<USART2>,
    button: PC13<Input>,
    thermometer: Adc<ADC1>,
    cycles: Ticks,
    stack: Stack,
}

impl Nucleo {
    /// Starts the clocks and the peripherals.
    ///
    /// # Panics
    ///
    /// When called a second time.
    pub fn new() -> Self {
        let stack = programs::paint_stack!(_stack_end, _stack_start);
        let chip = pac::Peripherals::take().unwrap();
        let mut core = cortex_m::Peripherals::take().unwrap();
        let clocks = Config::hsi().sysclk(CLOCK_MHZ.MHz());
        let mut rcc = chip.RCC.freeze(clocks);
        let port_a = chip.GPIOA.split(&mut rcc);
        let port_c = chip.GPIOC.split(&mut rcc);
        let format = config::Config::default().baudrate(115_200.bps());
        let serial = Serial::new(chip.USART2, (port_a.pa2, port_a.pa3), format, &mut rcc);
        let mut thermometer = Adc::new(chip.ADC1, true, AdcConfig::default(), &mut rcc);
        thermometer.enable_temperature_and_vref();
        core.DCB.enable_trace();
        core.DWT.enable_cycle_counter();
        Self {
            serial: serial.unwrap(),
            // The board pulls it up.
            button: port_c.pc13.into_input(),
            thermometer,
            cycles: Ticks::new(DWT::cycle_count()),
            stack,
        }
    }
}

impl Default for Nucleo {
    fn default() -> Self {
        Self::new()
    }
}

impl Board for Nucleo {
    const UNIT: &'static str = "cycles";

    fn put(&mut self, text: &str) {
        for byte in text.bytes() {
            // Sending never fails.
            let _ = block!(self.serial.write(byte));
        }
    }

    fn get(&mut self) -> Option<u8> {
        self.serial.read().ok()
    }

    fn pressed(&mut self) -> bool {
        self.button.is_low()
    }

    /// The part has no random number generator. The last bits of its thermometer are noise; each
    /// bit here is the sum of those of eight readings or more.
    fn entropy(&mut self) -> Option<u64> {
        let mut bits = 0u64;
        for _ in 0..8 * u64::BITS {
            let reading = self
                .thermometer
                .convert(&Temperature, SampleTime::Cycles_480);
            bits = bits.rotate_left(1) ^ u64::from(reading);
        }
        Some(bits)
    }

    fn wait_millisecond(&mut self) {
        let start = DWT::cycle_count();
        while DWT::cycle_count().wrapping_sub(start) < CLOCK_MHZ * 1000 {}
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
    // SAFETY: nothing else runs any more, so that nothing else uses the USART.
    let usart = unsafe { &*USART2::ptr() };
    for byte in "\nerror: panic\n".bytes() {
        while usart.sr().read().txe().bit_is_clear() {}
        usart.dr().write(|register| register.dr().set(byte.into()));
    }
    loop {
        cortex_m::asm::wfi();
    }
}
