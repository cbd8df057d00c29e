//! Cortex-M with DSP instructions: two multiply-accumulates in one (SMLAD).
//!
//! SMLAD wants pairs of 16 bits. SXTB16 makes one of bytes 0 and 2 of a word, and rotated by eight bits
//! one of bytes 1 and 3: two of them extend four weights as they lie in the file. Columns are extended
//! once, in the same order, and stay so in the block:
//!
//! ```text
//! quad x0 x1 x2 x3  →  words (x0, x2), (x1, x3)
//! ```
//!
//! Requantisation takes four instructions where the shift t is at least 33 (see
//! [`crate::rounding`]), which it is unless a factor is above a quarter: with hi the upper word of
//! the product, `SMMUL`, hi >> (t − 33), plus 2·zero point + 1, and a saturation that halves:
//!
//! ```text
//! ((hi >> (t − 33)) + 1) >> 1 + zero point  =  ((hi >> (t − 33)) + 2·zero point + 1) >> 1
//! ```
//!
//! Other shifts, and clamps that no instruction has, are done in Rust, row by row.
#![allow(unsafe_code)]

/// What the assembler is to know, wherever it is called without the build's `target-cpu`.
#[cfg(isa = "armv8m")]
macro_rules! cpu {
    () => {
        ".cpu cortex-m33"
    };
}
#[cfg(not(isa = "armv8m"))]
macro_rules! cpu {
    () => {
        ""
    };
}
use cpu;

#[cfg(not(isa = "helium"))]
mod columns;
mod depthwise;
mod prepare;
mod rows;

#[cfg(not(isa = "helium"))]
pub(crate) use columns::Columns;
pub(crate) use depthwise::Depthwise;
pub(crate) use rows::Rows;

use super::Block;
use crate::kernels::sink::{Out, Sink};
use crate::rounding::Scale;

/// How results leave an assembly routine.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
enum Store {
    /// int8, saturated.
    I8 = 0,
    /// int16, clamped.
    I16 = 1,
    /// int32 as it is.
    I32 = 2,
}

/// Where results go.
struct Target {
    out: *mut u8,
    // Between columns, which are Helium's where that is.
    #[cfg_attr(isa = "helium", expect(dead_code))]
    size: usize,
    store: Store,
}

/// The elements of `sink` from `first` on; `None` where they are not `count`, or stored in a way that
/// the assembly does not know.
fn target(sink: &mut Sink<'_>, first: usize, count: usize) -> Option<Target> {
    let clamp = (sink.low, sink.high);
    let end = first.checked_add(count)?;
    let (out, size, store) = match &mut sink.out {
        Out::I8(out) if clamp == (i8::MIN.into(), i8::MAX.into()) => {
            (out.get_mut(first..end)?.as_mut_ptr().cast(), 1, Store::I8)
        }
        Out::I16(out) => (out.get_mut(first..end)?.as_mut_ptr().cast(), 2, Store::I16),
        Out::I32(out) if clamp == (i32::MIN, i32::MAX) && sink.zero_point == 0 => {
            (out.get_mut(first..end)?.as_mut_ptr().cast(), 4, Store::I32)
        }
        _ => return None,
    };
    Some(Target { out, size, store })
}

/// Whether [`Scale`]'s upper word is enough, as the assembly takes it to be.
fn is_quick(scale: u32) -> bool {
    scale & 0xFF >= Scale::MIN_SHIFT + 2
}

/// How the operands lie that [`slowly`] multiplies.
struct Order {
    /// Rows of a tile of the weights, a power of two.
    tile: usize,
    /// Quads of the block between two quads of a column, and between two columns.
    stride: usize,
    column: usize,
}

/// Rows from `start` to `end` against all columns, in Rust; quads of weights have `BYTES`, four, or
/// eight where they are wide.
#[cold]
#[inline(never)]
fn slowly<const BYTES: usize>(
    block: &Block<'_>,
    (start, end): (usize, usize),
    order: &Order,
    sink: &mut Sink<'_>,
    first: usize,
) -> Option<()> {
    let (pairs, _) = block.prepared.as_chunks::<8>();
    let (weights, _) = block.weights.as_chunks::<BYTES>();
    let rows = block.bias.len();
    for n in start..end {
        let (bias, scale) = (*block.bias.get(n)?, *block.scales.get(n)?);
        let within = n & (order.tile - 1);
        for c in 0..block.count {
            let mut sum = bias;
            let mut at = c * order.column;
            let mut weight = (n - within) * block.quads + within;
            for _ in 0..block.quads {
                let &[a0, a1, c0, c1, b0, b1, d0, d1] = pairs.get(at)?;
                let weights = match *weights.get(weight)?.as_slice() {
                    [a, b, c, d] => [a, b, c, d].map(i16::from),
                    [a0, a1, c0, c1, b0, b1, d0, d1] => {
                        let pairs = [[a0, a1], [b0, b1], [c0, c1], [d0, d1]];
                        pairs.map(|[low, high]| i16::from_le_bytes([low as u8, high as u8]))
                    }
                    _ => return None,
                };
                for (x, w) in [[a0, a1], [b0, b1], [c0, c1], [d0, d1]]
                    .into_iter()
                    .zip(weights)
                {
                    // Damaged wide weights wrap, as SMLAD does.
                    sum = sum.wrapping_add(i32::from(i16::from_le_bytes(x)) * i32::from(w));
                }
                at += order.stride;
                weight += order.tile;
            }
            sink.put_accumulator(first + c * rows + n, sum, scale);
        }
    }
    Some(())
}
