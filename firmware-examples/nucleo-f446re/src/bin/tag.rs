//! Words on the Nucleo-F446RE: a line in, its words out.
#![no_std]
#![no_main]

use nucleo_f446re::Nucleo;
use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/tag.rs"));

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = Nucleo::new();
    let Err(error) = programs::tag(&mut board, MODEL, MEMORY.bytes());
    programs::halt(&mut board, error)
}
