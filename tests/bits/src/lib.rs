//! What the programs of boards share: start, memory, output and the way out.
//!
//! The code is the same on all boards of a target. Where bundle and arena are, the linker script
//! says, and which kernels there are, a constant; the build script writes both from
//! `tests/src/machines.rs`.
#![no_std]

#[cfg(target_os = "none")]
mod board;
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[path = "arm.rs"]
mod machine;
#[cfg(all(target_arch = "riscv32", target_os = "none"))]
#[path = "riscv.rs"]
mod machine;

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod timer;

#[cfg(target_os = "none")]
pub use board::{count, main};
#[cfg(target_os = "none")]
pub use machine::entry;
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub use timer::{Cmsdk, Counter};

/// The program of the machine of this name: `KERNELS`, and the entry point.
#[macro_export]
macro_rules! program {
    ($machine:literal) => {
        const KERNELS: qibu::kernels::KernelSet<'static> =
            include!(concat!(env!("OUT_DIR"), "/", $machine, ".kernels.rs"));

        #[$crate::entry]
        fn start() -> ! {
            $crate::main(KERNELS)
        }
    };
}
