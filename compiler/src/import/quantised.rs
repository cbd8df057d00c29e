//! Quantised operators, in terms of grids: integers with a scale and a zero point.
//!
//! QuantizeLinear rounds to a grid ([`Op::ToGrid`]), DequantizeLinear says what its integers mean
//! ([`Op::FromGrid`]); products between quantised tensors are products of what they mean, rounded
//! to the grid of the result. So one form is left, whatever the exporter chose, and `simplify`
//! finds the pairs that only round.

use super::site::{Site, axis};
use super::{product, window};
use crate::error::{Error, Result};
use crate::graph::{Dtype, Grid, Op, Tensor, ValueId};
use crate::onnx::DataType;

/// Bounds of an ONNX integer type.
fn bounds(kind: DataType) -> Result<(i32, i32)> {
    match kind {
        DataType::Int8 => Ok((-128, 127)),
        DataType::Uint8 => Ok((0, 255)),
        DataType::Int16 => Ok((-32768, 32767)),
        DataType::Uint16 => Ok((0, 65535)),
        DataType::Int32 => Ok((i32::MIN, i32::MAX)),
        other => Err(Error::input(format!("a quantisation to {other:?}"))
            .hint("8- and 16-bit integers are supported")),
    }
}

fn type_of(kind: DataType) -> Dtype {
    match kind {
        DataType::Int8 => Dtype::I8,
        DataType::Uint8 => Dtype::U8,
        _ => Dtype::I32,
    }
}

/// The grid that operands `scale` and `zero` describe, for integers of a type.
fn grid(
    site: &Site<'_>,
    (scale, zero): (usize, usize),
    axis: usize,
    kind: DataType,
) -> Result<Grid> {
    let scales = match site.known(scale, "a scale")? {
        Some(tensor) => tensor.as_f32().map(<[f32]>::to_vec),
        None => {
            return Err(Error::input(format!(
                "operand {scale}, a scale, is missing"
            )));
        }
    };
    let scales = scales.ok_or_else(|| Error::input("a scale is no float"))?;
    let zeros = site.known_ints(zero, "a zero point")?;
    let zeros = zeros.unwrap_or_else(|| vec![0; scales.len()]);
    let (low, high) = bounds(kind)?;
    let narrow = |&zero: &i64| i32::try_from(zero).ok();
    let zero_point: Option<Vec<i32>> = zeros.iter().map(narrow).collect();
    let mut zero_point = zero_point.ok_or_else(|| Error::input("a zero point is out of range"))?;
    // One zero point may serve many scales.
    if let ([zero], true) = (&zero_point[..], scales.len() > 1) {
        zero_point = vec![*zero; scales.len()];
    }
    Ok(Grid {
        scale: scales,
        zero_point,
        axis,
        low,
        high,
    })
}

/// Reshapes and turns `x` so that each block of `block` neighbours is one row: rows, and how to
/// get back.
struct Blocks {
    split: Vec<usize>,
    order: Vec<usize>,
    back: Vec<usize>,
    rows: Vec<usize>,
    shape: Vec<usize>,
}

impl Blocks {
    /// `None` where one scale serves everything along an axis, or everything.
    fn new(site: &mut Site<'_>, axis: usize) -> Result<Option<Self>> {
        let block = usize::try_from(site.int("block_size", 0)?);
        let block = block.map_err(|_| Error::input("a negative block_size"))?;
        let (shape, scales) = (site.shape(0)?, site.shape(1)?);
        if block == 0 {
            return Ok(None);
        }
        let mut expected = shape.clone();
        expected[axis] = shape[axis] / block;
        if !shape[axis].is_multiple_of(block) || scales != expected {
            return Err(Error::input(format!(
                "scales {scales:?} for blocks of {block} along axis {axis} of {shape:?}"
            )));
        }
        let mut split = expected.clone();
        split.insert(axis + 1, block);
        let mut order: Vec<usize> = (0..split.len()).filter(|&a| a != axis + 1).collect();
        order.push(axis + 1);
        let mut back: Vec<usize> = (0..shape.len()).collect();
        back.insert(axis + 1, shape.len());
        let rows = vec![expected.iter().product(), block];
        Ok(Some(Self {
            split,
            order,
            back,
            rows,
            shape,
        }))
    }

    fn rows(&self, site: &mut Site<'_>, x: ValueId) -> Result<ValueId> {
        let x = site.view(x, &self.split)?;
        let x = site.turn(x, &self.order)?;
        site.view(x, &self.rows)
    }

    fn undo(&self, site: &mut Site<'_>, x: ValueId) -> Result<ValueId> {
        let turned: Vec<usize> = self.order.iter().map(|&a| self.split[a]).collect();
        let x = site.view(x, &turned)?;
        let x = site.turn(x, &self.back)?;
        site.view(x, &self.shape)
    }
}

