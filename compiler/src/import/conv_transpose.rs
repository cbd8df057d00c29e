//! ConvTranspose: a convolution over the operand with zeros between its elements.
//!
//! ```text
//! x' = x with stride − 1 zeros between neighbours and d·(k − 1) − pad around
//! w' [M, C/group, …] = w [C, M/group, …] turned within its groups, taps in reverse
//! y  = Conv(x', w') of stride 1
//! ```
//!
//! Room around that is negative is cut off instead.

use super::site::Site;
use super::window::{pair, positive, sides, spatial};
use crate::error::{Error, Result};
use crate::graph::{Conv, Op, Pad, ValueId, Window};

pub(super) fn parse(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let spatial = spatial(site)?;
    let rank = spatial.len();
    let shape = site.shape(1)?;
    if shape.len() != rank + 2 {
        return Err(Error::input(format!(
            "weights {shape:?} for {rank} spatial axes"
        )));
    }
    let taps = sides(&shape[2..]);
    if let Some(kernel) = site.ints("kernel_shape")?
        && pair(Some(&kernel), rank, 1, "kernel_shape")? != taps
    {
        return Err(Error::input(format!(
            "kernel_shape {kernel:?} for weights {shape:?}"
        )));
    }
    let mut window = Window {
        kernel: taps,
        strides: pair(site.ints("strides")?.as_deref(), rank, 1, "strides")?,
        dilations: pair(site.ints("dilations")?.as_deref(), rank, 1, "dilations")?,
        before: [0; 2],
        after: [0; 2],
    };
    let group = positive(site.int("group", 1)?, "group")?;
    let room = room(site, &window, &spatial)?;
    let mut x = spread(site, &window.strides, rank)?;
    window.strides = [1; 2];
    for (axis, [before, after]) in room.into_iter().enumerate() {
        window.before[axis] = usize::try_from(before).unwrap_or(0);
        window.after[axis] = usize::try_from(after).unwrap_or(0);
        let cut = |side: i64| usize::try_from(side.saturating_neg()).unwrap_or(0);
        let (first, last) = (cut(before), cut(after));
        if let Some(axis) = (axis + rank).checked_sub(2)
            && first + last > 0
        {
            let length = site.shape_of(x)[axis + 2].checked_sub(first + last);
            let length = length.filter(|&length| length > 0);
            let length = length.ok_or_else(|| Error::input("the padding leaves nothing"))?;
            x = site.cut(x, axis + 2, first, length)?;
        }
    }
    let weights = weights(site, group)?;
    let op = Op::Conv(Conv { window, group });
    match site.optional(2) {
        Some(bias) if site.graph.constant(bias).is_none() => {
            let y = site.emit(op, &[Some(x), Some(weights)])?;
            let bias = site.per_channel(bias, rank + 2)?;
            Ok(vec![site.add(y, bias)?])
        }
        bias => Ok(vec![site.emit(op, &[Some(x), Some(weights), bias])?]),
    }
}

/// Zeros before and behind the spread operand, per axis; a 1-D height needs none.
fn room(site: &mut Site<'_>, window: &Window, spatial: &[usize]) -> Result<[[i64; 2]; 2]> {
    let rank = spatial.len();
    let auto = site.text("auto_pad", "NOTSET")?;
    if !["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].contains(&auto.as_str()) {
        return Err(Error::input(format!("auto_pad {auto} is unknown")));
    }
    let lists = [
        site.ints("output_padding")?,
        site.ints("output_shape")?,
        site.ints("pads")?,
    ];
    for (list, expected) in lists.iter().zip([rank, rank, 2 * rank]) {
        let wrong = |list: &&Vec<i64>| {
            list.len() != expected || list.iter().any(|n| !(0..=1 << 20).contains(n))
        };
        if let Some(list) = list.as_ref().filter(wrong) {
            return Err(Error::input(format!("{list:?} for {rank} spatial axes")));
        }
    }
    let [extra, target, pads] = lists;
    let mut room = [[0; 2]; 2];
    for (axis, &input) in spatial.iter().enumerate() {
        let side = 2 - rank + axis;
        let reach = window
            .reach(side)
            .and_then(|reach| i64::try_from(reach).ok());
        let reach = reach.ok_or_else(|| Error::input("the window is out of range"))?;
        let (stride, input) = (window.strides[side] as i64, input as i64);
        let extra = extra.as_ref().map_or(0, |list| list[axis]);
        let whole = stride * (input - 1) + extra + reach;
        let total = match (&target, auto.as_str()) {
            (Some(target), _) => Some(whole - target[axis]),
            (None, "SAME_UPPER" | "SAME_LOWER") => Some(whole - stride * input),
            _ => None,
        };
        let (begin, end) = match (total, &pads, auto.as_str()) {
            // More is asked for than there is: it lies behind.
            (Some(total), ..) if total < 0 => (0, total),
            (Some(total), _, "SAME_UPPER") => (total / 2, total - total / 2),
            (Some(total), ..) => (total - total / 2, total / 2),
            (None, Some(pads), "NOTSET") => (pads[axis], pads[rank + axis]),
            _ => (0, 0),
        };
        room[side] = [reach - 1 - begin, reach - 1 - end + extra];
    }
    Ok(room)
}

/// The operand with zeros between its elements, where strides ask for them.
fn spread(site: &mut Site<'_>, strides: &[usize; 2], rank: usize) -> Result<ValueId> {
    let x = site.input(0)?;
    if *strides == [1; 2] {
        return Ok(x);
    }
    let mut step = vec![1, 1];
    step.extend(&strides[2 - rank..]);
    let pad = Pad {
        before: vec![0; rank + 2],
        after: vec![0; rank + 2],
        step,
        value: 0.0,
    };
    site.emit(Op::Pad(pad), &[Some(x)])
}

/// `[C, M/group, …]` as `[M, C/group, …]`, taps in reverse.
fn weights(site: &mut Site<'_>, group: usize) -> Result<ValueId> {
    let weights = site.input(1)?;
    let shape = site.shape_of(weights);
    let (channels, outputs, taps) = (shape[0], shape[1], &shape[2..]);
    if !channels.is_multiple_of(group) {
        return Err(Error::input(format!(
            "{group} groups of {channels} channels"
        )));
    }
    let split = [&[group, channels / group, outputs], taps].concat();
    let mut order: Vec<usize> = (0..split.len()).collect();
    order.swap(1, 2);
    let w = site.view(weights, &split)?;
    let w = site.emit(Op::Transpose { permutation: order }, &[Some(w)])?;
    let merged = [&[group * outputs, channels / group], taps].concat();
    let w = site.view(w, &merged)?;
    let last = |&length: &usize| length.saturating_sub(1);
    let starts = [0, 0].into_iter().chain(taps.iter().map(last));
    let steps = [1, 1].into_iter().chain(taps.iter().map(|_| -1));
    let op = Op::Slice {
        starts: starts.collect(),
        lengths: merged.clone(),
        steps: steps.collect(),
    };
    site.emit(op, &[Some(w)])
}
