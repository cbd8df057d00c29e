//! Nordic's nRF52840 DK: serial line over the debug probe's USB, button 1.
#![no_std]

use cortex_m::peripheral::DWT;
use embassy_futures::poll_once;
use embassy_nrf::buffered_uarte::{self, BufferedUarte};
use embassy_nrf::config::{Config, HfclkSource};
use embassy_nrf::gpio::{Input, Pull};
use embassy_nrf::mode::Blocking;
use embassy_nrf::rng::Rng;
use embassy_nrf::{bind_interrupts, pac, peripherals, uarte};
use programs::{Board, Stack, Ticks};

const CLOCK_MHZ: u32 = 64;

bind_interrupts!(struct Interrupts {
    UARTE0 => buffered_uarte::InterruptHandler<peripherals::UARTE0>;
});

/// The board.
pub struct Nrf52840Dk {
    serial: BufferedUarte<'static>,
    button: Input<'static>,
    noise: Rng<'static, Blocking>,
    cycles: Ticks,
    stack: Stack,
}

impl Nrf52840Dk {
    /// Starts the clocks and the peripherals.
    ///
    /// # Panics
    ///
    /// When called a second time.
    pub fn new() -> Self {
        // The serial line sends and receives by itself, to and from these.
        static mut RECEIVED: [u8; 256] = [0; 256];
        static mut TO_SEND: [u8; 64] = [0; 64];

        let stack = programs::paint_stack!(_stack_end, _stack_start);
        let mut core = cortex_m::Peripherals::take().unwrap();
        core.DCB.enable_trace();
        core.DWT.enable_cycle_counter();
        let mut config = Config::default();
        // The crystal: the internal oscillator is too inexact for the serial line.
        config.hfclk_source = HfclkSource::ExternalXtal;
        let chip = embassy_nrf::init(config);
        let (received, to_send) = (&raw mut RECEIVED, &raw mut TO_SEND);
        // SAFETY: the peripherals above can be taken only once, so that these are the only borrows.
        let (received, to_send) = unsafe { (&mut *received, &mut *to_send) };
        let mut format = uarte::Config::default();
        format.baudrate = uarte::Baudrate::Baud115200;
        let serial = BufferedUarte::new(
            chip.UARTE0,
            chip.TIMER0,
            chip.PPI_CH0,
            chip.PPI_CH1,
            chip.PPI_GROUP0,
            chip.P0_08,
            chip.P0_06,
            Interrupts,
            format,
            received,
            to_send,
        );
        Self {
            serial,
            button: Input::new(chip.P0_11, Pull::Up),
            noise: Rng::new_blocking(chip.RNG),
            cycles: Ticks::new(DWT::cycle_count()),
            stack,
        }
    }
}

impl Default for Nrf52840Dk {
    fn default() -> Self {
        Self::new()
    }
}

impl Board for Nrf52840Dk {
    const UNIT: &'static str = "cycles";

    fn put(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let sent = self.serial.try_write(rest).unwrap_or(0);
            rest = rest.get(sent..).unwrap_or_default();
        }
    }

    fn get(&mut self) -> Option<u8> {
        let mut byte = [0];
        match poll_once(self.serial.read(&mut byte)) {
            core::task::Poll::Ready(Ok(1)) => Some(byte[0]),
            _ => None,
        }
    }

    fn pressed(&mut self) -> bool {
        self.button.is_low()
    }

    fn entropy(&mut self) -> Option<u64> {
        Some(self.noise.blocking_next_u64())
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
    // The UARTE reads from RAM only.
    let text = *b"\nerror: panic\n";
    let uart = pac::UARTE0;
    uart.tasks_dma().tx().stop().write_value(1);
    uart.events_dma().tx().end().write_value(0);
    uart.dma().tx().ptr().write_value(text.as_ptr() as u32);
    uart.dma()
        .tx()
        .maxcnt()
        .write(|count| count.set_maxcnt(text.len() as u16));
    uart.tasks_dma().tx().start().write_value(1);
    while uart.events_dma().tx().end().read() == 0 {}
    loop {
        cortex_m::asm::wfi();
    }
}
