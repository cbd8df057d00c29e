//! `TopKGroups`: `TopKDense` for lines of verse, where candidates are kept by tone and rhyme.
//!
//! ```text
//! for each row n of w [V, K]:             (weights stream once, shared by all rows of x)
//!     for each row r of x [R, K]:
//!         score = requantise(Σₖ x[r, k] · w[n, k] + bias[n])
//!         for each list of r that one of the two codes of groups[n] names:
//!             insert (score, n) into the k best of the list, kept in descending order
//! ```
//!
//! Attribute 0 is the number of rows of a line. A row has two lists, level (codes 0…29 and 31) and oblique
//! (code 30); the last row of a line has 31, one for each code from 0 to 30, since it may have to rhyme. The
//! lists follow each other row by row. An entry that both codes put on one list is there once; other codes
//! name none.
//!
//! Types as in `TopKDense`, groups int16 `[V]` behind them, the first code in the low byte; outputs: ids
//! int32 `[L, k]`, scores int32 or f32 `[L, k]`. Places that nobody fills hold id −1 and the least score.
//!
//! Deviations from the loop above, which leave the result as it is:
//!
//! 1. What is not better than the worse of a row's two lists is dropped before its groups are looked up.
//! 2. Where tiles give several scores at once, they are looked at together, see `sift`.

use super::dense::check_weights;
use super::dot::{Activation, Quantised, Weight};
use super::elements;
use super::kernel::{Kernel, Types};
use super::quotient;
use super::tiled::Column;
use super::top_k_dense::best::{Best, Keep, KeepAll, sift};
use super::top_k_dense::{check_kept, float, integer, tiled};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::isa::{Tile, Tiles1, Tiles4, Tiles16, Wide1, Wide4};
use crate::step::Step;

#[cfg(test)]
mod tests;

/// int8 activations, int8 weights.
pub const I8_I8: Kernel = kernel([Types::I8, Types::I8], run_integer::<i8, i8>);
/// int8 activations, int4 weights.
pub const I8_I4: Kernel = kernel([Types::I8, Types::I4], run_integer::<i8, u8>);
/// int16 activations, int8 weights.
pub const I16_I8: Kernel = kernel([Types::I16, Types::I8], run_integer::<i16, i8>);
/// int16 activations, int4 weights.
pub const I16_I4: Kernel = kernel([Types::I16, Types::I4], run_integer::<i16, u8>);
/// Floats.
pub const F32_F32: Kernel = kernel([Types::F32, Types::F32], run_float::<f32>);
/// Floats, f16 weights.
pub const F32_F16: Kernel = kernel([Types::F32, Types::F16], run_float::<u16>);
/// int8 activations, int8 weights in tiles of one row.
pub const I8_TILE1: Kernel = in_tiles::<Tiles1, i8, 64>(Types::I8);
/// int8 activations, int8 weights in tiles of four rows.
pub const I8_TILE4: Kernel = in_tiles::<Tiles4, i8, 64>(Types::I8);
/// int8 activations, int8 weights in tiles of sixteen rows.
pub const I8_TILE16: Kernel = in_tiles::<Tiles16, i8, 1024>(Types::I8);
/// int16 activations, int8 weights in tiles of one row.
pub const I16_TILE1: Kernel = in_tiles::<Tiles1, i16, 64>(Types::I16);
/// int16 activations, int8 weights in tiles of four rows.
pub const I16_TILE4: Kernel = in_tiles::<Tiles4, i16, 64>(Types::I16);
/// int16 activations, int8 weights in tiles of sixteen rows.
pub const I16_TILE16: Kernel = in_tiles::<Tiles16, i16, 1024>(Types::I16);
/// int8 activations, wide weights in tiles of one row.
pub const I8_WIDE1: Kernel = in_tiles::<Wide1, i8, 64>(Types::I8);
/// int8 activations, wide weights in tiles of four rows.
pub const I8_WIDE4: Kernel = in_tiles::<Wide4, i8, 64>(Types::I8);
/// int16 activations, wide weights in tiles of one row.
pub const I16_WIDE1: Kernel = in_tiles::<Wide1, i16, 64>(Types::I16);
/// int16 activations, wide weights in tiles of four rows.
pub const I16_WIDE4: Kernel = in_tiles::<Wide4, i16, 64>(Types::I16);

