//! Words on the MPS2+ with image AN505: a line in, its words out.
#![no_std]
#![no_main]

use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/tag.rs"));

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = mps2_an505::board();
    let Err(error) = programs::tag(&mut board, MODEL, MEMORY.bytes());
    programs::halt(&mut board, error)
}
