//! Couplets on the ESP32-C3: one a second, and one for each press of the button.
#![no_std]
#![no_main]

use esp32c3::Esp32C3;
use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/poem.rs"));

#[esp_hal::main]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = Esp32C3::new();
    let memory = &raw mut MEMORY;
    // SAFETY: this function runs once, and only it knows the arena.
    let memory = unsafe { &mut *memory };
    let Err(error) = programs::poem(&mut board, MODEL, memory.bytes());
    programs::halt(&mut board, error)
}
