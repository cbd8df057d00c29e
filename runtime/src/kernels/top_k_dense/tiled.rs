//! `TopKDense`, and `TopKGroups`, on weights in tiles, see [`crate::kernels::tiled`].
//!
//! ```text
//! prepare all rows of x
//! for each few rows of w, each block of x:         (weights stream once, shared by all rows of x)
//!     scores of the block, a few of each row of x
//!     those better than the worst kept one are offered
//! ```

use super::super::elements;
use super::super::kernel::{Kernel, Types};
use super::super::sink::{Out, Sink};
use super::super::tiled::{self, Column, Prepared, Shape};
use super::best::{Best, KeepAll};
use super::{check as check_plain, cost};
use crate::arena::{HANDED, Operands};
use crate::error::Fault;
use crate::format::Opcode;
use crate::format::layout::QUAD;
use crate::isa::Tile;
use crate::step::Step;

/// The kernel for tiles `T` and activations `X`, with room for `SCORES` scores: a few for each
/// column of a block.
pub(super) const fn kernel<
    T: Tile,
    X: Column + Default + bytemuck::NoUninit,
    const SCORES: usize,
>(
    activations: Types,
) -> Kernel {
    let types = [activations, Types::tiled(T::LAYOUT, T::WEIGHTS)];
    let kernel = Kernel::new(Opcode::TopKDense, types, check, run_best::<T, X, SCORES>);
    kernel.costing(cost).with_scratch()
}

/// What a step multiplies.
fn shape(step: &Step<'_>) -> Option<Shape> {
    let x = step.input(0)?;
    let k = x.columns();
    Some(Shape {
        k,
        columns: x.rows(),
        pixel: None,
        all: true,
        whole: 0,
    })
}

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let macs = check_plain(step)?;
    check_tiles(step)?;
    Ok(macs)
}

/// Weights and scratch are as tiles need them.
pub(in super::super) fn check_tiles(step: &Step<'_>) -> Result<(), Fault> {
    let (w, bias) = (step.need_input(1)?, step.need_input(2)?);
    if !tiled::is_matrix(w, bias.elements().ok_or(Fault::Shape)?) {
        return Err(Fault::Shape);
    }
    tiled::check(step, &shape(step).ok_or(Fault::Shape)?)
}

fn run_best<T: Tile, X: Column + Default + bytemuck::NoUninit, const SCORES: usize>(
    step: &Step<'_>,
    operands: Operands<'_>,
) -> Option<()> {
    let best = Best::empty(step, operands.outputs, (0, i32::MIN))?;
    run::<T, X, SCORES>(step, operands.inputs, operands.scratch, best)
}

/// Offers all scores to `best`.
#[inline(always)]
pub(in super::super) fn run<
    T: Tile,
    X: Column + Default + bytemuck::NoUninit,
    const SCORES: usize,
>(
    step: &Step<'_>,
    [x, w, bias, scales]: [&[u8]; HANDED],
    scratch: &mut [u8],
    mut best: impl KeepAll,
) -> Option<()> {
    let shape = shape(step)?;
    let x: &[X] = elements::of(x)?;
    let prepared = Prepared::new::<T, X>(x, scratch, shape)?;
    let mut scores = [0; SCORES];
    // Whole tiles, both powers of two.
    let rows = SCORES / T::LAYOUT.columns();
    let tiles = rows * shape.k.div_ceil(QUAD) * QUAD * T::WEIGHTS.size();
    let (mut w, mut bias, mut scales): (&[i8], &[i32], &[u32]) =
        (elements::of(w)?, elements::of(bias)?, elements::of(scales)?);
    let mut id = 0;
    while !bias.is_empty() {
        let piece = (
            split(&mut w, tiles),
            split(&mut bias, rows),
            split(&mut scales, rows),
        );
        let rows = piece.1.len();
        prepared.for_blocks(piece, |block, first| {
            let mut sink = Sink {
                out: Out::I32(&mut scores),
                zero_point: 0,
                low: i32::MIN,
                high: i32::MAX,
            };
            X::multiply::<T>(&block, &mut sink, 0);
            for (scores, row) in super::rows(&scores, rows).zip(first..first + block.count) {
                best.offer_all(row, id, scores);
            }
        });
        id += rows as i32;
    }
    Some(())
}

/// Cuts the first `count` elements off `rest`, or all.
fn split<'a, T>(rest: &mut &'a [T], count: usize) -> &'a [T] {
    let (first, behind) = rest.split_at_checked(count).unwrap_or((rest, &[]));
    *rest = behind;
    first
}
