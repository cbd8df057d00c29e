//! What the steps of the poem model cost on the ESP32-C3.
#![no_std]
#![no_main]

use esp32c3::Esp32C3;
use qibu::Arena;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/bench.rs"));

#[esp_hal::main]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = Esp32C3::new();
    let memory = &raw mut MEMORY;
    // SAFETY: this function runs once, and only it knows the arena.
    let memory = unsafe { &mut *memory };
    let Err(error) = programs::bench(&mut board, MODEL, memory.bytes());
    programs::halt(&mut board, error)
}