/// Applies an operator on a grid, per tensor, along an axis or in blocks.
fn on_grid(site: &mut Site<'_>, kind: DataType, op: impl Fn(Grid) -> Op) -> Result<ValueId> {
    let x = site.input(0)?;
    let rank = site.shape(0)?.len();
    let along = site.int("axis", 1)?;
    let single = site.shape(1)?.iter().product::<usize>() == 1;
    // Without a scale for each index, the axis means nothing and need not exist.
    let along = if single { 0 } else { axis(along, rank)? };
    let blocks = match single && rank == 0 {
        true => site.int("block_size", 0).map(|_| None)?,
        false => Blocks::new(site, along)?,
    };
    match blocks {
        None => {
            let grid = grid(site, (1, 2), along, kind)?;
            site.emit(op(grid), &[Some(x)])
        }
        Some(blocks) => {
            let grid = grid(site, (1, 2), 0, kind)?;
            let rows = blocks.rows(site, x)?;
            let rows = site.emit(op(grid), &[Some(rows)])?;
            blocks.undo(site, rows)
        }
    }
}

pub(super) fn quantise(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    site.int("saturate", 1)?; // of eight-bit floats
    site.int("precision", 0)?; // always f32
    let stated = site.int("output_dtype", 0)?;
    let kind = match (site.declared(2), i32::try_from(stated)) {
        (Some(kind), _) => kind,
        (None, Ok(0)) => DataType::Uint8,
        (None, code) => DataType::try_from(code.unwrap_or(0)).unwrap_or(DataType::Undefined),
    };
    let to = type_of(kind);
    Ok(vec![on_grid(site, kind, |grid| Op::ToGrid(grid, to))?])
}

pub(super) fn dequantise(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    site.int("output_dtype", 0)?; // every float is f32
    let kind = match (site.declared(0).or(site.declared(2)), site.dtype(0)?) {
        (Some(kind), _) => kind,
        (None, Dtype::I8) => DataType::Int8,
        (None, Dtype::U8) => DataType::Uint8,
        (None, _) => DataType::Int32,
    };
    Ok(vec![on_grid(site, kind, Op::FromGrid)?])
}

/// What the integers of operand `x` mean; `along` is where a list of scales runs.
fn meaning(site: &mut Site<'_>, x: usize, along: usize) -> Result<ValueId> {
    let kind = match site.dtype(x)? {
        Dtype::I8 => DataType::Int8,
        _ => DataType::Uint8,
    };
    let grid = grid(site, (x + 1, x + 2), along, kind)?;
    let operand = site.input(x)?;
    site.emit(Op::FromGrid(grid), &[Some(operand)])
}

/// `y` rounded to the grid of operands `scale` and the one behind it.
fn rounded(site: &mut Site<'_>, y: ValueId, scale: usize, kind: Dtype) -> Result<ValueId> {
    let to = site.optional(scale + 1);
    let to = to.map_or(kind, |zero| site.graph.value(zero).dtype);
    let kind = match to {
        Dtype::I8 => DataType::Int8,
        _ => DataType::Uint8,
    };
    let last = site.shape_of(y).len().saturating_sub(1);
    let grid = grid(site, (scale, scale + 1), last, kind)?;
    site.emit(Op::ToGrid(grid, to), &[Some(y)])
}

/// Operands: x and w, each with scale and zero point, then those of y, then an int32 bias whose
/// scale is that of x times that of w.
pub(super) fn conv(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = site.dtype(0)?;
    let (x, w) = (meaning(site, 0, 1)?, meaning(site, 3, 0)?);
    let bias = match site.known_ints(8, "the bias")? {
        Some(bias) => {
            let one = |index: usize| -> Result<Vec<f32>> {
                let scales = site.known(index, "a scale")?.and_then(Tensor::as_f32);
                Ok(scales.map(<[f32]>::to_vec).unwrap_or_default())
            };
            let (x_scale, w_scale) = (one(1)?, one(4)?);
            let scale = |index: usize| {
                let w = w_scale.get(if w_scale.len() == 1 { 0 } else { index });
                x_scale.first().zip(w).map(|(x, w)| x * w)
            };
            let real = |(index, &q): (usize, &i64)| Some(q as f32 * scale(index)?);
            let values: Option<Vec<f32>> = bias.iter().enumerate().map(real).collect();
            let values = values.ok_or_else(|| Error::input("bias and scales differ in length"))?;
            Some(site.constant(Tensor::f32(&[bias.len()], values)?))
        }
        None => None,
    };
    let y = window::convolve(site, x, w, bias)?;
    Ok(vec![rounded(site, y, 6, kind)?])
}

/// A list of scales belongs to the rows of `a` and the columns of `b`.
pub(super) fn mat_mul(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = site.dtype(0)?;
    let row = site.shape(0)?.len().saturating_sub(2);
    let column = site.shape(3)?.len().saturating_sub(1);
    let (a, b) = (meaning(site, 0, row)?, meaning(site, 3, column)?);
    let y = product::multiply(site, a, b)?;
    Ok(vec![rounded(site, y, 6, kind)?])
}
