//! Words on the MPS3 with image AN547: a line in, its words out.
#![no_std]
#![no_main]

use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/tag.rs"));

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = mps3_an547::board();
    let Err(error) = programs::tag(&mut board, MODEL, MEMORY.bytes());
    programs::halt(&mut board, error)
}
