//! Repetition: axes of length 1 with `Expand`; longer ones by way of an axis of 1 before them.
//!
//! ```text
//! Tile along axis a, r times: [outer, inner] → [outer, 1, inner] → [outer, r, inner] → shape
//! ```

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Op, ValueId, broadcast};

/// Both shapes broadcast: a target of 1 leaves a longer axis as it is.
pub(super) fn expand(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let list = site.known_ints(1, "shape")?;
    let list = list.ok_or_else(|| Error::input("the shape is missing"))?;
    let dim = |&dim: &i64| usize::try_from(dim).map_err(|_| Error::input("a negative dimension"));
    let wanted: Vec<usize> = list.iter().map(dim).collect::<Result<_>>()?;
    let shape = broadcast(&site.shape(0)?, &wanted)?;
    let x = site.input(0)?;
    Ok(vec![stretched(site, x, shape)?])
}

/// Broadcast to `shape`, where it does not have that already.
fn stretched(site: &mut Site<'_>, x: ValueId, shape: Vec<usize>) -> Result<ValueId> {
    if site.graph.shape(x) == shape {
        return Ok(x);
    }
    site.emit(Op::Expand { shape }, &[Some(x)])
}

pub(super) fn tile(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let mut shape = site.shape(0)?;
    let list = site.known_ints(1, "repeats")?;
    let list = list.ok_or_else(|| Error::input("repeats is missing"))?;
    let times = |&n: &i64| usize::try_from(n).ok().filter(|&n| n > 0);
    let repeats: Option<Vec<usize>> = list.iter().map(times).collect();
    let repeats = repeats.filter(|list| list.len() == shape.len());
    let repeats = repeats
        .ok_or_else(|| Error::input(format!("repeats {list:?} of a tensor of shape {shape:?}")))?;
    // Axes of 1 need no detour.
    for (dim, &times) in shape.iter_mut().zip(&repeats) {
        if *dim == 1 {
            *dim = times;
        }
    }
    let x = site.input(0)?;
    let single: Vec<bool> = site.shape(0)?.iter().map(|&dim| dim == 1).collect();
    let mut y = stretched(site, x, shape.clone())?;
    for axis in 0..shape.len() {
        if single[axis] || repeats[axis] == 1 {
            continue;
        }
        let (outer, inner) = (
            shape[..axis].iter().product(),
            shape[axis..].iter().product(),
        );
        let apart = site.reshape(y, vec![outer, 1, inner])?;
        let repeated = stretched(site, apart, vec![outer, repeats[axis], inner])?;
        let length = shape[axis].checked_mul(repeats[axis]);
        shape[axis] = length.ok_or_else(|| Error::input("a tiled axis is too long"))?;
        y = site.reshape(repeated, shape.clone())?;
    }
    Ok(vec![y])
}
