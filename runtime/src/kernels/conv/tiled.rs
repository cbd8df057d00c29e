//! `Conv` without groups on weights in tiles, see [`crate::kernels::tiled`].
//!
//! ```text
//! for each output position: the column is all taps, row by row, each a pixel of C elements
//!     C a multiple of four: runs of taps inside the input go to the block as they lie there,
//!                           taps outside as a pixel of zero points
//!     else:                 the column is gathered first, taps outside as zero points
//! ```

use super::super::kernel::{Kernel, Types};
use super::super::rows;
use super::super::tiled::{self, Blocks, Column, Shape};
use super::super::window::Window;
use super::{check as check_plain, pixel};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::Opcode;
use crate::format::layout::QUAD;
use crate::isa::Tile;
use crate::step::Step;

/// The kernel for tiles `T` and activations `X`.
pub(super) const fn kernel<T: Tile, X: Point>(activations: Types) -> Kernel {
    let types = [activations, Types::tiled(T::LAYOUT)];
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
fn shape(window: &Window, images: usize) -> Option<Shape> {
    let positions = window.y.output.checked_mul(window.x.output)?;
    Some(Shape {
        k: window.taps().checked_mul(window.channels)?,
        columns: positions.checked_mul(images)?,
        pixel: window.channels,
        all: false,
    })
}

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let macs = check_plain(step)?;
    let (input, w, out) = (
        step.need_input(0)?,
        step.need_input(1)?,
        step.need_output(0)?,
    );
    let window = Window::new(step, 0, input, out).ok_or(Fault::Shape)?;
    if step.attribute(10) != 1 {
        return Err(Fault::Attribute);
    }
    if !tiled::is_matrix(w, window.filters) {
        return Err(Fault::Shape);
    }
    let images = input.shape().first().map_or(1, |&images| images as usize);
    tiled::check(step, shape(&window, images).ok_or(Fault::Shape)?)?;
    Ok(macs)
}

fn run<T: Tile, X: Point>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (input, out) = (step.input(0)?, step.output(0)?);
    let window = Window::new(step, 0, input, out)?;
    let shape = shape(&window, *input.shape().first()? as usize)?;
    let clamp = (step.attribute(8) as i32, step.attribute(9) as i32);
    let (mut blocks, x, gathered) = Blocks::new::<X>(step, operands, shape, clamp)?;
    let zero = X::narrow(input.zero_point());
    for element in gathered.iter_mut() {
        *element = zero;
    }
    for image in rows(x, window.image()) {
        for position in window.positions() {
            if window.channels % QUAD == 0 {
                direct::<T, X>(&window, position, image, gathered, &mut blocks);
            } else {
                gather(&window, position, image, zero, gathered);
                blocks.part::<T, X>(gathered, 0);
            }
            blocks.column::<T, X>();
        }
    }
    blocks.finish::<T, X>();
    Some(())
}

/// Taps of a row from the first inside the input up to the first behind it.
fn inside(window: &Window, x: usize) -> (usize, usize) {
    let is_inside = |&tap: &usize| window.x.source(x, tap).is_some();
    let kernel = window.x.kernel;
    let first = (0..kernel).find(is_inside).unwrap_or(kernel);
    let behind = (first..kernel).find(|tap| !is_inside(tap));
    (first, behind.unwrap_or(kernel))
}

/// The column at `(y, x)`, pixels of whole quads straight from the image.
#[inline]
fn direct<T: Tile, X: Point>(
    window: &Window,
    (y, x): (usize, usize),
    image: &[X],
    outside: &[X],
    blocks: &mut Blocks<'_>,
) {
    let channels = window.channels;
    let step = channels / QUAD;
    let (first, behind) = inside(window, x);
    // Taps side by side are one run of elements.
    let together = if window.x.dilation == 1 {
        usize::MAX
    } else {
        1
    };
    let mut quad = 0;
    for i in 0..window.y.kernel {
        let row = window.y.source(y, i);
        let mut tap = 0;
        while tap < window.x.kernel {
            let pixels = match row.zip(window.x.source(x, tap)) {
                Some((y, x)) if tap >= first && tap < behind => {
                    let pixels = (behind - tap).min(together);
                    let start = (y * window.x.input + x) * channels;
                    blocks.part::<T, X>(pixel(image, start, pixels * channels), quad);
                    pixels
                }
                _ => {
                    blocks.part::<T, X>(outside, quad);
                    1
                }
            };
            tap += pixels;
            quad += pixels * step;
        }
    }
}

/// The column at `(y, x)`; its padding to whole quads meets weights of zero.
fn gather<X: Point>(
    window: &Window,
    (y, x): (usize, usize),
    image: &[X],
    zero: X,
    column: &mut [X],
) {
    let channels = window.channels;
    let mut rest = column;
    for i in 0..window.y.kernel {
        let row = window.y.source(y, i);
        for j in 0..window.x.kernel {
            let (tap, tail) = core::mem::take(&mut rest)
                .split_at_mut_checked(channels)
                .unwrap_or_default();
            rest = tail;
            match row.zip(window.x.source(x, j)) {
                Some((y, x)) => {
                    let start = (y * window.x.input + x) * channels;
                    for (to, &from) in tap.iter_mut().zip(pixel(image, start, channels)) {
                        *to = from;
                    }
                }
                None => tap.fill(zero),
            }
        }
    }
}
