//! The kernels that a model needs, as a C array: `kernels MODEL.qibu > kernels.h`.

use qibu::{Limits, Model, kernels};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: kernels MODEL.qibu")?;
    let file = std::fs::read(&path)?;
    // A model's bytes lie on a 16-byte boundary.
    let mut room = vec![0_u128; file.len().div_ceil(16)];
    let bytes = room.iter_mut().zip(file.chunks(16));
    for (word, chunk) in bytes {
        let mut sixteen = [0; 16];
        sixteen[..chunk.len()].copy_from_slice(chunk);
        *word = u128::from_ne_bytes(sixteen);
    }
    let bytes: &[u8] = bytemuck::cast_slice(&room);
    let model = Model::load_within(&bytes[..file.len()], Limits { macs: u64::MAX })?;

    println!("/* The kernels of {path}, for qibu_model_load_with. */");
    println!("static const qibu_kernel *const KERNELS[] = {{");
    for path in kernels::used(&model) {
        let known = qibu_c::KERNELS.iter().find(|(_, known)| *known == path);
        let (name, _) = known.ok_or("a kernel without a name in C")?;
        println!("    &{name},");
    }
    println!("}};");
    Ok(())
}
