//! Couplets, one a second.

use crate::{Board, Error, ModelFile, Text};
use core::convert::Infallible;
use core::fmt::Write;
use qibu::poem::Poet;

/// Couplets before the figures: those that the runner compares.
const COMPARED: u64 = 10;
const SECOND: u32 = 1000;

/// Prints the couplets of seeds 1, 2, 3 …, one a second.
///
/// A byte on the serial line, or a press of the button, prints another one at once: its seed is the
/// board's entropy, or the time where there is none. Behind the tenth couplet comes one line
/// of figures:
///
/// ```text
/// # model BYTES arena BYTES stack BYTES load TIME couplet TIME UNIT
/// ```
///
/// # Errors
/// The model is no poem model or the arena too short for it.
pub fn poem<B: Board>(
    board: &mut B,
    file: ModelFile,
    arena: &mut [u8],
) -> Result<Infallible, Error> {
    let start = board.now();
    let model = file.load()?;
    let load = board.now().wrapping_sub(start);
    let poet = Poet::new(&model).ok_or(Error::Poem)?;
    let (mut seed, mut most) = (0u64, 0);
    loop {
        seed = seed.wrapping_add(1);
        most = couplet(board, &poet, seed, arena)?.max(most);
        if seed == COMPARED {
            let (model, arena, stack) = (file.bytes.len(), poet.arena(), board.stack_used());
            let _ = writeln!(
                Text(board),
                "# model {model} arena {arena} stack {stack} load {load} couplet {most} {}",
                B::UNIT
            );
        }
        let mut down = board.pressed();
        for _ in 0..SECOND {
            let before = core::mem::replace(&mut down, board.pressed());
            if board.get().is_some() || down && !before {
                let seed = board.entropy().unwrap_or_else(|| board.now());
                couplet(board, &poet, seed, arena)?;
            }
            board.wait_millisecond();
        }
    }
}

/// Prints the couplet of `seed`; how long it took to find.
fn couplet(
    board: &mut impl Board,
    poet: &Poet<'_>,
    seed: u64,
    arena: &mut [u8],
) -> Result<u64, Error> {
    let start = board.now();
    let ids = poet.couplet(seed, poet.temperature(), arena)?;
    let spent = board.now().wrapping_sub(start);
    poet.write(&ids, |piece| board.put(piece));
    board.put("\n");
    Ok(spent)
}