/// Code of the oblique tone; below are the level rhyme groups.
const OBLIQUE: u8 = 30;
/// Code of a level tone in no known rhyme group.
const LEVEL: u8 = 31;
/// Lists of a row: level, oblique.
const TONES: usize = 2;
/// Lists of the last row of a line: each rhyme group, and oblique.
const RHYMES: usize = OBLIQUE as usize + 1;

const fn kernel(types: [Types; 2], run: fn(&Step<'_>, Operands<'_>) -> Option<()>) -> Kernel {
    Kernel::new(Opcode::TopKGroups, types, check, run).costing(cost)
}

/// The kernel for tiles `T`, see [`tiled`]. On chips it has room for twice the scores that `TopKDense` has: going
/// to a row's lists costs more.
const fn in_tiles<T: Tile, X: Column + Default + bytemuck::NoUninit, const SCORES: usize>(
    activations: Types,
) -> Kernel {
    let types = [activations, Types::tiled(T::LAYOUT, T::WEIGHTS)];
    let kernel = Kernel::new(
        Opcode::TopKGroups,
        types,
        check_tiled,
        run_tiled::<T, X, SCORES>,
    );
    kernel.costing(cost).with_scratch()
}

/// Lists of `rows` rows in lines of `line`; `None` where a line is not whole.
#[must_use]
pub fn lists(rows: usize, line: usize) -> Option<usize> {
    let each = TONES.checked_mul(line.checked_sub(1)?)?;
    quotient(rows, line)?.checked_mul(each.checked_add(RHYMES)?)
}

/// Work of the scores kept: each may pass all candidates of two lists, and there are as many as biases.
fn cost(step: &Step<'_>, written: u64) -> u64 {
    let scores = step.input(2).and_then(|bias| bias.elements());
    let rows = step.input(0).map_or(0, |x| x.rows());
    let candidates = step.output(0).map_or(0, |ids| ids.columns());
    let passed = (2 * candidates as u64).saturating_mul(rows as u64);
    passed
        .saturating_mul(scores.unwrap_or(0) as u64)
        .saturating_add(written)
}

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, w) = (step.need_input(0)?, step.need_input(1)?);
    let kept = [step.need_output(0)?, step.need_output(1)?];
    let (k, rows) = (x.columns(), x.rows());
    let vocabulary = w.elements().and_then(|elements| quotient(elements, k));
    let vocabulary = vocabulary.ok_or(Fault::Shape)?;
    // Without the groups its inputs are those of `TopKDense`.
    let last = step.inputs.checked_sub(1).ok_or(Fault::Arity)?;
    let product = Step {
        inputs: last,
        ..*step
    };
    check_weights(&product, k, vocabulary)?;
    let groups = step.need_weights(last.into(), &[DType::I16])?;
    if groups.elements() != Some(vocabulary) {
        return Err(Fault::Shape);
    }
    let lists = lists(rows, step.attribute(0) as usize).ok_or(Fault::Attribute)?;
    check_kept([x, w], kept, lists, vocabulary)
}

fn check_tiled(step: &Step<'_>) -> Result<u64, Fault> {
    let macs = check(step)?;
    tiled::check_tiles(step)?;
    Ok(macs)
}

fn run_integer<X: Activation, W: Quantised>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let [x, w, bias, scales] = operands.inputs;
    let best = Best::empty(step, operands.outputs, (-1, i32::MIN))?;
    let rows = (elements::of(bias)?, elements::of(scales)?);
    let k = step.input(0)?.columns();
    let lists = Lists::new(step, best)?;
    integer::<X, W>(elements::of(x)?, elements::of(w)?, rows, k, lists);
    Some(())
}

fn run_float<W: Weight>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let [x, w, bias, _] = operands.inputs;
    let best = Best::empty(step, operands.outputs, (-1, f32::NEG_INFINITY))?;
    let (x, w, bias) = (elements::of(x)?, elements::of(w)?, elements::of(bias)?);
    let lists = Lists::new(step, best)?;
    float::<W>(x, w, bias, step.input(0)?.columns(), lists);
    Some(())
}

