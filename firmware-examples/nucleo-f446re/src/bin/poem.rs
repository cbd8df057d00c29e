//! Couplets on the Nucleo-F446RE: one a second, and one for each press of the button.
#![no_std]
#![no_main]

use nucleo_f446re::Nucleo;
use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/poem.rs"));

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = Nucleo::new();
    let Err(error) = programs::poem(&mut board, MODEL, MEMORY.bytes());
    programs::halt(&mut board, error)
}
