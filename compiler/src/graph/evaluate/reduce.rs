//! Reductions of constant integers: sizes from shapes.

use crate::error::Result;
use crate::graph::{ReduceKind, Tensor};

/// The reduction of `x` over `axes`, under `shape`; `None` for other types and on overflow.
pub(super) fn reduce(
    kind: ReduceKind,
    axes: &[usize],
    x: &Tensor,
    shape: &[usize],
) -> Result<Option<Tensor>> {
    let Some(items) = x.to_i64() else {
        return Ok(None);
    };
    let combine: fn(i64, i64) -> Option<i64> = match kind {
        ReduceKind::Sum => i64::checked_add,
        ReduceKind::Product => i64::checked_mul,
        ReduceKind::Max => |a, b| Some(a.max(b)),
        ReduceKind::Min => |a, b| Some(a.min(b)),
        ReduceKind::Mean => return Ok(None),
    };
    // For each element, the cell that it goes into: reduced axes do not move it.
    let mut cells = vec![0usize];
    for (axis, &length) in x.shape().iter().enumerate() {
        let kept = !axes.contains(&axis);
        cells = cells
            .iter()
            .flat_map(|&cell| (0..length).map(move |i| if kept { cell * length + i } else { cell }))
            .collect();
    }
    let mut results: Vec<Option<i64>> = vec![None; shape.iter().product()];
    for (&cell, &item) in cells.iter().zip(&items) {
        results[cell] = match results[cell] {
            None => Some(item),
            Some(so_far) => match combine(so_far, item) {
                Some(result) => Some(result),
                None => return Ok(None),
            },
        };
    }
    let results: Option<Vec<i64>> = results.into_iter().collect();
    Ok(results.and_then(|items| Tensor::of(x.dtype(), shape, &items).ok()))
}
