//! Couplets on the LM3S6965 evaluation board: one a second, and one for each press of the select button.
#![no_std]
#![no_main]

use lm3s6965evb::Lm3s6965;
use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/poem.rs"));

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = Lm3s6965::new();
    let Err(error) = programs::poem(&mut board, MODEL, MEMORY.bytes());
    programs::halt(&mut board, error)
}
