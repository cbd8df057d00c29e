//! Integers of a grid and what they mean: how weights of quantised models become numbers.
//!
//! `q = limit(round(x / scale) + zero_point)`, half to even; `x = scale · (q − zero_point)`.

use crate::error::Result;
use crate::graph::{Data, Dtype, Grid, Tensor};

/// Scale and zero point of the element at a flat index.
fn entry(grid: &Grid, shape: &[usize], index: usize) -> (f32, i32) {
    let inner: usize = shape.iter().skip(grid.axis + 1).product();
    let position = match shape.get(grid.axis) {
        Some(&length) if grid.scale.len() > 1 => index / inner.max(1) % length.max(1),
        _ => 0,
    };
    (grid.scale[position], grid.zero_point[position])
}

pub(super) fn from(grid: &Grid, x: &Tensor) -> Result<Option<Tensor>> {
    let Some(integers) = x.to_i64() else {
        return Ok(None);
    };
    let real = |(index, &integer): (usize, &i64)| {
        let (scale, zero_point) = entry(grid, x.shape(), index);
        (integer - i64::from(zero_point)) as f32 * scale
    };
    let values = integers.iter().enumerate().map(real).collect();
    Tensor::f32(x.shape(), values).map(Some)
}

pub(super) fn to(grid: &Grid, to: Dtype, x: &Tensor) -> Result<Option<Tensor>> {
    let Some(values) = x.as_f32() else {
        return Ok(None);
    };
    let integer = |(index, &value): (usize, &f32)| {
        let (scale, zero_point) = entry(grid, x.shape(), index);
        let steps = libm::rintf(value / scale) as i64;
        let integer = steps.saturating_add(zero_point.into());
        integer.clamp(grid.low.into(), grid.high.into())
    };
    let integers = values.iter().enumerate().map(integer);
    let data = match to {
        Dtype::I8 => Data::I8(integers.map(|q| q as i8).collect()),
        Dtype::U8 => Data::U8(integers.map(|q| q as u8).collect()),
        Dtype::I32 => Data::I32(integers.map(|q| q as i32).collect()),
        _ => return Ok(None),
    };
    Tensor::new(x.shape().to_vec(), data).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_along_an_axis() {
        let grid = Grid {
            scale: vec![0.5, 2.0],
            zero_point: vec![0, 3],
            axis: 1,
            low: -128,
            high: 127,
        };
        // 0.25 / 0.5 and 5 / 2 lie half way and go to the even neighbour.
        let x = Tensor::f32(&[2, 2], vec![0.25, 5.0, 0.75, 1000.0]).unwrap();
        let q = to(&grid, Dtype::I8, &x).unwrap().unwrap();
        assert_eq!(q.to_i64().unwrap(), [0, 5, 2, 127]);
        let back = from(&grid, &q).unwrap().unwrap();
        assert_eq!(back.as_f32().unwrap(), [0.0, 4.0, 1.0, 248.0]);
    }
}
