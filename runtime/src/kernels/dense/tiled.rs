//! `Dense` on weights in tiles, see [`crate::kernels::tiled`].

use super::super::kernel::{Kernel, Types};
use super::super::tiled::image::Image;
use super::super::tiled::{self, Blocks, Column, Shape};
use super::super::window::Window;
use super::super::{elements, rows};
use super::check as check_plain;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{Layout, Opcode};
use crate::isa::Tile;
use crate::step::Step;

/// The kernel for tiles `T` and activations `X`.
pub(super) const fn kernel<T: Tile, X: Column + Default + bytemuck::NoUninit>(
    activations: Types,
) -> Kernel {
    let types = [activations, Types::tiled(T::LAYOUT, T::WEIGHTS)];
    let check = match T::LAYOUT {
        Layout::Tile16 => check,
        _ => check_blocks,
    };
    Kernel::new(Opcode::Dense, types, check, run::<T, X>).with_scratch()
}

/// What a `Dense` multiplies that has `columns` rows of `k` elements.
pub(super) fn shape(k: usize, columns: usize) -> Shape {
    Shape {
        whole: Image::scratch(&Window::row(columns, k, 1), 1),
        ..blocks(k, columns)
    }
}

/// [`shape`] for kernels that go block by block.
fn blocks(k: usize, columns: usize) -> Shape {
    Shape {
        k,
        columns,
        pixel: None,
        all: false,
        whole: 0,
    }
}

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let macs = check_blocks(step)?;
    let x = step.need_input(0)?;
    tiled::check(step, &shape(x.columns(), x.rows()))?;
    Ok(macs)
}

fn check_blocks(step: &Step<'_>) -> Result<u64, Fault> {
    let macs = check_plain(step)?;
    let (x, w, out) = (
        step.need_input(0)?,
        step.need_input(1)?,
        step.need_output(0)?,
    );
    if !tiled::is_matrix(w, out.columns()) {
        return Err(Fault::Shape);
    }
    tiled::check_blocks(step, &blocks(x.columns(), x.rows()))?;
    Ok(macs)
}

fn run<T: Tile, X: Column + Default + bytemuck::NoUninit>(
    step: &Step<'_>,
    mut operands: Operands<'_>,
) -> Option<()> {
    let x = step.input(0)?;
    let shape = blocks(x.columns(), x.rows());
    let clamp = (step.attribute(0) as i32, step.attribute(1) as i32);
    let whole = || {
        let filters = step.output(0)?.columns();
        Some((Window::row(shape.columns, shape.k, filters), 1))
    };
    if let Some(done) = tiled::convolve::<T, X>(step, &mut operands, whole, clamp) {
        return Some(done);
    }
    let mut blocks = Blocks::new(step, &mut operands, &shape, clamp);
    let gathered = tiled::gathered::<X>(&shape, &mut operands)?;
    let [x, ..] = operands.inputs;
    let x = elements::of(x)?;
    for row in rows(x, shape.k) {
        if gathered.is_empty() {
            blocks.part::<T, X>(row, 0);
        } else {
            tiled::pad(row, gathered);
            blocks.part::<T, X>(gathered, 0);
        }
        blocks.column::<T, X>();
    }
    blocks.finish::<T, X>();
    Some(())
}
