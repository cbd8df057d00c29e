//! What the steps of the poem model cost on QEMU's RISC-V board.
#![no_std]
#![no_main]

use qibu::Arena;
use riscv32_virt::Virt;

// MODEL and ARENA: see build.rs.
include!(concat!(env!("OUT_DIR"), "/bench.rs"));

#[riscv_rt::entry]
fn main() -> ! {
    static mut MEMORY: Arena<ARENA> = Arena::new();
    let mut board = Virt::new();
    let memory = &raw mut MEMORY;
    // SAFETY: this function runs once, and only it knows the arena.
    let memory = unsafe { &mut *memory };
    let Err(error) = programs::bench(&mut board, MODEL, memory.bytes());
    programs::halt(&mut board, error)
}
