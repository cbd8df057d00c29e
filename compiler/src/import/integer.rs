//! Products of integers, and the quantisation whose grid is found at run time.
//!
//! Zero points are subtracted as floats and the products are those of floats: exact while sums
//! stay below 2²⁴.

use super::site::Site;
use super::{product, window};
use crate::error::Result;
use crate::graph::{Binary, Clamp, Dtype, Op, ReduceKind, Unary, ValueId};

/// Operand `x` as floats, less the zero point `zero`, whose list runs along the axis `along`.
fn centred(site: &mut Site<'_>, x: usize, zero: usize, along: usize) -> Result<ValueId> {
    let operand = site.input(x)?;
    let real = site.cast(operand, Dtype::F32)?;
    let Some(zero) = site.optional(zero) else {
        return Ok(real);
    };
    let zero = site.cast(zero, Dtype::F32)?;
    let rank = site.shape_of(real).len();
    let zero = match site.shape_of(zero)[..] {
        [count] if count > 1 => {
            let mut shape = vec![1; rank];
            shape[along] = count;
            site.view(zero, &shape)?
        }
        _ => zero,
    };
    site.sub(real, zero)
}

pub(super) fn mat_mul(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let row = site.shape(0)?.len().saturating_sub(2);
    let column = site.shape(1)?.len().saturating_sub(1);
    let (a, b) = (centred(site, 0, 2, row)?, centred(site, 1, 3, column)?);
    let y = product::multiply(site, a, b)?;
    Ok(vec![site.cast(y, Dtype::I32)?])
}

pub(super) fn conv(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let (x, w) = (centred(site, 0, 2, 1)?, centred(site, 1, 3, 0)?);
    let y = window::convolve(site, x, w, None)?;
    Ok(vec![site.cast(y, Dtype::I32)?])
}

/// `scale = (max − min) / 255` with zero inside, 1/255 where everything is zero;
/// `zero = round(limit(−min / scale))`; `y = limit(round(x / scale) + zero)`, unsigned bytes.
pub(super) fn dynamic(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let x = site.input(0)?;
    let axes: Vec<usize> = (0..site.shape_of(x).len()).collect();
    let nothing = site.scalar(0.0)?;
    let mut extreme = |kind, binary| -> Result<ValueId> {
        let found = site.reduced(kind, axes.clone(), false, x)?;
        site.binary(binary, found, nothing)
    };
    let high = extreme(ReduceKind::Max, Binary::Max)?;
    let low = extreme(ReduceKind::Min, Binary::Min)?;
    let range = site.sub(high, low)?;
    let empty = site.binary(Binary::Equal, high, low)?;
    let (one, steps) = (site.scalar(1.0)?, site.scalar(255.0)?);
    let range = site.emit(Op::Where, &[Some(empty), Some(one), Some(range)])?;
    let scale = site.div(range, steps)?;
    let bytes = Op::Clip(Clamp {
        low: 0.0,
        high: 255.0,
    });
    let shift = site.div(low, scale)?;
    let shift = site.sub(nothing, shift)?;
    let shift = site.emit(bytes.clone(), &[Some(shift)])?;
    let zero = site.unary(Unary::Round, shift)?;
    let y = site.div(x, scale)?;
    let y = site.unary(Unary::Round, y)?;
    let y = site.add(y, zero)?;
    let y = site.emit(bytes, &[Some(y)])?;
    let (y, zero) = (site.cast(y, Dtype::U8)?, site.cast(zero, Dtype::U8)?);
    Ok(vec![y, scale, zero])
}
