//! What the steps of the poem model cost on the MPS2 with image AN386.
#![no_std]
#![no_main]

use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/bench.rs"));

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = mps2_an386::board();
    let Err(error) = programs::bench(&mut board, MODEL, MEMORY.bytes());
    programs::halt(&mut board, error)
}
