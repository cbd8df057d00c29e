//! Instruction sets: columns of activations against rows of weights, the inner loops of all matrix
//! kernels.
//!
//! ```text
//! prepare     column (int8 or int16, whole quads)  →  block, in an order of the instruction set's own
//! multiply    block · every row of the weights     →  requantised results
//! ```
//!
//! Weights come in tiles (see [`crate::format::layout`]), each layout for the instruction sets that
//! read it fastest. [`Tile`] is all that a kernel knows of them; every layout has a
//! [`portable`] implementation, so that every file runs on every target, with the same bits. Unsafe
//! code of the runtime is in the files below this one.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_elementwise;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512_depthwise;
#[cfg(target_arch = "x86_64")]
mod avx512_elementwise;
#[cfg(target_arch = "x86_64")]
mod avx512_pool;
pub(crate) mod depthwise;
#[cfg(isa = "dsp")]
mod dsp;
pub(crate) mod elementwise;
#[cfg(isa = "helium")]
mod helium;
#[cfg(isa = "mla")]
mod mla;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(any(isa = "mla", isa = "thumb1", target_arch = "riscv32"))]
mod packed;
pub(crate) mod portable;
#[cfg(target_arch = "riscv32")]
mod riscv;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
#[cfg(test)]
mod tests;
#[cfg(isa = "thumb1")]
mod thumb1;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::format::{DType, Layout};
use crate::kernels::sink::Sink;
use crate::kernels::window::Window;

/// What an instruction set does with weights of one layout.
pub(crate) trait Tile {
    /// The layout of the weights.
    const LAYOUT: Layout;
    /// Their element type, int16 for wide tiles.
    const WEIGHTS: DType = DType::I8;

    /// The name of the instruction set, as reports show it.
    fn name() -> &'static str;

    /// Stores `part`, whole quads of a column from quad `quad` on, at `place` of a block.
    ///
    /// The parts of a column come in order, the first from quad 0 on, and leave no quad out.
    fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]);

    /// [`Tile::prepare_i8`] of int16 activations.
    fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]);

    /// Whether [`Tile::convolve_i8`] is worth a try.
    const CONVOLVES: bool = false;

    /// A whole step of int8 activations, whose scratch is at least [`Image::scratch`]; `None` where the
    /// instruction set goes block by block, which then writes all results.
    ///
    /// [`Image::scratch`]: crate::kernels::tiled::image::Image::scratch
    fn convolve_i8(_: &Convolution<'_, i8>, _: &mut [u8], _: &mut Sink<'_>) -> Option<()> {
        None
    }

    /// All rows against the first `count` columns of a block of int8 activations.
    ///
    /// Column c with row n goes to element `first + c · rows + n` of `sink`, requantised. Columns
    /// that were not prepared have any values, and their results go nowhere.
    fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize);

    /// [`Tile::multiply_i8`] of int16 activations.
    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize);
}

/// A column's place in a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Which column, from 0 on.
    pub column: usize,
    /// Columns that the block has room for, at most [`Layout::columns`].
    pub columns: usize,
    /// Quads of a column.
    pub quads: usize,
}

/// A convolution without groups, or a dense layer: one of 1×1 over as many pixels as it has rows.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))] // Others go block by block.
pub(crate) struct Convolution<'a, X> {
    pub window: Window,
    pub images: usize,
    /// All of them, one behind the other.
    pub input: &'a [X],
    /// What taps outside an image read.
    pub outside: i32,
    /// Whole tiles.
    pub weights: &'a [i8],
    /// A bias for each filter.
    pub bias: &'a [i32],
    /// A scale word for each filter.
    pub scales: &'a [u32],
}

/// Columns against rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    /// What was prepared, [`bytes`] of it.
    pub prepared: &'a [u8],
    /// Columns that it has room for.
    #[allow(dead_code)] // Of interest where columns are interleaved.
    pub columns: usize,
    /// Columns to multiply, 1 to `columns`.
    pub count: usize,
    /// Quads of a column, and of a row.
    pub quads: usize,
    /// Whole tiles, byte by byte where they are wide.
    pub weights: &'a [i8],
    /// A bias for each row.
    pub bias: &'a [i32],
    /// A scale word for each row.
    pub scales: &'a [u32],
}

/// Bytes of a block: 16 bits for each element, and for tiles of sixteen rows a word for each column.
///
/// The same for all instruction sets and both types of activations, since it is part of the format.
pub(crate) fn bytes(layout: Layout, columns: usize, quads: usize) -> Option<usize> {
    let sums = match layout {
        Layout::Tile16 => 4,
        _ => 0,
    };
    columns.checked_mul(quads.checked_mul(8)?.checked_add(sums)?)
}

/// Weights in [`Layout::Tile1`].
#[cfg(isa = "helium")]
pub(crate) type Tiles1 = helium::Helium;
#[cfg(all(isa = "dsp", not(isa = "helium")))]
pub(crate) type Tiles1 = dsp::Columns<false>;
#[cfg(isa = "mla")]
pub(crate) type Tiles1 = packed::Packed<mla::Mla>;
#[cfg(isa = "thumb1")]
pub(crate) type Tiles1 = packed::Packed<thumb1::Thumb1>;
#[cfg(target_arch = "riscv32")]
pub(crate) type Tiles1 = packed::Packed<riscv::RiscV>;
#[cfg(not(any(isa = "dsp", isa = "mla", isa = "thumb1", target_arch = "riscv32")))]
pub(crate) type Tiles1 = portable::Portable<1>;

/// Weights in [`Layout::Tile4`].
#[cfg(isa = "dsp")]
pub(crate) type Tiles4 = dsp::Rows<false>;
#[cfg(all(target_arch = "aarch64", target_feature = "dotprod"))]
pub(crate) type Tiles4 = neon::Dot;
#[cfg(all(
    target_arch = "aarch64",
    feature = "std",
    not(target_feature = "dotprod")
))]
pub(crate) type Tiles4 = neon::Best;
#[cfg(all(
    target_arch = "aarch64",
    not(feature = "std"),
    not(target_feature = "dotprod")
))]
pub(crate) type Tiles4 = neon::Neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) type Tiles4 = simd128::Simd128;
#[cfg(not(any(
    isa = "dsp",
    target_arch = "aarch64",
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
pub(crate) type Tiles4 = portable::Portable<4>;

/// Wide weights in [`Layout::Tile1`].
#[cfg(all(isa = "dsp", not(isa = "helium")))]
pub(crate) type Wide1 = dsp::Columns<true>;
#[cfg(not(all(isa = "dsp", not(isa = "helium"))))]
pub(crate) type Wide1 = portable::Wide<1>;

/// Wide weights in [`Layout::Tile4`].
#[cfg(isa = "dsp")]
pub(crate) type Wide4 = dsp::Rows<true>;
#[cfg(not(isa = "dsp"))]
pub(crate) type Wide4 = portable::Wide<4>;

/// Weights in [`Layout::Tile16`].
#[cfg(target_arch = "x86_64")]
pub(crate) type Tiles16 = x86::Best;
/// Weights in [`Layout::Tile16`].
#[cfg(not(target_arch = "x86_64"))]
pub(crate) type Tiles16 = portable::Portable<16>;

/// The instruction set that multiplies weights of `layout` in this build, on this processor.
#[must_use]
pub fn name(layout: Layout) -> &'static str {
    match layout {
        Layout::Plain => "scalar",
        Layout::Tile1 => Tiles1::name(),
        Layout::Tile4 => Tiles4::name(),
        Layout::Tile16 => Tiles16::name(),
    }
}
