//! Counts instructions of a model on the machine that `QIBU_MACHINE` names to the build.
#![no_std]
#![no_main]

#[bits::entry]
fn start() -> ! {
    // SAFETY: the table of machines says that the machine has such a timer there.
    bits::count(include!(concat!(env!("OUT_DIR"), "/timer.rs")))
}
