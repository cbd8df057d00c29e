//! What the steps of the poem model cost on the Nucleo-F446RE.
#![no_std]
#![no_main]

use nucleo_f446re::Nucleo;
use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/bench.rs"));

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = Nucleo::new();
    let Err(error) = programs::bench(&mut board, MODEL, MEMORY.bytes());
    programs::halt(&mut board, error)
}
