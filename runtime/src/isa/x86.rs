//! x86-64: tiles of sixteen rows, by the best instruction set that the processor has.
//!
//! With the feature `std` the processor is asked at run time, once; without it, the flags of the
//! build say what there is.
//!
//! The kernels work with pointers, for the compiler does not see that lengths fit: [`Product`] is
//! where they are checked, once for a block.
#![allow(unsafe_code)]

use super::depthwise::Depthwise;
use super::elementwise::{Gate, Rows, Sum};
use super::portable::Portable;
use super::{Block, Convolution, Place, Tile};
use super::{avx2, avx2_elementwise, avx512, avx512_depthwise, avx512_elementwise, avx512_pool};
use crate::format::Layout;
use crate::kernels::conv::depthwise::Layer;
use crate::kernels::conv::depthwise::lanes::Lanes;
use crate::kernels::pool::Taps as Pooled;
use crate::kernels::sink::{Out, Sink};
#[cfg(any(test, feature = "std"))]
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Most columns of a block.
pub(super) const COLUMNS: usize = Layout::Tile16.columns();
/// Rows of a tile.
pub(super) const ROWS: usize = Layout::Tile16.rows();
/// Bytes of a tile's quad.
const QUAD: usize = 4 * ROWS;

/// Whether the processor has all of the features.
macro_rules! has {
    ($($feature:tt)+) => {{
        #[cfg(any(test, feature = "std"))]
        let has = {
            /// 0 before the processor was asked; then 1 for no, 2 for yes.
            static KNOWN: AtomicU8 = AtomicU8::new(0);
            match KNOWN.load(Relaxed) {
                0 => {
                    let has = $(std::is_x86_feature_detected!($feature))&&+;
                    KNOWN.store(1 + u8::from(has), Relaxed);
                    has
                }
                known => known == 2,
            }
        };
        #[cfg(not(any(test, feature = "std")))]
        let has = cfg!(all($(target_feature = $feature),+));
        has
    }};
}

/// An instruction set: its functions, or the portable ones where the processor lacks it.
macro_rules! instruction_set {
    ($(#[$doc:meta])* $set:ident $name:literal, [$($feature:tt)+]
        $prepare_i8:path, $prepare_i16:path, $multiply_i8:path, $multiply_i16:path) => {
        $(#[$doc])*
        pub(crate) struct $set;

        impl $set {
            /// Whether the processor has it.
            #[inline]
            pub(crate) fn is_here() -> bool {
                has!($($feature)+)
            }
        }

        impl Tile for $set {
            const LAYOUT: Layout = Layout::Tile16;

            fn name() -> &'static str {
                $name
            }

            fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
                if Self::is_here() {
                    // SAFETY: the processor has the function's features.
                    unsafe { $prepare_i8(part, quad, place, block) }
                } else {
                    Portable::<16>::prepare_i8(part, quad, place, block);
                }
            }

            fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
                if Self::is_here() {
                    // SAFETY: the processor has the function's features.
                    unsafe { $prepare_i16(part, quad, place, block) }
                } else {
                    Portable::<16>::prepare_i16(part, quad, place, block);
                }
            }

            fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
                if Self::is_here() {
                    // SAFETY: the processor has the function's features.
                    unsafe { $multiply_i8(block, sink, first) }
                } else {
                    Portable::<16>::multiply_i8(block, sink, first);
                }
            }

            fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
                if Self::is_here() {
                    // SAFETY: the processor has the function's features.
                    unsafe { $multiply_i16(block, sink, first) }
                } else {
                    Portable::<16>::multiply_i16(block, sink, first);
                }
            }
        }
    };
}

instruction_set! {
    /// AVX-512 with VNNI.
    Avx512 "avx512-vnni", ["avx512f" "avx512bw" "avx512vl" "avx512vnni"]
    avx512::prepare_i8, avx512::prepare_i16, avx512::multiply_i8, avx512::multiply_i16
}

instruction_set! {
    /// AVX2.
    Avx2 "avx2", ["avx2"]
    avx2::prepare_i8, avx2::prepare_i16, avx2::multiply, avx2::multiply
}

/// The best of them.
pub(crate) struct Best;

/// Calls a function of the best instruction set that the processor has.
macro_rules! best {
    ($function:ident $arguments:tt) => {
        if Avx512::is_here() {
            Avx512::$function $arguments
        } else {
            // Portable where it is missing.
            Avx2::$function $arguments
        }
    };
}

impl Tile for Best {
    const LAYOUT: Layout = Layout::Tile16;

    fn name() -> &'static str {
        match (Avx512::is_here(), Avx2::is_here()) {
            (true, _) => Avx512::name(),
            (false, true) => Avx2::name(),
            (false, false) => Portable::<16>::name(),
        }
    }

    #[inline]
    fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
        best!(prepare_i8(part, quad, place, block));
    }

    #[inline]
    fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
        best!(prepare_i16(part, quad, place, block));
    }

    const CONVOLVES: bool = true;

    #[inline]
    fn convolve_i8(
        convolution: &Convolution<'_, i8>,
        scratch: &mut [u8],
        sink: &mut Sink<'_>,
    ) -> Option<()> {
        if !Avx512::is_here() {
            return None;
        }
        // SAFETY: the processor has the function's features.
        unsafe { avx512::convolve(convolution, scratch, sink) }
    }

    #[inline]
    fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        best!(multiply_i8(block, sink, first));
    }

    #[inline]
    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        best!(multiply_i16(block, sink, first));
    }
}

