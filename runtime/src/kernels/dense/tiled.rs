//! `Dense` on weights in tiles, see [`crate::kernels::tiled`].

use super::super::kernel::{Kernel, Types};
use super::super::rows;
use super::super::tiled::{self, Blocks, Column, Shape};
use super::check as check_plain;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::Opcode;
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
fn shape(step: &Step<'_>) -> Option<Shape> {
    let x = step.input(0)?;
    let k = x.columns();
    Some(Shape {
        k,
        columns: x.rows(),
        pixel: None,
        all: false,
    })
}

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let macs = check_plain(step)?;
    let (w, out) = (step.need_input(1)?, step.need_output(0)?);
    if !tiled::is_matrix(w, out.columns()) {
        return Err(Fault::Shape);
    }
    tiled::check(step, shape(step).ok_or(Fault::Shape)?)?;
    Ok(macs)
}

fn run<T: Tile, X: Column + Default + bytemuck::NoUninit>(
    step: &Step<'_>,
    operands: Operands<'_>,
) -> Option<()> {
    let shape = shape(step)?;
    let clamp = (step.attribute(0) as i32, step.attribute(1) as i32);
    let (mut blocks, x, gathered) = Blocks::new::<X>(step, operands, shape, clamp)?;
    if blocks.whole::<T, X>(x, shape) {
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
