//! The MPS2+ with image AN505: a Cortex-M33 at 20 MHz.
#![no_std]

use mps::{Clock, Image, Mps};

const IMAGE: Image = Image {
    uart: 0x5020_0000,
    io: 0x5030_2000,
    serial_megahertz: 20,
    megahertz: 20,
    clock: Clock::Timer(0x5000_0000),
};

/// The board, its serial line and clock ready.
#[must_use]
pub fn board() -> Mps {
    let stack = programs::paint_stack!(_stack_end, _stack_start);
    // SAFETY: the addresses are those of AN505's secure side, on which it starts.
    unsafe { Mps::new(IMAGE, stack) }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    programs::panicked(&mut board())
}
