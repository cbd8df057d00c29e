//! Runs a compiled file on raw numbers: `run_f32 model.qibu < inputs > outputs`.
//!
//! Standard input holds the f32 input of the first function, little-endian, as often as there are
//! samples; standard output gets its f32 output for each.

use std::error::Error;
use std::io::{Read, Write};

/// Bytes at an address that the loader accepts.
fn aligned(bytes: &[u8]) -> Vec<u128> {
    let mut words = vec![0u128; bytes.len().div_ceil(16)];
    bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
    words
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: run_f32 model.qibu")?;
    let bytes = std::fs::read(path)?;
    let file = aligned(&bytes);
    let limits = qibu::Limits { macs: 1 << 40 };
    let file = &bytemuck::cast_slice(&file)[..bytes.len()];
    let model = qibu::Model::load_within(file, limits).map_err(|error| error.to_string())?;
    let function = model.functions().next().ok_or("no function")?;
    let mut samples = Vec::new();
    std::io::stdin().read_to_end(&mut samples)?;
    let (words, _) = samples.as_chunks::<4>();
    let samples: Vec<f32> = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
    let input = function.input(0).ok_or("no input")?;
    let length = input.elements().ok_or("input without length")?;
    let mut arena = aligned(&vec![0; function.arena()]);
    let mut out = std::io::stdout().lock();
    for sample in samples.chunks_exact(length) {
        let arena = &mut bytemuck::cast_slice_mut(&mut arena)[..function.arena()];
        let mut run = function.bind(arena).map_err(|error| error.to_string())?;
        run.set_f32(0, sample).map_err(|error| error.to_string())?;
        run.execute().map_err(|error| error.to_string())?;
        let output = run.output_f32(0).map_err(|error| error.to_string())?;
        out.write_all(bytemuck::cast_slice(output))?;
    }
    Ok(())
}
