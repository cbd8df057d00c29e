//! The same bits everywhere: runs a bundle of models and prints every byte of every result.
//!
//! ```text
//! bundle:  records, one behind the other, each on a 16-byte boundary; kind 0 ends it
//! record:  kind, model length, extra length, seeds: u32, little-endian
//!          the model, then the extra bytes, each padded to 16
//! kind 1   every function, inputs drawn from seeds 0..seeds   <record> <function> <seed> <output>: <hex>
//! kind 2   a poem model, the couplets of seeds 1..=seeds      <record> couplet <seed>: <text>
//! kind 3   a tag model, extra is its text in UTF-8            <record> tags <line>: <hex>, forced <count>
//! kind 4   as 1, and a checksum behind every step             <record> <function> <seed> step <n> <operator>: <crc>
//! ```
//!
//! `end` closes the output. What needs a longer arena prints `<record> <function> arena <bytes>` and
//! is left out. So two machines with arenas of one length print the same text, or one of them errs.
//!
//! 1. Inputs are drawn straight into the arena, where the function's tensors say: a board has no
//!    memory to hold them twice.
//! 2. What a kind needs of the stack is its own: none of them is inlined into what calls them.
//! 3. Index inputs are tables' business, and the tables are inside the model: a run that refuses an
//!    id is repeated with smaller ones, at last with zeros, which every table has.

mod count;
mod inputs;
mod text;
mod verse;

use core::fmt::{self, Write};
pub use count::{Clock, count};
pub use inputs::SEEDS;
use inputs::{BOUNDS, draw};
use qibu::format::{Tensor, crc::crc32};
use qibu::kernels::KernelSet;
use qibu::random::Random;
use qibu::{Function, InputError, Model};
use text::{couplets, tags};

/// One model of a bundle, and what to do with it.
#[derive(Clone, Copy)]
struct Record<'b> {
    kind: u32,
    model: &'b [u8],
    extra: &'b [u8],
    seeds: u32,
}

/// Cuts the first record off `bundle`; `None` at its end, or where it is cut short.
fn next<'b>(bundle: &mut &'b [u8]) -> Option<Record<'b>> {
    let (head, mut rest) = bundle.split_at_checked(16)?;
    let (words, _) = head.as_chunks::<4>();
    let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
    let mut word = || words.next().unwrap_or(0);
    let (kind, lengths, seeds) = (word(), [word(), word()], word());
    if kind == 0 {
        return None;
    }
    let mut cut = |length: u32| {
        let length = length as usize;
        let (padded, tail) = rest.split_at_checked(length.checked_next_multiple_of(16)?)?;
        rest = tail;
        padded.get(..length)
    };
    let [model, extra] = [cut(lengths[0])?, cut(lengths[1])?];
    *bundle = rest;
    Some(Record {
        kind,
        model,
        extra,
        seeds,
    })
}

/// Text, and bytes as hexadecimal digits.
struct Out<'o>(&'o mut dyn FnMut(&str));

impl Write for Out<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        (self.0)(text);
        Ok(())
    }
}

impl Out<'_> {
    fn hex(&mut self, bytes: &[u8]) {
        const DIGITS: &str = "0123456789abcdef";
        for byte in bytes {
            for digit in [byte >> 4, byte & 15].map(usize::from) {
                (self.0)(DIGITS.get(digit..digit + 1).unwrap_or("?"));
            }
        }
    }
}

/// Runs all of `bundle` in `arena` and prints what the file's head says.
///
/// `bundle` and `arena` start on 16-byte boundaries. `kernels` has all that the models need.
pub fn bits(bundle: &[u8], arena: &mut [u8], kernels: KernelSet<'_>, put: &mut dyn FnMut(&str)) {
    let mut out = Out(put);
    let mut rest = bundle;
    let mut index = 0u32;
    while let Some(record) = next(&mut rest) {
        let _ = run(index, &record, kernels, arena, &mut out);
        index = index.wrapping_add(1);
    }
    let _ = out.write_str("end\n");
}

