//! New checksums for a changed file, and a run of everything in it.
//!
//! Shared with the fuzz target, which includes this file by path. The checksums are those of another
//! crate: faster, and a second opinion on the runtime's.

use crc32fast::hash as crc32;
use qibu::format::{DType, Header, Section};
use qibu::random::Random;
use qibu::{Function, Limits, LoadError, Model, Run};
use std::hint::black_box;

/// Recomputes both checksums, so that a changed file gets past them; leaves a file alone whose
/// header does not say where the weights are.
pub fn seal(bytes: &mut [u8]) {
    seal_weights(bytes);
    seal_structure(bytes);
}

/// Recomputes the checksum of the weights.
pub fn seal_weights(bytes: &mut [u8]) {
    let Some((start, length)) = weights(bytes) else {
        return;
    };
    if let Some(weights) = bytes.get(start..).and_then(|tail| tail.get(..length)) {
        let crc = crc32(weights);
        bytes[16..20].copy_from_slice(&crc.to_le_bytes());
    }
}

/// Recomputes the checksum of all but the weights.
pub fn seal_structure(bytes: &mut [u8]) {
    let Some((start, _)) = weights(bytes) else {
        return;
    };
    if let Some(covered) = bytes.get(Header::CHECKED_FROM..start) {
        let crc = crc32(covered);
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
    }
}

fn weights(bytes: &[u8]) -> Option<(usize, usize)> {
    Header::parse(bytes.first_chunk()?)?.range(Section::Weights)
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `load` refused it.
    Refused(LoadError),
    /// It was loaded; this many functions ran to their end.
    Ran(u32),
}

/// Loads `bytes` and runs every function that fits `arena`, with zeros and with random inputs.
///
/// # Panics
/// A loaded model gave an error that only loading may give.
pub fn load_and_run(bytes: &[u8], arena: &mut [u8], limits: Limits, seed: u64) -> End {
    let model = match Model::load_within(bytes, limits) {
        Ok(model) => model,
        Err(error) => return End::Refused(error),
    };
    for (name, table) in model.tables() {
        let found = model.table(name).expect("a table has its name");
        assert_eq!(table.bytes().len(), table.record().bytes().unwrap_or(0));
        black_box((found.f32(), found.i8(), found.u16(), found.i32()));
    }
    let mut random = Random::new(seed);
    let mut ran = 0;
    for function in model.functions() {
        if function.arena() <= arena.len() {
            run(&function, arena, None);
            run(&function, arena, Some(&mut random));
            ran += 1;
        }
    }
    End::Ran(ran)
}

/// Runs a function on zeros or on random inputs, twice: what it keeps of the first runs changes no bit.
fn run(function: &Function<'_>, arena: &mut [u8], random: Option<&mut Random>) {
    // What an earlier run left in the arena must not matter.
    arena[..function.arena()].fill(0xA5);
    let mut run = function.bind(arena).expect("the arena is long enough");
    let mut zero = || 0;
    let mut draw;
    let word: &mut dyn FnMut() -> u32 = match random {
        Some(random) => {
            draw = || random.next_u32();
            &mut draw
        }
        None => &mut zero,
    };
    let words = (0..function.inputs().len()).map(|index| {
        let tensor = function.input(index);
        let length = tensor.and_then(|tensor| tensor.elements());
        (0..length.expect("a loaded function has its inputs"))
            .map(|_| word())
            .collect()
    });
    let words: Vec<Vec<u32>> = words.collect();
    let first = execute(&mut run, &words);
    assert!(
        first == execute(&mut run, &words),
        "{}: the second run differs",
        function.name()
    );
}

/// Sets all inputs, runs, and takes the outputs' bytes.
fn execute(run: &mut Run<'_, '_>, words: &[Vec<u32>]) -> Option<Vec<Vec<u8>>> {
    let function = run.function();
    for (index, words) in words.iter().enumerate() {
        let tensor = function.input(index).expect("it has been asked for");
        let words = words.iter().copied();
        match tensor.dtype() {
            // Any bits: infinities, NaN and subnormals too.
            DType::F32 => run.set_f32(index, &words.map(f32::from_bits).collect::<Vec<_>>()),
            DType::I32 => {
                let values: Vec<i32> = words.map(|word| (word % 16) as i32).collect();
                run.set_i32(index, &values)
            }
            DType::I8 => run.set_i8(index, &words.map(|word| word as i8).collect::<Vec<_>>()),
            DType::I16 => run.set_i16(index, &words.map(|word| word as i16).collect::<Vec<_>>()),
            DType::Bool => {
                let values: Vec<bool> = words.map(|word| word % 2 == 1).collect();
                run.set_bool(index, &values)
            }
            DType::F16 | DType::Scale | DType::I4 => Ok(()),
        }
        .expect("the right length");
    }
    match run.execute() {
        Ok(()) => {}
        Err(qibu::InputError::Id { .. }) => return None,
        Err(error) => panic!("{}: {error:?} in a loaded model", function.name()),
    }
    let outputs = (0..function.outputs().len()).filter_map(|index| function.output(index));
    let bytes = outputs.filter_map(|output| run.tensor_bytes(output).map(<[u8]>::to_vec));
    Some(bytes.collect())
}