fn run_tiled<T: Tile, X: Column + Default + bytemuck::NoUninit, const SCORES: usize>(
    step: &Step<'_>,
    operands: Operands<'_>,
) -> Option<()> {
    let best = Best::empty(step, operands.outputs, (-1, i32::MIN))?;
    let lists = Lists::new(step, best)?;
    tiled::run::<T, X, SCORES>(step, operands.inputs, operands.scratch, lists)
}

/// The lists of all rows, and the row that was heard last.
struct Lists<'a, S> {
    best: Best<'a, S>,
    groups: &'a [u16],
    /// Rows of a line.
    line: usize,
    row: usize,
    /// Place of the row in its line.
    column: usize,
    /// First list of the row.
    first: usize,
}

impl<'a, S: PartialOrd + bytemuck::Pod> Lists<'a, S> {
    fn new<'m: 'a>(step: &Step<'m>, best: Best<'a, S>) -> Option<Self> {
        let groups = step.input(usize::from(step.inputs).checked_sub(1)?)?;
        Some(Self {
            best,
            groups: elements::of(step.model.constant(groups)?)?,
            line: step.attribute(0) as usize,
            row: 0,
            column: 0,
            first: 0,
        })
    }

    /// Goes to `row`; whether it is the last of its line. Rows come in ascending order again and again, so
    /// that this is a step, and no division.
    fn seek(&mut self, row: usize) -> bool {
        if row < self.row {
            (self.row, self.column, self.first) = (0, 0, 0);
        }
        while self.row < row {
            self.row += 1;
            self.column += 1;
            self.first += TONES;
            if self.column == self.line {
                self.column = 0;
                self.first += RHYMES - TONES;
            }
        }
        self.column + 1 == self.line
    }

    /// What the row's scores have to be better than, where it has but two lists.
    fn least(&self) -> Option<S> {
        let (level, oblique) = (
            self.best.worst(self.first)?,
            self.best.worst(self.first + 1)?,
        );
        Some(if oblique < level { oblique } else { level })
    }

    /// Offers candidate `id` to the lists of a row in a line.
    fn by_tone(&mut self, id: i32, score: S) {
        let codes = self.groups.get(id as usize).copied().unwrap_or(u16::MAX);
        let codes = codes.to_le_bytes();
        if codes.contains(&LEVEL) || codes.iter().any(|&code| code < OBLIQUE) {
            self.best.offer(self.first, id, score);
        }
        if codes.contains(&OBLIQUE) {
            self.best.offer(self.first + 1, id, score);
        }
    }

    /// Offers candidate `id`, which is in these groups, to the lists of a line's last row.
    #[inline]
    fn by_rhyme(&mut self, codes: u16, id: i32, score: S) {
        let [one, other] = codes.to_le_bytes();
        self.by_group(one, id, score);
        if other != one {
            self.by_group(other, id, score);
        }
    }

    #[inline]
    fn by_group(&mut self, code: u8, id: i32, score: S) {
        let list = self.first + usize::from(code);
        // Most scores end here.
        if code <= OBLIQUE && self.best.worst(list).is_some_and(|worst| score > worst) {
            self.best.offer(list, id, score);
        }
    }
}

impl<S: PartialOrd + bytemuck::Pod> Keep<S> for Lists<'_, S> {
    #[inline]
    fn offer(&mut self, row: usize, id: i32, score: S) {
        if self.seek(row) {
            if let Some(&codes) = self.groups.get(id as usize) {
                self.by_rhyme(codes, id, score);
            }
        } else if self.least().is_some_and(|least| score > least) {
            self.by_tone(id, score);
        }
    }
}

impl KeepAll for Lists<'_, i32> {
    /// Not inlined: one for all layouts.
    #[inline(never)]
    fn offer_all(&mut self, row: usize, first: i32, scores: &[i32]) {
        if self.seek(row) {
            let groups = self.groups.get(first as usize..).unwrap_or(&[]);
            for ((id, &score), &codes) in (first..).zip(scores).zip(groups) {
                self.by_rhyme(codes, id, score);
            }
        } else if let Some(least) = self.least() {
            sift(first, scores, least, |id, score| {
                self.by_tone(id, score);
                self.least()
            });
        }
    }
}
