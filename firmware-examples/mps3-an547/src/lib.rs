//! The MPS3 with image AN547: a Cortex-M55 at 32 MHz.
#![no_std]

use mps::{Clock, Image, Mps};

const IMAGE: Image = Image {
    uart: 0x5930_3000,
    io: 0x5930_2000,
    // The image runs peripherals at less than the core's 32 MHz.
    serial_megahertz: 25,
    megahertz: 32,
    clock: Clock::Counter {
        control: 0x5810_0000,
        value: 0x5800_0000,
    },
};

/// The board, its serial line and clock ready.
#[must_use]
pub fn board() -> Mps {
    let stack = programs::paint_stack!(_stack_end, _stack_start);
    // SAFETY: the addresses are those of AN547's secure side, on which it starts.
    unsafe { Mps::new(IMAGE, stack) }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    programs::panicked(&mut board())
}
