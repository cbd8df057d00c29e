//! What a model costs on an emulated processor, step by step, and that it computes the same there.
//!
//! ```text
//! bundle: one record (see the module above); its extra bytes name a function, else all are counted;
//!         `verse` counts poems instead
//!
//! # nothing T                 ticks of an empty stretch, to be taken off all others
//! # load T                    structural load, with the kernels that the model needs and no others
//! # weights T                 checksum of the weights
//! # <function> total T        bind and execute, in one stretch
//! # <function> <step> T       the step, with the way to it
//! <function> step <n>: <crc> …        checksums of what it writes
//! <function> output <n>: <crc>        checksum of an output of the function
//! end
//! ```
//!
//! A dash stands for ticks that ran over.
//! Lines that start with `#` are the machine's, the others the same everywhere: the host runs this,
//! too, and compares.

use super::inputs::{BOUNDS, draw};
use super::verse::verse;
use super::{Out, Record, next, part, place};
use core::fmt::{self, Write};
use qibu::format::crc::crc32;
use qibu::kernels::{ALL, Kernel};
use qibu::random::Random;
use qibu::{Function, InputError, Model};

/// A stopwatch, whose ticks the machine's table translates.
pub trait Clock {
    /// Starts from zero.
    fn start(&mut self);

    /// Ticks since [`Clock::start`]; `None` where it ran over.
    fn ticks(&mut self) -> Option<u64>;
}

/// In place of a function's name: poems are counted, see [`super::verse`].
const VERSE: &[u8] = b"verse";
/// Most kernels: more than there are.
const KERNELS: usize = 192;

/// Counts the model in `bundle` and prints what the file's head says.
///
/// `bundle` and `arena` start on 16-byte boundaries.
pub fn count(bundle: &[u8], arena: &mut [u8], clock: &mut dyn Clock, put: &mut dyn FnMut(&str)) {
    let mut out = Out(put);
    let mut rest = bundle;
    if let Some(record) = next(&mut rest) {
        let _ = counted(&record, arena, clock, &mut out);
    }
    let _ = out.write_str("end\n");
}

fn counted(
    record: &Record<'_>,
    arena: &mut [u8],
    clock: &mut dyn Clock,
    out: &mut Out<'_>,
) -> fmt::Result {
    clock.start();
    let nothing = clock.ticks();
    ticks(format_args!("nothing"), nothing, out)?;
    let model = match Model::load(record.model) {
        Ok(model) => model,
        Err(error) => return writeln!(out, "error: {error}"),
    };
    // As a firmware that `include!`s the list of `qibu compile --kernels`.
    let mut set: [&'static Kernel; KERNELS] = [&qibu::kernels::copy::ANY; KERNELS];
    let used = needed(&model, &mut set);
    clock.start();
    let loaded = Model::load_with(record.model, set.get(..used).unwrap_or(ALL));
    let spent = clock.ticks();
    ticks(format_args!("load"), spent, out)?;
    let model = match loaded {
        Ok(model) => model,
        Err(error) => return writeln!(out, "error: {error}"),
    };
    clock.start();
    let sound = model.verify_weights();
    let spent = clock.ticks();
    ticks(format_args!("weights"), spent, out)?;
    if !sound {
        return writeln!(out, "error: the weights are damaged");
    }
    if record.extra == VERSE {
        return verse(&model, arena, clock, out);
    }
    for function in model.functions() {
        let wanted = record.extra.is_empty() || record.extra == function.name().as_bytes();
        if wanted {
            let bound = total(&function, arena, clock, out)?;
            steps(&function, bound, arena, clock, out)?;
        }
    }
    Ok(())
}

/// Fills the start of `set` with the kernels of `model`'s steps; how many there are.
fn needed(model: &Model<'_>, set: &mut [&'static Kernel]) -> usize {
    let mut marked = [false; KERNELS];
    for step in (0..model.steps() as u32).filter_map(|index| model.step(index)) {
        let position = ALL.iter().position(|kernel| kernel.takes(&step));
        if let Some(mark) = position.and_then(|position| marked.get_mut(position)) {
            *mark = true;
        }
    }
    let used = ALL.iter().zip(marked).filter(|(_, marked)| *marked);
    let mut count = 0;
    for (slot, (kernel, _)) in set.iter_mut().zip(used) {
        *slot = kernel;
        count += 1;
    }
    count
}

