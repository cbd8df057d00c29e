//! Words on the Netduino Plus 2: a line in, its words out.
#![no_std]
#![no_main]

use netduinoplus2::NetduinoPlus2;
use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/tag.rs"));

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = NetduinoPlus2::new();
    let Err(error) = programs::tag(&mut board, MODEL, MEMORY.bytes());
    programs::halt(&mut board, error)
}
