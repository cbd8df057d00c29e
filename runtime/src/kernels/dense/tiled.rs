//! `Dense` on weights in tiles, see [`crate::kernels::tiled`].

use super::super::kernel::{Kernel, Types};
use super::super::tiled::{self, Blocks, Column, Shape};
use super::super::{elements, rows};
use super::check as check_plain;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{Opcode, Tensor};
use crate::isa::Tile;
use crate::step::Step;

/// The kernel for tiles `T` and activations `X`.
pub(super) const fn kernel<T: Tile, X: Column + Default + bytemuck::NoUninit>(
    activations: Types,
) -> Kernel {
    let types = [activations, Types::tiled(T::LAYOUT, T::WEIGHTS)];
    Kernel::new(Opcode::Dense, types, check, run::<T, X>).with_scratch()
}

/// What a step multiplies.
fn shape(x: Tensor<'_>) -> Shape {
    Shape {
        k: x.columns(),
        columns: x.rows(),
        pixel: None,
        all: false,
    }
}

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let macs = check_plain(step)?;
    let (x, w, out) = (
        step.need_input(0)?,
        step.need_input(1)?,
        step.need_output(0)?,
    );
    if !tiled::is_matrix(w, out.columns()) {
        return Err(Fault::Shape);
    }
    tiled::check(step, &shape(x))?;
    Ok(macs)
}

fn run<T: Tile, X: Column + Default + bytemuck::NoUninit>(
    step: &Step<'_>,
    mut operands: Operands<'_>,
) -> Option<()> {
    let shape = shape(step.input(0)?);
    let clamp = (step.attribute(0) as i32, step.attribute(1) as i32);
    let mut blocks = Blocks::new(step, &mut operands, &shape, clamp);
    let gathered = tiled::gathered::<X>(&shape, &mut operands)?;
    let [x, ..] = operands.inputs;
    let x = elements::of(x)?;
    if blocks.whole::<T, X>(x, &shape) {
        return Some(());
    }
    for row in rows(x, shape.k) {
        if gathered.is_empty() {
            blocks.part::<T, X>(row, 0);
        } else {
            tiled::pad(row, gathered);
            blocks.part::<T, X>(gathered, 0);
        }
        blocks.columns::<T, X>(1);
    }
    blocks.finish::<T, X>();
    Some(())
}