impl Depthwise for Best {
    fn image(
        layer: &Layer<'_>,
        input: &[i8],
        scratch: &mut [u8],
        sink: &mut Sink<'_>,
        first: usize,
    ) -> Option<()> {
        if Avx512::is_here() {
            // SAFETY: the processor has the function's features.
            let done = unsafe { avx512_depthwise::image(layer, input, sink, first) };
            if done.is_some() {
                return done;
            }
        }
        if Avx2::is_here() {
            // SAFETY: the processor has the function's features.
            return unsafe { lanes(layer, input, scratch, sink, first) };
        }
        Lanes::image(layer, input, scratch, sink, first)
    }
}

/// [`Lanes`], compiled for AVX2.
#[target_feature(enable = "avx2")]
fn lanes(
    layer: &Layer<'_>,
    input: &[i8],
    scratch: &mut [u8],
    sink: &mut Sink<'_>,
    first: usize,
) -> Option<()> {
    Lanes::image(layer, input, scratch, sink, first)
}

/// Elementwise operators, see [`super::elementwise`]; `None` where the processor has none of its own. Those
/// of AVX-512 and, where they are, those of AVX2.
macro_rules! elementwise {
    ($($name:ident($($argument:ident: $type:ty),+) -> $result:ty
        { $wide:path $(, $narrow:path)? } of $arguments:tt)+) => {
        $(
            pub(super) fn $name($($argument: $type),+) -> Option<$result> {
                if Avx512::is_here() {
                    // SAFETY: the processor has the function's features.
                    return unsafe { $wide $arguments };
                }
                $(
                    if Avx2::is_here() {
                        // SAFETY: the processor has the function's features.
                        return unsafe { $narrow $arguments };
                    }
                )?
                None
            }
        )+
    };
}

elementwise! {
    add(sum: &Sum<'_>, sink: &mut Sink<'_>) -> usize {
        avx512_elementwise::add, avx2_elementwise::add
    } of (sum, sink)
    gate(gate: &Gate<'_>, sink: &mut Sink<'_>) -> usize {
        avx512_elementwise::gate
    } of (gate, sink)
    quantise(x: &[f32], scale: f32, sink: &mut Sink<'_>) -> usize {
        avx512_elementwise::quantise, avx2_elementwise::quantise
    } of (x, scale, sink)
    rescale(rows: &Rows<'_>, scale: u32, sink: &mut Sink<'_>) -> usize {
        avx512_elementwise::rescale
    } of (rows, scale, sink)
    means(taps: &Pooled, image: &[i8], zero: i32, out: &mut [i8]) -> () {
        avx512_pool::means, avx2_elementwise::means
    } of (taps, image, zero, out)
}

/// A block and its sink, all lengths checked.
pub(super) struct Product<'a> {
    /// `tiles · quads` quads.
    pub weights: &'a [[i8; QUAD]],
    /// `count` columns of `4 · quads` elements, one behind the other.
    pub columns: &'a [u8],
    /// 1 to [`COLUMNS`].
    pub count: usize,
    /// At least 1, as are the rows.
    pub quads: usize,
    /// One for each row.
    pub bias: &'a [i32],
    /// As many.
    pub scales: &'a [u32],
    /// `count` rows of as many.
    pub target: Out<'a>,
    pub clamp: Clamp,
}

/// What requantised sums are clamped to, and what is added to them then.
#[derive(Clone, Copy)]
pub(super) struct Clamp {
    pub low: i32,
    pub high: i32,
    pub zero_point: i32,
    /// What the results are clamped to, with the zero point.
    pub bounds: (i32, i32),
}

impl Clamp {
    pub fn of(sink: &Sink<'_>) -> Self {
        Self {
            // Exact: only results of 32 bits reach the ends of the range, and their zero point is 0.
            low: sink.low.saturating_sub(sink.zero_point),
            high: sink.high.saturating_sub(sink.zero_point),
            zero_point: sink.zero_point,
            bounds: (sink.low, sink.high),
        }
    }
}

/// Elements of `sink` from `first` on, `count` of them.
pub(super) fn part<'a>(sink: &'a mut Sink<'_>, first: usize, count: usize) -> Option<Out<'a>> {
    let range = first..first.checked_add(count)?;
    Some(match &mut sink.out {
        Out::I8(out) => Out::I8(out.get_mut(range)?),
        Out::I16(out) => Out::I16(out.get_mut(range)?),
        Out::I32(out) => Out::I32(out.get_mut(range)?),
    })
}

impl<'a> Product<'a> {
    /// `None` unless everything is there. Columns have elements of `width` bytes.
    pub fn new(
        block: &Block<'a>,
        sink: &'a mut Sink<'_>,
        first: usize,
        width: usize,
    ) -> Option<Self> {
        let (count, quads, rows) = (block.count, block.quads, block.bias.len());
        let tiles = rows.div_ceil(ROWS);
        if !(1..=COLUMNS.min(block.columns)).contains(&count)
            || quads == 0
            || rows == 0
            || block.scales.len() != rows
        {
            return None;
        }
        let bytes = quads.checked_mul(4 * width)?.checked_mul(count)?;
        Some(Self {
            weights: block
                .weights
                .as_chunks()
                .0
                .get(..tiles.checked_mul(quads)?)?,
            columns: block.prepared.get(..bytes)?,
            count,
            quads,
            bias: block.bias,
            scales: block.scales,
            clamp: Clamp::of(sink),
            target: part(sink, first, count.checked_mul(rows)?)?,
        })
    }
}

/// Where `bytes` bytes of a column go, from quad `quad` on, each of `width` bytes.
pub(super) fn values(
    block: &mut [u8],
    quad: usize,
    place: Place,
    width: usize,
    bytes: usize,
) -> Option<&mut [u8]> {
    let start = place.column.checked_mul(place.quads)?.checked_add(quad)?;
    let tail = block.get_mut(start.checked_mul(width)?..)?;
    tail.get_mut(..bytes)
}
