//! `Conv` without groups on weights in tiles, see [`crate::kernels::tiled`].
//!
//! ```text
//! for each output position: the column is all taps, row by row, each a pixel of C elements
//!     C a multiple of four: runs of taps inside the input go to the block as they lie there,
//!                           each tap outside as a pixel of zero points
//!     else:                 the column is gathered first, zeros behind the last tap
//! ```

use super::super::kernel::{Kernel, Types};
use super::super::tiled::image::Image;
use super::super::tiled::{self, Blocks, Column, Shape};
use super::super::window::Window;
use super::super::{elements, rows};
use super::{check_window, pixel};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::layout::QUAD;
use crate::format::{Layout, Opcode, Tensor};
use crate::isa::Tile;
use crate::step::Step;

/// The kernel for tiles `T` and activations `X`.
pub(super) const fn kernel<T: Tile, X: Point>(activations: Types) -> Kernel {
    let types = [activations, Types::tiled(T::LAYOUT, T::WEIGHTS)];
    let check = match T::LAYOUT {
        Layout::Tile16 => check,
        _ => check_blocks,
    };
    Kernel::new(Opcode::Conv, types, check, run::<T, X>).with_scratch()
}

/// Activations of images.
pub(super) trait Point: Column + Default + bytemuck::NoUninit {
    /// The value as an activation.
    fn narrow(value: i32) -> Self;
}

impl Point for i8 {
    fn narrow(value: i32) -> Self {
        value as Self
    }
}

impl Point for i16 {
    fn narrow(value: i32) -> Self {
        value as Self
    }
}

/// What a step multiplies.
pub(super) fn shape(window: &Window, images: usize) -> Shape {
    Shape {
        whole: Image::scratch(window, images),
        ..blocks(window, images)
    }
}

/// [`shape`] for kernels that go block by block.
///
/// Tensors that exist have no extents that overflow; those of others have a scratch that does.
fn blocks(window: &Window, images: usize) -> Shape {
    let taps = window.y.kernel.saturating_mul(window.x.kernel);
    let positions = window.y.output.saturating_mul(window.x.output);
    Shape {
        k: taps.saturating_mul(window.channels),
        columns: positions.saturating_mul(images),
        pixel: (!window.is_identity()).then_some(window.channels),
        all: false,
        whole: 0,
    }
}

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let macs = check_blocks(step)?;
    let (input, out) = (step.need_input(0)?, step.need_output(0)?);
    let window = Window::new(step, 0, input, out);
    tiled::check(step, &shape(&window, images(input)))?;
    Ok(macs)
}

fn check_blocks(step: &Step<'_>) -> Result<u64, Fault> {
    let (input, w, out) = (
        step.need_input(0)?,
        step.need_input(1)?,
        step.need_output(0)?,
    );
    let window = Window::new(step, 0, input, out);
    let macs = check_window(step, &window)?;
    if step.attribute(10) != 1 {
        return Err(Fault::Attribute);
    }
    if !tiled::is_matrix(w, window.filters) {
        return Err(Fault::Shape);
    }
    tiled::check_blocks(step, &blocks(&window, images(input)))?;
    Ok(macs)
}

fn images(input: Tensor<'_>) -> usize {
    input.shape().first().map_or(1, |&images| images as usize)
}

fn run<T: Tile, X: Point>(step: &Step<'_>, mut operands: Operands<'_>) -> Option<()> {
    let (input, out) = (step.input(0)?, step.output(0)?);
    let clamp = (step.attribute(8) as i32, step.attribute(9) as i32);
    let window = Window::new(step, 0, input, out);
    let whole = || Some((window, images(input)));
    if let Some(done) = tiled::convolve::<T, X>(step, &mut operands, whole, clamp) {
        return Some(done);
    }
    let shape = blocks(&window, images(input));
    let mut blocks = Blocks::new(step, &mut operands, &shape, clamp);
    let gathered = tiled::gathered::<X>(&shape, &mut operands)?;
    let [x, ..] = operands.inputs;
    let x = elements::of(x)?;
    let zero = X::narrow(input.zero_point());
    let whole = window.channels.is_multiple_of(QUAD);
    // A pixel of padding, or a column, whose end behind the last tap is zero whatever weights meet it.
    fill(gathered, if whole { zero } else { X::default() });
    if gathered.is_empty() {
        for pixel in rows(x, shape.k) {
            blocks.part::<T, X>(pixel, 0);
            blocks.column::<T, X>();
        }
        blocks.finish::<T, X>();
        return Some(());
    }
    for image in rows(x, window.image()) {
        for position in window.positions() {
            if whole {
                let mut quad = 0;
                window.for_runs(position, |start, pixels| {
                    quad += match start {
                        Some(start) => {
                            let run = pixel(image, start, pixels * window.channels);
                            blocks.part::<T, X>(run, quad);
                            run.len() / QUAD
                        }
                        None => {
                            blocks.part::<T, X>(gathered, quad);
                            gathered.len() / QUAD
                        }
                    }
                });
            } else {
                let mut rest = &mut *gathered;
                window.for_runs(position, |start, pixels| {
                    let run = core::mem::take(&mut rest);
                    let run = run.split_at_mut_checked(pixels * window.channels);
                    let (run, tail) = run.unwrap_or_default();
                    rest = tail;
                    match start {
                        Some(start) => copy(run, pixel(image, start, run.len())),
                        None => fill(run, zero),
                    }
                });
                blocks.part::<T, X>(gathered, 0);
            }
            blocks.column::<T, X>();
        }
    }
    blocks.finish::<T, X>();
    Some(())
}

/// Not `slice::fill`, nor inlined: a loop in a loop becomes a routine that has to be linked.
#[inline(never)]
fn fill<X: Copy>(to: &mut [X], value: X) {
    for to in to {
        *to = value;
    }
}

/// Copies as many elements as both have, four at a time: a word, where they are bytes.
fn copy<X: Copy>(to: &mut [X], from: &[X]) {
    let ((to, to_rest), (from, from_rest)) = (to.as_chunks_mut::<4>(), from.as_chunks::<4>());
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
    for (to, &from) in to_rest.iter_mut().zip(from_rest) {
        *to = from;
    }
}
