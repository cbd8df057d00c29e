//! Windows over volumes `[N,C,D,H,W]`, in terms of windows over planes.
//!
//! ```text
//! pool:  over the plane of every depth, [N,C·D,H,W]; then over depth, [N,C,D,H′·W′]
//! conv:  for each depth of the result:
//!            the depths under its taps become channels, [N,C·taps,H,W], as do those of w
//!            convolve the planes
//!        join along depth
//! ```
//!
//! A pool is separable because the elements that a window covers, padding left out, form a box. Taps over depth
//! padding are left out with their weights; windows over the same taps share weights.

use super::site::Site;
use super::window::{missing_to_ceil, positive, same_padding};
use crate::error::{Error, Result};
use crate::graph::{Conv, Op, Pool, PoolKind, ValueId, Window};
use std::collections::BTreeMap;
use std::ops::Range;

/// Most depths of a convolution's result: each is a convolution of its own.
const MOST_DEPTHS: usize = 64;

/// Whether the first operand of `site` is a volume.
pub(super) fn is_volume(site: &Site<'_>) -> Result<bool> {
    Ok(site.shape(0)?.len() == 5)
}

pub(super) fn pool(site: &mut Site<'_>, kind: PoolKind) -> Result<ValueId> {
    let kernel = site.ints("kernel_shape")?;
    let kernel = kernel.ok_or_else(|| Error::input("attribute kernel_shape is missing"))?;
    let shape = Shape::of(site)?;
    let Windows {
        mut plane,
        mut depth,
    } = Windows::read(site, &kernel, &shape)?;
    if site.int("ceil_mode", 0)? != 0 {
        grow(&mut plane, shape.plane, kind)?;
        grow(&mut depth, [shape.depth, 1], kind)?;
    }
    let x = site.input(0)?;
    let [height, width] = plane.output(shape.plane)?;
    let [depths, _] = depth.output([shape.depth, 1])?;
    let planes = site.reshape(x, shape.planes(shape.depth))?;
    let window = plane;
    let planes = site.emit(Op::Pool(Pool { kind, window }), &[Some(planes)])?;
    let columns = vec![shape.batch, shape.channels, shape.depth, height * width];
    let columns = site.reshape(planes, columns)?;
    let window = depth;
    let columns = site.emit(Op::Pool(Pool { kind, window }), &[Some(columns)])?;
    let volume = vec![shape.batch, shape.channels, depths, height, width];
    site.reshape(columns, volume)
}

/// Lets a last, partial window count.
fn grow(window: &mut Window, input: [usize; 2], kind: PoolKind) -> Result<()> {
    for (axis, input) in input.into_iter().enumerate() {
        let more = missing_to_ceil(window, axis, input);
        if more > 0 && kind == PoolKind::AverageWithPadding {
            return Err(Error::input("ceil_mode together with count_include_pad"));
        }
        window.after[axis] += more;
    }
    Ok(())
}

pub(super) fn conv(
    site: &mut Site<'_>,
    x: ValueId,
    weights: ValueId,
    bias: Option<ValueId>,
) -> Result<ValueId> {
    let &[outputs, per_group, taps, rows, columns] = site.graph.shape(weights) else {
        return Err(Error::input("weights of a volume have five axes"));
    };
    let kernel = match site.ints("kernel_shape")? {
        Some(kernel) => kernel,
        None => [taps, rows, columns].map(|n| n as i64).to_vec(),
    };
    let shape = Shape::of(site)?;
    let windows = Windows::read(site, &kernel, &shape)?;
    if windows.depth.kernel[0] != taps {
        return Err(Error::input("kernel_shape differs from the weights"));
    }
    let group = positive(site.int("group", 1)?, "group")?;
    let [depths, _] = windows.depth.output([shape.depth, 1])?;
    if depths > MOST_DEPTHS {
        return Err(Error::input(format!(
            "a result of {depths} depths; at most {MOST_DEPTHS} are supported"
        )));
    }
    let [height, width] = windows.plane.output(shape.plane)?;
    let op = Op::Conv(Conv {
        window: windows.plane.clone(),
        group,
    });
    let mut shared: BTreeMap<(usize, usize), ValueId> = BTreeMap::new();
    let mut planes = Vec::new();
    for at in 0..depths {
        let Some((first, under)) = covered(&windows.depth, at, shape.depth) else {
            return Err(Error::input(format!("depth {at} sees nothing but padding")));
        };
        let count = under.len();
        let stack = slice(site, x, first, count, windows.depth.dilations[0])?;
        let stack = site.reshape(stack, shape.planes(count))?;
        let w = match shared.get(&(under.start, under.end)) {
            Some(&w) => w,
            None => {
                let w = slice(site, weights, under.start, count, 1)?;
                let w = site.reshape(w, vec![outputs, per_group * count, rows, columns])?;
                shared.insert((under.start, under.end), w);
                w
            }
        };
        let plane = site.emit(op.clone(), &[Some(stack), Some(w), bias])?;
        let plane = site.reshape(plane, vec![shape.batch, outputs, 1, height, width])?;
        planes.push(Some(plane));
    }
    match planes[..] {
        [Some(only)] => Ok(only),
        _ => site.emit(Op::Concat { axis: 2 }, &planes),
    }
}

