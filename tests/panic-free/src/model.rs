//! The runtime that a firmware links for the kernels of one model, and nothing else: what `.text` of
//! it costs. `QIBU_KERNELS` names the list, as `qibu compile --kernels` writes it.
//!
//! Links only if no panic path is left, like `main.rs`.
#![no_std]
#![no_main]

use qibu::Model;
use qibu::kernels::KernelSet;

const KERNELS: KernelSet<'static> = include!(env!("QIBU_KERNELS"));

/// Loads the file, runs its first function, and shows where the outputs are.
#[unsafe(no_mangle)]
pub fn _start(file: &[u8], inputs: fn(&mut [u8]), arena: &mut [u8], take: fn(&[u8])) -> bool {
    run(file, inputs, arena, take).is_some()
}

fn run(file: &[u8], inputs: fn(&mut [u8]), arena: &mut [u8], take: fn(&[u8])) -> Option<()> {
    let model = Model::load_with(file, KERNELS).ok()?;
    let function = model.functions().next()?;
    inputs(arena);
    let mut run = function.bind(arena).ok()?;
    run.execute().ok()?;
    take(run.tensor_bytes(function.output(0)?)?);
    Some(())
}

unsafe extern "C" {
    safe fn a_panic_path_is_left() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    a_panic_path_is_left()
}