pub(super) fn ticks(
    name: fmt::Arguments<'_>,
    ticks: Option<u64>,
    out: &mut Out<'_>,
) -> fmt::Result {
    match ticks {
        Some(ticks) => writeln!(out, "# {name} {ticks}"),
        None => writeln!(out, "# {name} -"),
    }
}

/// Draws the inputs of `function`; indices below `bound`.
fn fill(function: &Function<'_>, arena: &mut [u8], bound: u32) {
    for input in 0..function.inputs().len() {
        if let Some(tensor) = function.input(input)
            && let Some(bytes) = place(tensor, arena)
        {
            // Inputs of one function differ.
            let mut random = Random::new((input as u64) << 32);
            draw(tensor, bytes, &mut random, None, bound);
        }
    }
}

/// Counts `function` in one stretch; the bound of indices that it accepts.
#[inline(never)]
fn total(
    function: &Function<'_>,
    arena: &mut [u8],
    clock: &mut dyn Clock,
    out: &mut Out<'_>,
) -> Result<u32, fmt::Error> {
    let name = function.name();
    for bound in BOUNDS {
        fill(function, arena, bound);
        clock.start();
        let done = function.bind(arena).and_then(|mut run| run.execute());
        let spent = clock.ticks();
        match done {
            Ok(()) => {
                ticks(format_args!("{name} total"), spent, out)?;
                return Ok(bound);
            }
            Err(InputError::Id { .. }) => {}
            Err(error) => {
                writeln!(out, "error: {name}: {error}")?;
                return Err(fmt::Error);
            }
        }
    }
    writeln!(out, "error: {name}: no index fits")?;
    Err(fmt::Error)
}

/// Counts each step of `function` and prints checksums of what it writes.
#[inline(never)]
fn steps(
    function: &Function<'_>,
    bound: u32,
    arena: &mut [u8],
    clock: &mut dyn Clock,
    out: &mut Out<'_>,
) -> fmt::Result {
    let name = function.name();
    fill(function, arena, bound);
    let mut number = 0u32;
    let done = function.bind(arena).and_then(|mut run| {
        clock.start();
        run.execute_with(|step, arena| {
            let spent = clock.ticks();
            let _ = ticks(format_args!("{name} {number}"), spent, out);
            let _ = write!(out, "{name} step {number}:");
            for (output, &index) in step.outputs().iter().enumerate() {
                if is_read(function, index) {
                    let bytes = step.output(output).and_then(|tensor| part(tensor, arena));
                    let _ = write!(out, " {:08x}", crc32(bytes.unwrap_or(&[])));
                }
            }
            let _ = out.write_str("\n");
            number = number.wrapping_add(1);
            clock.start();
        })
    });
    if let Err(error) = done {
        return writeln!(out, "error: {name}: {error}");
    }
    for output in 0..function.outputs().len() {
        let tensor = function.output(output);
        let bytes = tensor.and_then(|tensor| part(tensor, arena));
        let bytes = bytes.unwrap_or(&[]);
        writeln!(out, "{name} output {output}: {:08x}", crc32(bytes))?;
    }
    Ok(())
}

/// Whether a step or the caller reads the tensor of this index: scratch memory holds what the
/// processor likes.
fn is_read(function: &Function<'_>, index: u32) -> bool {
    function.outputs().contains(&index)
        || function.steps().any(|step| step.inputs().contains(&index))
}
