//! Columns of activations against weights in tiles: what `Conv`, `Dense`, `TopKDense` and `TopKGroups` share.
//!
//! ```text
//! scratch = [ block: as many columns as the layout allows, or as there are | one column or pixel ]
//! for each column: its parts go into the block; a full block is multiplied with all rows
//! ```
//!
//! The columns are spread evenly over the blocks: ten are 5 + 5, not 8 + 2.
//!
//! An instruction set may have a way of its own for a whole step of int8 ([`Tile::convolve_i8`]), in the
//! same scratch; [`image`] says what it finds there.

use super::dot::Activation;
use super::sink::Sink;
use super::window::Window;
use super::{divide, elements};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::layout::QUAD;
use crate::format::{ALIGNMENT, DType, Layout, Tensor, aligned};
use crate::isa::{self, Block, Convolution, Place, Tile};
use crate::step::Step;

pub(crate) mod image;

/// Activations that instruction sets multiply.
pub(super) trait Column: Activation {
    /// See [`Tile::prepare_i8`].
    fn prepare<T: Tile>(part: &[Self], quad: usize, place: Place, block: &mut [u8]);
    /// See [`Tile::multiply_i8`].
    fn multiply<T: Tile>(block: &Block<'_>, sink: &mut Sink<'_>, first: usize);
    /// See [`Tile::convolve_i8`].
    fn convolve<T: Tile>(_: &Convolution<'_, Self>, _: &mut [u8], _: &mut Sink<'_>) -> Option<()> {
        None
    }
}

impl Column for i8 {
    fn prepare<T: Tile>(part: &[Self], quad: usize, place: Place, block: &mut [u8]) {
        T::prepare_i8(part, quad, place, block);
    }
    fn multiply<T: Tile>(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        T::multiply_i8(block, sink, first);
    }
    fn convolve<T: Tile>(
        convolution: &Convolution<'_, Self>,
        scratch: &mut [u8],
        sink: &mut Sink<'_>,
    ) -> Option<()> {
        T::convolve_i8(convolution, scratch, sink)
    }
}

impl Column for i16 {
    fn prepare<T: Tile>(part: &[Self], quad: usize, place: Place, block: &mut [u8]) {
        T::prepare_i16(part, quad, place, block);
    }
    fn multiply<T: Tile>(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        T::multiply_i16(block, sink, first);
    }
}

/// What a step multiplies, as far as its scratch depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Elements of a column, and of a row of the weights.
    pub k: usize,
    /// Columns: rows of the input, or positions of the output.
    pub columns: usize,
    /// Elements of a pixel, where columns are made of several or of padding; none where each is a row of
    /// the input.
    pub pixel: Option<usize>,
    /// Whether the scratch holds all blocks at once, as for `TopKDense` and `TopKGroups`, or one.
    pub all: bool,
    /// Bytes for kernels that take a whole step of int8 whose weights are in tiles of sixteen rows; none
    /// where the scratch holds all blocks.
    pub whole: usize,
}

impl Shape {
    /// Quads of a column.
    fn quads(&self) -> usize {
        self.k.div_ceil(QUAD)
    }

    /// Columns that a block of `layout` has room for.
    fn room(&self, layout: Layout) -> usize {
        layout.columns().min(self.columns)
    }

    /// Number of blocks, and columns in each but the last.
    fn blocks(&self, layout: Layout) -> (usize, usize) {
        // A power of two: no division.
        let shift = layout.columns().trailing_zeros();
        let blocks = self.columns.saturating_add(layout.columns() - 1) >> shift;
        let batch = divide(
            self.columns.saturating_add(blocks).saturating_sub(1),
            blocks,
        );
        (blocks, batch.map_or(1, |(batch, _)| batch))
    }

    /// Bytes of a block.
    fn block(&self, layout: Layout) -> Option<usize> {
        aligned(isa::bytes(layout, self.room(layout), self.quads())?)
    }

    /// Elements between input and block: a column whose pixels are no whole quads, or a pixel of
    /// padding.
    fn gathered(&self) -> usize {
        match self.pixel {
            None if self.k.is_multiple_of(QUAD) => 0,
            Some(pixel) if pixel.is_multiple_of(QUAD) => pixel,
            _ => self.quads() * QUAD,
        }
    }

    /// Bytes of scratch that a step needs whose weights are in `layout` and whose activations have
    /// `size` bytes each; `None` where they overflow.
    #[must_use]
    pub fn scratch(&self, layout: Layout, size: usize) -> Option<usize> {
        let blocks = self.blockwise(layout, size)?;
        Some(match (layout, size) {
            (Layout::Tile16, 1) => blocks.max(self.whole),
            _ => blocks,
        })
    }

