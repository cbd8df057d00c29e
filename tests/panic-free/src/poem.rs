//! The runtime that a poem firmware links, and nothing else: what `.text` of it costs.
//!
//! Links only if no panic path is left, like `main.rs`.
#![no_std]
#![no_main]

use qibu::Model;
use qibu::kernels::{KernelSet, conv, dense, gate, top_k_dense, types};
use qibu::poem::Poet;

/// The kernels of `models/poem5`'s function `generate`.
const KERNELS: KernelSet<'static> = &[
    &dense::I16_I4,
    &conv::I16_I4,
    &top_k_dense::I16_I4,
    &gate::INTEGER,
    &types::QUANTISE,
];

/// Loads the file and hands the couplet of a seed to `put`, piece by piece.
#[unsafe(no_mangle)]
pub fn _start(file: &[u8], seed: u64, arena: &mut [u8], put: fn(&str)) -> bool {
    couplet(file, seed, arena, put).is_some()
}

fn couplet(file: &[u8], seed: u64, arena: &mut [u8], put: fn(&str)) -> Option<()> {
    let model = Model::load_with(file, KERNELS).ok()?;
    let poet = Poet::new(&model)?;
    let ids = poet.couplet(seed, poet.temperature(), arena).ok()?;
    poet.write(&ids, put);
    Some(())
}

unsafe extern "C" {
    safe fn a_panic_path_is_left() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    a_panic_path_is_left()
}
