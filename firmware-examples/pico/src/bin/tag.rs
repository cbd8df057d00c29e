//! Words on the Pico: a line in, its words out.
#![no_std]
#![no_main]

use pico::Pico;
use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/tag.rs"));

#[rp2040_hal::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = Pico::new();
    let Err(error) = programs::tag(&mut board, MODEL, MEMORY.bytes());
    programs::halt(&mut board, error)
}