    /// [`Shape::scratch`] of kernels that go block by block.
    fn blockwise(&self, layout: Layout, size: usize) -> Option<usize> {
        let blocks = if self.all { self.blocks(layout).0 } else { 1 };
        let bytes = self.block(layout)?.checked_mul(blocks)?;
        aligned(bytes.checked_add(self.gathered().checked_mul(size)?)?)
    }
}

/// Room for what is gathered, behind the block.
pub(super) fn gathered<'a, X: bytemuck::AnyBitPattern + bytemuck::NoUninit>(
    shape: &Shape,
    operands: &mut Operands<'a>,
) -> Option<&'a mut [X]> {
    let rest = core::mem::take(&mut operands.scratch);
    elements::of_mut(rest.get_mut(..shape.gathered() * size_of::<X>())?)
}

/// The step has the scratch that `shape` needs, whichever way the kernel goes.
pub(super) fn check(step: &Step<'_>, shape: &Shape) -> Result<(), Fault> {
    let (x, w) = (step.need_input(0)?, step.need_input(1)?);
    let needed = shape.scratch(w.layout(), x.dtype().size());
    check_scratch(step, needed.ok_or(Fault::Shape)?)
}

/// [`check`] where every kernel goes block by block: chips have no code for others.
pub(super) fn check_blocks(step: &Step<'_>, shape: &Shape) -> Result<(), Fault> {
    let (x, w) = (step.need_input(0)?, step.need_input(1)?);
    let needed = shape.blockwise(w.layout(), x.dtype().size());
    check_scratch(step, needed.ok_or(Fault::Shape)?)
}

/// The step has at least `needed` bytes of scratch, aligned.
pub(super) fn check_scratch(step: &Step<'_>, needed: usize) -> Result<(), Fault> {
    let scratch = step.scratch().ok_or(Fault::Arity)?;
    if scratch.dtype() != DType::I8 {
        return Err(Fault::DType);
    }
    if !(scratch.offset() as usize).is_multiple_of(ALIGNMENT) {
        return Err(Fault::Offset);
    }
    match scratch.bytes() {
        Some(bytes) if bytes >= needed => Ok(()),
        _ => Err(Fault::Shape),
    }
}

/// The whole step at once: a convolution under `window` of as many `images`, or a dense layer as one;
/// `None` where the instruction set goes block by block.
#[inline]
pub(super) fn convolve<T: Tile, X: Column + bytemuck::NoUninit>(
    step: &Step<'_>,
    operands: &mut Operands<'_>,
    window: impl FnOnce() -> Option<(Window, usize)>,
    (low, high): (i32, i32),
) -> Option<()> {
    if !T::CONVOLVES {
        return None;
    }
    let [x, w, bias, scales] = operands.inputs;
    let [out, _] = &mut operands.outputs;
    let (window, images) = window()?;
    let convolution = Convolution {
        window,
        images,
        input: elements::of::<X>(x)?,
        outside: step.input(0)?.zero_point(),
        weights: elements::of(w)?,
        bias: elements::of(bias)?,
        scales: elements::of(scales)?,
    };
    let mut sink = Sink::new(step.output(0)?, out, low, high)?;
    X::convolve::<T>(&convolution, operands.scratch, &mut sink)
}

/// Blocks on their way through a matrix.
pub(super) struct Blocks<'a> {
    block: &'a mut [u8],
    place: Place,
    /// Columns after which a block is multiplied.
    batch: usize,
    weights: &'a [i8],
    bias: &'a [i32],
    scales: &'a [u32],
    sink: Option<Sink<'a>>,
    /// Element of the sink for the block's first column.
    first: usize,
}

impl<'a> Blocks<'a> {
    /// Empty blocks for a step; of the operands' scratch, what lies behind a block is left.
    ///
    /// Not an `Option`: what moves blocks links a routine for that. What is missing is empty, and its
    /// results go nowhere; loading rules that out.
    #[inline(never)]
    pub fn new(
        step: &Step<'_>,
        operands: &mut Operands<'a>,
        shape: &Shape,
        (low, high): (i32, i32),
    ) -> Self {
        let layout = step.input(1).map_or(Layout::Plain, |w| w.layout());
        let [_, w, bias, scales] = operands.inputs;
        let [out, _] = &mut operands.outputs;
        let out = step.output(0).zip(Some(core::mem::take(out)));
        let length = shape.block(layout).unwrap_or(usize::MAX);
        let scratch = core::mem::take(&mut operands.scratch);
        let (block, rest) = scratch.split_at_mut_checked(length).unwrap_or_default();
        operands.scratch = rest;
        Self {
            block,
            place: Place {
                column: 0,
                columns: shape.room(layout),
                quads: shape.quads(),
            },
            batch: shape.blocks(layout).1,
            weights: elements::of(w).unwrap_or_default(),
            bias: elements::of(bias).unwrap_or_default(),
            scales: elements::of(scales).unwrap_or_default(),
            sink: out.and_then(|(tensor, out)| Sink::new(tensor, out, low, high)),
            first: 0,
        }
    }