/// The first depth of the operand under the window at `at`, and the taps that see no padding.
fn covered(window: &Window, at: usize, depth: usize) -> Option<(usize, Range<usize>)> {
    let index = |tap: usize| {
        let padded = at * window.strides[0] + tap * window.dilations[0];
        let index = padded.checked_sub(window.before[0])?;
        (index < depth).then_some(index)
    };
    let start = (0..window.kernel[0]).find(|&tap| index(tap).is_some())?;
    let end = (start..window.kernel[0]).find(|&tap| index(tap).is_none());
    Some((index(start)?, start..end.unwrap_or(window.kernel[0])))
}

/// `count` entries of axis 2, `step` apart.
fn slice(
    site: &mut Site<'_>,
    id: ValueId,
    start: usize,
    count: usize,
    step: usize,
) -> Result<ValueId> {
    let mut lengths = site.graph.shape(id).to_vec();
    let (mut starts, mut steps) = (vec![0; lengths.len()], vec![1; lengths.len()]);
    (starts[2], lengths[2], steps[2]) = (start, count, step as isize);
    let op = Op::Slice {
        starts,
        lengths,
        steps,
    };
    site.emit(op, &[Some(id)])
}

/// The operand's axes.
struct Shape {
    batch: usize,
    channels: usize,
    depth: usize,
    plane: [usize; 2],
}

impl Shape {
    fn of(site: &Site<'_>) -> Result<Self> {
        match site.shape(0)?[..] {
            [batch, channels, depth, height, width] => Ok(Self {
                batch,
                channels,
                depth,
                plane: [height, width],
            }),
            ref other => Err(Error::input(format!("{other:?} is no volume"))),
        }
    }

    /// Channels and `depths` as one axis.
    fn planes(&self, depths: usize) -> Vec<usize> {
        let [height, width] = self.plane;
        vec![self.batch, self.channels * depths, height, width]
    }
}

/// A window over a volume: its share over depth (as an axis of height) and over the plane.
struct Windows {
    depth: Window,
    plane: Window,
}

impl Windows {
    fn read(site: &mut Site<'_>, kernel: &[i64], shape: &Shape) -> Result<Self> {
        let kernel = triple(Some(kernel), "kernel_shape")?;
        let strides = triple(site.ints("strides")?.as_deref(), "strides")?;
        let dilations = triple(site.ints("dilations")?.as_deref(), "dilations")?;
        let part = |list: [usize; 3]| ([list[0], 1], [list[1], list[2]]);
        let (kernel, strides, dilations) = (part(kernel), part(strides), part(dilations));
        let depth = Window {
            kernel: kernel.0,
            strides: strides.0,
            dilations: dilations.0,
            before: [0; 2],
            after: [0; 2],
        };
        let plane = Window {
            kernel: kernel.1,
            strides: strides.1,
            dilations: dilations.1,
            before: [0; 2],
            after: [0; 2],
        };
        let mut windows = Self { depth, plane };
        let pads = site.ints("pads")?;
        match site.text("auto_pad", "NOTSET")?.as_str() {
            "NOTSET" => windows.pad(pads.as_deref())?,
            "VALID" => {}
            "SAME_UPPER" => windows.same(shape, false)?,
            "SAME_LOWER" => windows.same(shape, true)?,
            other => return Err(Error::input(format!("auto_pad {other} is unknown"))),
        }
        Ok(windows)
    }

    /// ONNX lists all beginnings, then all ends.
    fn pad(&mut self, pads: Option<&[i64]>) -> Result<()> {
        let Some(pads) = pads else {
            return Ok(());
        };
        let pad = |value: i64| match usize::try_from(value) {
            Ok(value) if value <= 1 << 20 => Ok(value),
            _ => Err(Error::input(format!("padding {value} is out of range"))),
        };
        let resolved: Vec<usize> = pads
            .iter()
            .map(|&value| pad(value))
            .collect::<Result<_>>()?;
        let [front, top, left, back, bottom, right] = resolved[..] else {
            return Err(Error::input(format!("pads {pads:?} for 3 spatial axes")));
        };
        (self.depth.before[0], self.depth.after[0]) = (front, back);
        (self.plane.before, self.plane.after) = ([top, left], [bottom, right]);
        Ok(())
    }

    fn same(&mut self, shape: &Shape, lower: bool) -> Result<()> {
        same_padding(&mut self.depth, [shape.depth, 1], lower)?;
        same_padding(&mut self.plane, shape.plane, lower)
    }
}

/// One number per spatial axis; ones where the list is absent.
fn triple(list: Option<&[i64]>, what: &str) -> Result<[usize; 3]> {
    match list {
        None => Ok([1; 3]),
        Some(&[d, h, w]) => Ok([positive(d, what)?, positive(h, what)?, positive(w, what)?]),
        Some(list) => Err(Error::input(format!("{what} {list:?} for 3 spatial axes"))),
    }
}

#[cfg(test)]
#[path = "volume_tests.rs"]
mod tests;
