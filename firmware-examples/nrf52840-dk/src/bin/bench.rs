//! What the steps of the poem model cost on the nRF52840 DK.
#![no_std]
#![no_main]

use nrf52840_dk::Nrf52840Dk;
use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/bench.rs"));

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = Nrf52840Dk::new();
    let Err(error) = programs::bench(&mut board, MODEL, MEMORY.bytes());
    programs::halt(&mut board, error)
}