    /// The next part of a column, from quad `quad` on.
    #[inline]
    pub fn part<T: Tile, X: Column>(&mut self, part: &[X], quad: usize) {
        X::prepare::<T>(part, quad, self.place, self.block);
    }

    /// One column more is whole; a full block is multiplied.
    pub fn column<T: Tile, X: Column>(&mut self) {
        self.place.column += 1;
        if self.place.column == self.batch {
            self.finish::<T, X>();
        }
    }

    /// Multiplies what is left.
    pub fn finish<T: Tile, X: Column>(&mut self) {
        let count = core::mem::take(&mut self.place.column);
        if count > 0 {
            self.multiply::<T, X>(count);
        }
    }

    /// Multiplies `count` columns.
    fn multiply<T: Tile, X: Column>(&mut self, count: usize) {
        let block = Block {
            prepared: self.block,
            columns: self.place.columns,
            count,
            quads: self.place.quads,
            weights: self.weights,
            bias: self.bias,
            scales: self.scales,
        };
        if let Some(sink) = &mut self.sink {
            X::multiply::<T>(&block, sink, self.first);
        }
        self.first += count * self.bias.len();
    }
}

/// Copies `row` to the front of `column`, whose rest becomes zero.
pub(super) fn pad<X: Column + Default>(row: &[X], column: &mut [X]) {
    for (at, element) in column.iter_mut().enumerate() {
        *element = row.get(at).copied().unwrap_or_default();
    }
}

/// All columns prepared at once, for kernels that go through the rows piece by piece.
pub(super) struct Prepared<'a> {
    bytes: &'a [u8],
    block: usize,
    place: Place,
    batch: usize,
    columns: usize,
}

impl<'a> Prepared<'a> {
    /// The rows of `x` in `scratch`.
    pub fn new<T: Tile, X: Column + Default + bytemuck::NoUninit>(
        x: &[X],
        scratch: &'a mut [u8],
        shape: Shape,
    ) -> Option<Self> {
        let block = shape.block(T::LAYOUT)?;
        let (blocks, batch) = shape.blocks(T::LAYOUT);
        let (bytes, rest) = scratch.split_at_mut_checked(block.checked_mul(blocks)?)?;
        let gathered = rest.get_mut(..shape.gathered() * size_of::<X>())?;
        let gathered: &mut [X] = elements::of_mut(gathered)?;
        let mut place = Place {
            column: 0,
            columns: shape.room(T::LAYOUT),
            quads: shape.quads(),
        };
        let mut start = 0;
        for row in super::rows(x, shape.k) {
            let block = bytes.get_mut(start..)?.get_mut(..block)?;
            if gathered.is_empty() {
                X::prepare::<T>(row, 0, place, block);
            } else {
                pad(row, gathered);
                X::prepare::<T>(gathered, 0, place, block);
            }
            place.column += 1;
            if place.column == batch {
                (place.column, start) = (0, start + block.len());
            }
        }
        Some(Self {
            bytes,
            block,
            place,
            batch,
            columns: shape.columns,
        })
    }

    /// Calls `each` with every block against the rows of `weights`, and the block's first column.
    pub fn for_blocks(
        &self,
        (weights, bias, scales): (&[i8], &[i32], &[u32]),
        mut each: impl FnMut(Block<'_>, usize),
    ) {
        let mut first = 0;
        for prepared in super::rows(self.bytes, self.block) {
            let count = self.batch.min(self.columns.saturating_sub(first));
            let block = Block {
                prepared,
                columns: self.place.columns,
                count,
                quads: self.place.quads,
                weights,
                bias,
                scales,
            };
            each(block, first);
            first += count;
        }
    }
}

/// A matrix of `rows` rows of `k` in tiles.
pub(super) fn is_matrix(w: Tensor<'_>, rows: usize) -> bool {
    w.shape()
        .first()
        .is_some_and(|&first| first as usize == rows)
}
