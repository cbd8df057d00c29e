//! The MPS2 with image AN386: a Cortex-M4F at 25 MHz.
#![no_std]

use mps::{Clock, Image, Mps};

const IMAGE: Image = Image {
    uart: 0x4000_4000,
    io: 0x4002_8000,
    serial_megahertz: 25,
    megahertz: 25,
    clock: Clock::Timer(0x4000_0000),
};

/// The board, its serial line and clock ready.
#[must_use]
pub fn board() -> Mps {
    let stack = programs::paint_stack!(_stack_end, _stack_start);
    // SAFETY: the addresses are those of AN386.
    unsafe { Mps::new(IMAGE, stack) }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    programs::panicked(&mut board())
}
