//! What each step of a model costs.

use crate::{Board, Error, ModelFile, Text};
use core::convert::Infallible;
use core::fmt::Write;
use qibu::Function;

/// Prints, once, what loading, the checksum of the weights and every step of every function cost:
///
/// ```text
/// load TIME UNIT
/// weights TIME UNIT
/// generate 0 Quantise MACS TIME UNIT
/// …
/// generate total MACS TIME UNIT
/// # model BYTES arena BYTES stack BYTES load TIME total TIME UNIT
/// ```
///
/// Inputs are zero bytes. `total` in the last line is the sum of all functions.
///
/// # Errors
/// The model or its weights are damaged, or the arena is too short for it.
pub fn bench<B: Board>(
    board: &mut B,
    file: ModelFile,
    arena: &mut [u8],
) -> Result<Infallible, Error> {
    let (load, model) = time(board, |_| file.load());
    let model = model?;
    let _ = writeln!(Text(board), "load {load} {}", B::UNIT);
    let (checksum, sound) = time(board, |_| model.verify_weights());
    if !sound {
        return Err(Error::Weights);
    }
    let _ = writeln!(Text(board), "weights {checksum} {}", B::UNIT);
    let (mut total, mut most) = (0u64, 0);
    for function in model.functions() {
        total = total.wrapping_add(steps(board, function, arena)?);
        most = most.max(function.arena());
    }
    let (bytes, stack) = (file.bytes.len(), board.stack_used());
    let _ = writeln!(
        Text(board),
        "# model {bytes} arena {most} stack {stack} load {load} total {total} {}",
        B::UNIT
    );
    loop {
        board.wait_millisecond();
    }
}

/// Runs `function` on zeros and prints its steps; the sum of their times.
fn steps<B: Board>(board: &mut B, function: Function<'_>, arena: &mut [u8]) -> Result<u64, Error> {
    let name = function.name();
    // Inputs are tensors in the arena.
    arena.fill(0);
    let mut run = function.bind(arena)?;
    let (nothing, ()) = time(board, |_| ());
    let (mut total, mut macs, mut number) = (0u64, 0u64, 0);
    let mut start = board.now();
    run.execute_with(|step, _| {
        let spent = board.now().wrapping_sub(start).saturating_sub(nothing);
        let (opcode, work) = (step.opcode(), step.macs());
        let _ = writeln!(
            Text(board),
            "{name} {number} {opcode:?} {work} {spent} {}",
            B::UNIT
        );
        total = total.wrapping_add(spent);
        macs = macs.wrapping_add(work);
        number += 1;
        start = board.now();
    })?;
    let _ = writeln!(Text(board), "{name} total {macs} {total} {}", B::UNIT);
    Ok(total)
}

/// The time that `f` takes.
fn time<B: Board, R>(board: &mut B, f: impl FnOnce(&mut B) -> R) -> (u64, R) {
    let start = board.now();
    let result = f(board);
    (board.now().wrapping_sub(start), result)
}
