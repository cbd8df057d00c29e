//! Blocks of a picture against channels: a view of six axes, transposed.
//!
//! ```text
//! DepthToSpace DCR: [N,b,b,C,H,W] → [N,C,H,b,W,b]
//! DepthToSpace CRD: [N,C,b,b,H,W] → [N,C,H,b,W,b]
//! SpaceToDepth:     [N,C,H,b,W,b] → [N,b,b,C,H,W]
//! ```

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Op, ValueId};

pub(super) fn depth_to_space(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let (block, [n, depth, height, width]) = picture(site)?;
    let depth = divided(depth, block * block)?;
    let columns_first = match site.text("mode", "DCR")?.as_str() {
        "DCR" => false,
        "CRD" => true,
        other => return Err(Error::input(format!("mode {other} is unknown"))),
    };
    let (apart, permutation) = if columns_first {
        ([n, depth, block, block, height, width], [0, 1, 4, 2, 5, 3])
    } else {
        ([n, block, block, depth, height, width], [0, 3, 4, 1, 5, 2])
    };
    let together = [n, depth, product(height, block)?, product(width, block)?];
    rearranged(site, &apart, &permutation, &together)
}

pub(super) fn space_to_depth(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let (block, [n, depth, height, width]) = picture(site)?;
    let (height, width) = (divided(height, block)?, divided(width, block)?);
    let apart = [n, depth, height, block, width, block];
    let together = [n, product(depth, block * block)?, height, width];
    rearranged(site, &apart, &[0, 3, 5, 1, 2, 4], &together)
}

/// Block size and the four axes.
fn picture(site: &mut Site<'_>) -> Result<(usize, [usize; 4])> {
    let block = site.int("blocksize", 0)?;
    // Its square must stay far from overflow.
    let block = usize::try_from(block)
        .ok()
        .filter(|block| (1..=1 << 15).contains(block))
        .ok_or_else(|| Error::input(format!("a blocksize of {block}")))?;
    match site.shape(0)?[..] {
        [n, depth, height, width] => Ok((block, [n, depth, height, width])),
        ref other => Err(Error::input(format!("{other:?} is not [N,C,H,W]"))),
    }
}

fn divided(length: usize, by: usize) -> Result<usize> {
    match length % by {
        0 => Ok(length / by),
        _ => Err(Error::input(format!("{length} is no multiple of {by}"))),
    }
}

fn product(a: usize, b: usize) -> Result<usize> {
    a.checked_mul(b)
        .ok_or_else(|| Error::input("an axis is too long"))
}

fn rearranged(
    site: &mut Site<'_>,
    apart: &[usize],
    permutation: &[usize],
    together: &[usize],
) -> Result<Vec<ValueId>> {
    let x = site.input(0)?;
    let apart = site.reshape(x, apart.to_vec())?;
    let permutation = permutation.to_vec();
    let turned = site.emit(Op::Transpose { permutation }, &[Some(apart)])?;
    Ok(vec![site.reshape(turned, together.to_vec())?])
}
