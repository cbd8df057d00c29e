//! A bundle on a machine: what it prints.

use super::wasm;
use qibu_tests::emulator::{self, Time};
use qibu_tests::machines::{Emulator, Machine};
use std::path::Path;

/// What `program` prints on `machine` for `bundle`, and the comments behind it.
///
/// # Errors
/// It does not start, fails, or does not end in time; with what it has printed.
pub fn run(machine: &Machine, program: &Path, bundle: &[u8]) -> Result<(String, String), String> {
    match machine.emulator {
        Emulator::Wasm => emulator::split(wasm::run(program, bundle, machine.arena)?),
        _ => emulator::run(machine, program, bundle, Time::Host),
    }
}
