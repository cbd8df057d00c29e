//! Any bytes, with both checksums made right, are refused or run to their end.
#![no_main]

#[path = "../../../compiler/src/aligned.rs"]
mod aligned;
#[path = "../../src/exercise.rs"]
#[allow(dead_code)]
mod exercise;

use aligned::AlignedBytes;
use libfuzzer_sys::fuzz_target;
use qibu::Limits;

/// Bytes of arena and multiply-accumulates that keep one input in milliseconds.
const ARENA: usize = 1 << 18;
const LIMITS: Limits = Limits { macs: 2_000_000 };

fuzz_target!(|data: &[u8]| {
    let mut file = AlignedBytes::from(data);
    exercise::seal(&mut file);
    let mut arena = AlignedBytes::zeros(ARENA);
    exercise::load_and_run(&file, &mut arena, LIMITS, 1);
});
