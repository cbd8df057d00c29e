//! Sliding windows: convolution and pooling. Paddings are resolved to numbers here.

use super::site::Site;
use super::volume;
use crate::error::{Error, Result};
use crate::graph::{Conv, Dtype, Op, Pad, Pool, PoolKind, ReduceKind, ValueId, Window};

pub(super) fn conv(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let (x, weights) = (site.input(0)?, site.input(1)?);
    let bias = site.optional(2);
    if volume::is_volume(site)? {
        return Ok(vec![volume::conv(site, x, weights, bias)?]);
    }
    Ok(vec![convolve(site, x, weights, bias)?])
}

/// A convolution with the node's attributes. Its bias is a constant; another one is added.
pub(super) fn convolve(
    site: &mut Site<'_>,
    x: ValueId,
    weights: ValueId,
    bias: Option<ValueId>,
) -> Result<ValueId> {
    let spatial = spatial(site)?;
    let shape = site.shape_of(weights);
    let kernel = match site.ints("kernel_shape")? {
        Some(kernel) => kernel,
        None => shape.iter().skip(2).map(|&n| n as i64).collect(),
    };
    let window = window(site, &kernel, &spatial)?;
    let group = positive(site.int("group", 1)?, "group")?;
    let op = Op::Conv(Conv { window, group });
    match bias {
        Some(bias) if site.graph.constant(bias).is_none() => {
            let y = site.emit(op, &[Some(x), Some(weights)])?;
            let bias = site.per_channel(bias, shape.len())?;
            site.add(y, bias)
        }
        bias => site.emit(op, &[Some(x), Some(weights), bias]),
    }
}

pub(super) fn pool(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    if site.output_count() > 1 {
        return Err(Error::input("the indices of a pool are asked for")
            .hint("export the model without return_indices; only the maxima are supported"));
    }
    let mut kind = if site.op_type() == "MaxPool" {
        site.int("storage_order", 0)?; // concerns only the second result, which is refused
        PoolKind::Max
    } else if site.int("count_include_pad", 0)? != 0 {
        PoolKind::AverageWithPadding
    } else {
        PoolKind::Average
    };
    if volume::is_volume(site)? {
        return Ok(vec![volume::pool(site, kind)?]);
    }
    let spatial = spatial(site)?;
    let kernel = site.ints("kernel_shape")?;
    let kernel = kernel.ok_or_else(|| Error::input("attribute kernel_shape is missing"))?;
    let mut window = window(site, &kernel, &spatial)?;
    let dtype = site.dtype(0)?;
    let x = site.input(0)?;
    let mut x = site.cast(x, Dtype::F32)?;
    if site.int("ceil_mode", 0)? != 0 {
        let inputs = sides(&spatial);
        let more = [0, 1].map(|axis| missing_to_ceil(&window, axis, inputs[axis]));
        if more != [0; 2] && kind == PoolKind::AverageWithPadding {
            // Padding counts, the room beyond it does not: so padding becomes part of the operand.
            x = surround(site, x, &window)?;
            (window.before, window.after) = ([0; 2], [0; 2]);
            kind = PoolKind::Average;
        }
        for (after, more) in window.after.iter_mut().zip(more) {
            *after += more;
        }
    }
    let y = site.emit(Op::Pool(Pool { kind, window }), &[Some(x)])?;
    Ok(vec![site.cast(y, dtype)?])
}

/// The padding of a window, as zeros around the operand itself.
fn surround(site: &mut Site<'_>, x: ValueId, window: &Window) -> Result<ValueId> {
    let rank = site.shape_of(x).len();
    let sides = |padding: [usize; 2]| {
        let mut list = vec![0, 0];
        list.extend(&padding[4_usize.saturating_sub(rank).min(2)..]);
        list
    };
    let pad = Pad {
        before: sides(window.before),
        after: sides(window.after),
        step: vec![1; rank],
        value: 0.0,
    };
    site.emit(Op::Pad(pad), &[Some(x)])
}

pub(super) fn global_pool(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = match site.op_type() {
        "GlobalMaxPool" => ReduceKind::Max,
        _ => ReduceKind::Mean,
    };
    let x = site.input(0)?;
    let axes: Vec<usize> = (2..site.shape_of(x).len()).collect();
    if axes.is_empty() {
        return Err(Error::input("a pool over [N,C,…] without spatial axes"));
    }
    Ok(vec![site.reduced(kind, axes, true, x)?])
}

