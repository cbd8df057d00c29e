//! `Transpose`: axis `d` of the output is axis `perm[d]` of the input.
//!
//! Any element type. Attributes: perm, six words, of which the first `rank` count.

use crate::arena::Operands;
use crate::error::Fault;
use crate::format::MAX_RANK;
use crate::step::Step;

pub(super) fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    if x.dtype != out.dtype {
        return Err(Fault::DType);
    }
    if x.rank != out.rank {
        return Err(Fault::Shape);
    }
    let mut seen = [false; MAX_RANK];
    for (dim, &axis) in out.shape().iter().zip(step.attributes()) {
        if x.shape().get(axis as usize) != Some(dim) {
            return Err(Fault::Shape);
        }
        match seen.get_mut(axis as usize) {
            Some(seen) if !*seen => *seen = true,
            _ => return Err(Fault::Attribute),
        }
    }
    Ok(0)
}

pub(super) fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (x, out) = (step.input(0)?, step.output(0)?);
    let [source, ..] = operands.inputs;
    let [target, _] = operands.outputs;
    let size = x.dtype.size();
    let rank = usize::from(x.rank);
    // Bytes between neighbours along each axis of the input.
    let mut strides = [size; MAX_RANK];
    for axis in (0..rank.saturating_sub(1)).rev() {
        let next = *strides.get(axis + 1)? * *x.dims.get(axis + 1)? as usize;
        *strides.get_mut(axis)? = next;
    }
    let mut position = [0u32; MAX_RANK];
    for target in target.chunks_exact_mut(size.max(1)) {
        let mut offset = 0;
        for (&index, &axis) in position.iter().zip(step.attributes()).take(rank) {
            offset += index as usize * strides.get(axis as usize)?;
        }
        // Not `copy_from_slice`: its panic on unequal lengths would stay in the code.
        for (target, source) in target.iter_mut().zip(source.get(offset..)?) {
            *target = *source;
        }
        // Count up, the last axis fastest.
        for (index, &dim) in position.iter_mut().zip(&out.dims).take(rank).rev() {
            *index += 1;
            if *index < dim {
                break;
            }
            *index = 0;
        }
    }
    Some(())
}
