//! Couplets on the MPS2+ with image AN505: one a second, and one for each press of a button.
#![no_std]
#![no_main]

use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/poem.rs"));

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = mps2_an505::board();
    let Err(error) = programs::poem(&mut board, MODEL, MEMORY.bytes());
    programs::halt(&mut board, error)
}