fn run(
    index: u32,
    record: &Record<'_>,
    kernels: KernelSet<'_>,
    arena: &mut [u8],
    out: &mut Out<'_>,
) -> fmt::Result {
    let model = match Model::load_with(record.model, kernels) {
        Ok(model) => model,
        Err(error) => return writeln!(out, "{index} error: {error}"),
    };
    if !model.verify_weights() {
        return writeln!(out, "{index} error: the weights are damaged");
    }
    match record.kind {
        2 => couplets(index, &model, record.seeds, arena, out),
        3 => tags(index, &model, record.extra, arena, out),
        kind => {
            for function in model.functions() {
                if function.arena() > arena.len() {
                    too_long(index, function.name(), function.arena(), out)?;
                    continue;
                }
                for seed in 0..record.seeds {
                    call(index, &function, seed, kind == 4, arena, out)?;
                }
            }
            Ok(())
        }
    }
}

fn too_long(index: u32, name: &str, needed: usize, out: &mut Out<'_>) -> fmt::Result {
    writeln!(out, "{index} {name} arena {needed}")
}

/// Runs `function` on the inputs of `seed` and prints its outputs.
#[inline(never)]
fn call(
    index: u32,
    function: &Function<'_>,
    seed: u32,
    trace: bool,
    arena: &mut [u8],
    out: &mut Out<'_>,
) -> fmt::Result {
    let name = function.name();
    let mut done = Ok(());
    for (attempt, bound) in BOUNDS.into_iter().enumerate() {
        for input in 0..function.inputs().len() {
            let tensor = function.input(input);
            let bytes = tensor.and_then(|tensor| Some((tensor, place(tensor, arena)?)));
            let Some((tensor, bytes)) = bytes else {
                return writeln!(out, "{index} {name} {seed} error: input {input}");
            };
            let special = seed.checked_sub(2).filter(|_| attempt == 0);
            // Inputs of one function differ.
            let mut random = Random::new(u64::from(seed) | (input as u64) << 32);
            draw(tensor, bytes, &mut random, special, bound);
        }
        let mut run = match function.bind(arena) {
            Ok(run) => run,
            Err(error) => return writeln!(out, "{index} {name} {seed} error: {error}"),
        };
        let mut number = 0u32;
        done = run.execute_with(|step, arena| {
            let code = step.opcode().name();
            for output in 0..step.outputs().len() {
                let bytes = step.output(output).and_then(|tensor| part(tensor, arena));
                if let Some(bytes) = bytes.filter(|_| trace) {
                    let _ = write!(out, "{index} {name} {seed} step {number} {code}: ");
                    let _ = writeln!(out, "{:08x}", crc32(bytes));
                }
            }
            number = number.wrapping_add(1);
        });
        if !matches!(done, Err(InputError::Id { .. })) {
            break;
        }
    }
    if let Err(error) = done {
        return writeln!(out, "{index} {name} {seed} error: {error}");
    }
    for output in 0..function.outputs().len() {
        let tensor = function.output(output);
        let bytes = tensor.and_then(|tensor| part(tensor, arena));
        write!(out, "{index} {name} {seed} {output}: ")?;
        out.hex(bytes.unwrap_or(&[]));
        out.write_char('\n')?;
    }
    Ok(())
}

/// Bytes of an arena tensor.
fn part<'a>(tensor: Tensor<'_>, arena: &'a [u8]) -> Option<&'a [u8]> {
    arena
        .get(tensor.offset() as usize..)?
        .get(..tensor.bytes()?)
}

/// [`part`] to write to.
fn place<'a>(tensor: Tensor<'_>, arena: &'a mut [u8]) -> Option<&'a mut [u8]> {
    let tail = arena.get_mut(tensor.offset() as usize..)?;
    tail.get_mut(..tensor.bytes()?)
}
