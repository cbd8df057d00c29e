//! What the programs share: on boards all of it, start, memory, output and the way out.
//!
//! The code is the same on all boards of a target. Where bundle and arena are, the linker script
//! says, which the build script writes from `tests/src/machines.rs`.
#![no_std]

#[cfg(target_os = "none")]
mod board;
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[path = "arm.rs"]
mod machine;
#[cfg(all(target_arch = "riscv32", target_os = "none"))]
#[path = "riscv.rs"]
mod machine;
