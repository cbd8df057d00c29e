//! Couplets on the micro:bit: one a second, and one for each press of button A.
#![no_std]
#![no_main]

use microbit::Microbit;
use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/poem.rs"));

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = Microbit::new();
    let Err(error) = programs::poem(&mut board, MODEL, MEMORY.bytes());
    programs::halt(&mut board, error)
}