/// Spatial axes of the first operand: one or two. Three are [`volume`]'s.
pub(super) fn spatial(site: &Site<'_>) -> Result<Vec<usize>> {
    let shape = site.shape(0)?;
    match shape.len() {
        3 | 4 => Ok(shape[2..].to_vec()),
        _ => Err(Error::input(format!(
            "an operand of shape {shape:?}; [N,C,L], [N,C,H,W] and [N,C,D,H,W] are supported"
        ))),
    }
}

pub(super) fn sides(spatial: &[usize]) -> [usize; 2] {
    match *spatial {
        [height, width] => [height, width],
        _ => [1, spatial[0]],
    }
}

pub(super) fn positive(value: i64, what: &str) -> Result<usize> {
    match usize::try_from(value) {
        // A million is beyond any real window and keeps all sums far from overflow.
        Ok(value) if (1..=1 << 20).contains(&value) => Ok(value),
        _ => Err(Error::input(format!("{what} {value} is out of range"))),
    }
}

/// One number per spatial axis, as height and width; 1-D gets `missing` for its height.
pub(super) fn pair(
    list: Option<&[i64]>,
    rank: usize,
    missing: usize,
    what: &str,
) -> Result<[usize; 2]> {
    match (list, rank) {
        (None, _) => Ok([missing; 2]),
        (Some(&[width]), 1) => Ok([missing, positive(width, what)?]),
        (Some(&[height, width]), 2) => Ok([positive(height, what)?, positive(width, what)?]),
        (Some(list), _) => Err(Error::input(format!(
            "{what} {list:?} for {rank} spatial axes"
        ))),
    }
}

fn window(site: &mut Site<'_>, kernel: &[i64], spatial: &[usize]) -> Result<Window> {
    let rank = spatial.len();
    let mut window = Window {
        kernel: pair(Some(kernel), rank, 1, "kernel_shape")?,
        strides: pair(site.ints("strides")?.as_deref(), rank, 1, "strides")?,
        dilations: pair(site.ints("dilations")?.as_deref(), rank, 1, "dilations")?,
        before: [0; 2],
        after: [0; 2],
    };
    let pads = site.ints("pads")?;
    match site.text("auto_pad", "NOTSET")?.as_str() {
        "NOTSET" => explicit_padding(&mut window, pads.as_deref(), rank)?,
        "VALID" => {}
        "SAME_UPPER" => same_padding(&mut window, sides(spatial), false)?,
        "SAME_LOWER" => same_padding(&mut window, sides(spatial), true)?,
        other => return Err(Error::input(format!("auto_pad {other} is unknown"))),
    }
    Ok(window)
}

/// ONNX lists all beginnings, then all ends.
fn explicit_padding(window: &mut Window, pads: Option<&[i64]>, rank: usize) -> Result<()> {
    let Some(pads) = pads else {
        return Ok(());
    };
    let pad = |value: i64| match usize::try_from(value) {
        Ok(value) if value <= 1 << 20 => Ok(value),
        _ => Err(Error::input(format!("padding {value} is out of range"))),
    };
    if pads.len() != 2 * rank {
        return Err(Error::input(format!(
            "pads {pads:?} for {rank} spatial axes"
        )));
    }
    for axis in 0..rank {
        window.before[2 - rank + axis] = pad(pads[axis])?;
        window.after[2 - rank + axis] = pad(pads[rank + axis])?;
    }
    Ok(())
}

/// Pads so that the output has ⌈input / stride⌉ positions; an odd rest goes to one side.
pub(super) fn same_padding(window: &mut Window, input: [usize; 2], lower: bool) -> Result<()> {
    for (axis, input) in input.into_iter().enumerate() {
        let positions = input.div_ceil(window.strides[axis]);
        let reach = window.reach(axis).unwrap_or(usize::MAX);
        let needed = positions
            .saturating_sub(1)
            .checked_mul(window.strides[axis])
            .and_then(|span| span.checked_add(reach))
            .ok_or_else(|| Error::input("the window is out of range"))?;
        let total = needed.saturating_sub(input);
        let (small, large) = (total / 2, total - total / 2);
        (window.before[axis], window.after[axis]) = if lower {
            (large, small)
        } else {
            (small, large)
        };
    }
    Ok(())
}

/// Padding that lets a last, partial window count, if it starts inside input or left padding.
pub(super) fn missing_to_ceil(window: &Window, axis: usize, input: usize) -> usize {
    let reach = window.reach(axis).unwrap_or(usize::MAX);
    let stride = window.strides[axis];
    let padded = input + window.before[axis] + window.after[axis];
    let Some(room) = padded.checked_sub(reach) else {
        return 0; // the output rule reports it
    };
    let rest = room % stride;
    let next_start = room - rest + stride;
    if rest == 0 || next_start >= input + window.before[axis] {
        return 0;
    }
    stride - rest
}
