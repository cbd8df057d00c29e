//! Bundle and arena, as the linker script places them, and lines on their way out.

use crate::machine::Output;
use core::ptr::{addr_of, addr_of_mut};
use core::slice::{from_raw_parts, from_raw_parts_mut};
use programs::Clock;
use qibu::kernels::KernelSet;

unsafe extern "C" {
    static _bundle: u8;
    static _bundle_end: u8;
    static mut _arena: u8;
    static _arena_end: u8;
}

/// Bytes that wait for [`Output::put`], which takes long for each call.
const BUFFER: usize = 128;

/// Runs the bundle, once.
pub fn main(kernels: KernelSet<'static>) -> ! {
    run(|bundle, arena, put| programs::bits(bundle, arena, kernels, put))
}

/// Counts the bundle's model, once, by `clock`.
pub fn count(mut clock: impl Clock) -> ! {
    run(|bundle, arena, put| programs::count(bundle, arena, &mut clock, put))
}

/// Hands bundle, arena and output to a program; both functions above are called once, by the start-up
/// code.
fn run(program: impl FnOnce(&[u8], &mut [u8], &mut dyn FnMut(&str))) -> ! {
    let (bundle, arena) = (addr_of!(_bundle), addr_of_mut!(_arena));
    let length = addr_of!(_bundle_end).addr() - bundle.addr();
    let room = addr_of!(_arena_end).addr() - arena.addr();
    // SAFETY: the linker script puts the bundle into memory of the machine that no section uses and
    // nothing writes.
    let bundle = unsafe { from_raw_parts(bundle, length) };
    // SAFETY: the linker script begins the RAM of all sections behind the arena, and a program is run
    // once, by the start-up code, so that nothing else refers to these bytes.
    let arena = unsafe { from_raw_parts_mut(arena, room) };
    let mut buffer = Buffer {
        bytes: [0; BUFFER],
        filled: 0,
        output: Output::open(),
    };
    program(bundle, arena, &mut |text| buffer.put(text));
    buffer.flush();
    buffer.output.end()
}

/// A buffer in front of an [`Output`].
struct Buffer {
    bytes: [u8; BUFFER],
    filled: usize,
    output: Output,
}

impl Buffer {
    fn put(&mut self, text: &str) {
        for byte in text.bytes() {
            if self.filled == BUFFER {
                self.flush();
            }
            self.bytes[self.filled] = byte;
            self.filled += 1;
        }
    }

    fn flush(&mut self) {
        self.output.put(&self.bytes[..self.filled]);
        self.filled = 0;
    }
}
