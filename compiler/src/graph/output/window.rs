//! Output rules of sliding windows: convolution and pooling, in both layouts.

use super::product::check_bias;
use super::{Fact, Operands};
use crate::error::{Error, Result};
use crate::graph::{Conv, Dtype, Pool, Window};

impl Window {
    /// Number of window positions over a height and width, or why the window does not fit.
    pub fn output(&self, input: [usize; 2]) -> Result<[usize; 2]> {
        let mut lengths = [0; 2];
        for axis in 0..2 {
            lengths[axis] = self.positions(axis, input[axis])?;
        }
        Ok(lengths)
    }

    fn positions(&self, axis: usize, input: usize) -> Result<usize> {
        let reach = self.reach(axis);
        let padded = input
            .checked_add(self.before[axis])
            .and_then(|sum| sum.checked_add(self.after[axis]));
        match (reach, padded, self.strides[axis]) {
            (Some(reach), Some(padded), stride) if stride > 0 && reach <= padded && input > 0 => {
                Ok((padded - reach) / stride + 1)
            }
            _ => Err(Error::input(format!(
                "a window of {} taps (dilation {}, stride {}) does not fit an axis of {input}",
                self.kernel[axis], self.dilations[axis], self.strides[axis]
            ))),
        }
    }

    /// Distance from the first to behind the last tap; `None` if it overflows or is zero.
    pub fn reach(&self, axis: usize) -> Option<usize> {
        let taps = self.kernel[axis].checked_sub(1)?;
        if self.dilations[axis] == 0 {
            return None;
        }
        taps.checked_mul(self.dilations[axis])?.checked_add(1)
    }
}

/// Height and width of a channels-first tensor; 1-D has height 1.
fn spatial(shape: &[usize]) -> Result<[usize; 2]> {
    match *shape {
        [_, _, length] => Ok([1, length]),
        [_, _, height, width] => Ok([height, width]),
        _ => Err(Error::input(format!(
            "a window slides over [N,C,L] or [N,C,H,W], found {shape:?}"
        ))),
    }
}

/// Channels-first result: batch, channels, then as many spatial axes as the operand has.
fn channels_first(x: &[usize], channels: usize, [height, width]: [usize; 2]) -> Vec<usize> {
    match x.len() {
        3 => vec![x[0], channels, width],
        _ => vec![x[0], channels, height, width],
    }
}

fn check_weights(
    conv: &Conv,
    channels: usize,
    outputs: usize,
    per_group: usize,
    taps: [usize; 2],
) -> Result<()> {
    let fits = conv.group > 0
        && outputs.is_multiple_of(conv.group)
        && per_group.checked_mul(conv.group) == Some(channels)
        && taps == conv.window.kernel;
    if fits {
        return Ok(());
    }
    Err(Error::input(format!(
        "weights for {outputs} outputs, {per_group} channels a group and {taps:?} taps do not fit \
         {channels} channels, group {} and kernel {:?}",
        conv.group, conv.window.kernel
    )))
}

pub(super) fn conv(conv: &Conv, operands: &Operands<'_>) -> Result<Fact> {
    let (x, weights) = (operands.floats(0)?, operands.floats(1)?);
    let input = spatial(x)?;
    if weights.len() != x.len() {
        return Err(Error::input(format!(
            "weights {weights:?} do not fit an operand {x:?}"
        )));
    }
    check_weights(conv, x[1], weights[0], weights[1], spatial(weights)?)?;
    check_bias(operands, weights[0])?;
    let output = conv.window.output(input)?;
    Ok((Dtype::F32, channels_first(x, weights[0], output)))
}

pub(super) fn conv_nhwc(conv: &Conv, operands: &Operands<'_>) -> Result<Fact> {
    let (x, weights) = (operands.floats(0)?, operands.floats(1)?);
    let (&[batch, height, width, channels], &[outputs, rows, columns, per_group]) = (x, weights)
    else {
        return Err(Error::input(format!(
            "weights {weights:?} do not fit an operand {x:?}, expected [O,H,W,C] and [N,H,W,C]"
        )));
    };
    check_weights(conv, channels, outputs, per_group, [rows, columns])?;
    check_bias(operands, outputs)?;
    let [height, width] = conv.window.output([height, width])?;
    Ok((Dtype::F32, vec![batch, height, width, outputs]))
}

pub(super) fn pool(pool: &Pool, operands: &Operands<'_>) -> Result<Fact> {
    let x = operands.floats(0)?;
    let output = pool.window.output(spatial(x)?)?;
    Ok((Dtype::F32, channels_first(x, x[1], output)))
}

pub(super) fn pool_nhwc(pool: &Pool, operands: &Operands<'_>) -> Result<Fact> {
    let &[batch, height, width, channels] = operands.floats(0)? else {
        return Err(Error::input("channels-last pooling expects [N,H,W,C]"));
    };
    let [height, width] = pool.window.output([height, width])?;
    Ok((Dtype::F32, vec![batch, height, width, channels]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_positions() {
        let window = Window {
            kernel: [1, 3],
            strides: [1, 2],
            dilations: [1, 2],
            before: [0, 1],
            after: [0, 2],
        };
        assert_eq!(window.output([1, 10]).unwrap(), [1, 5]);
        assert!(window.output([1, 1]).is_err());
        let endless = Window {
            kernel: [1, usize::MAX],
            ..window
        };
        assert!(endless.output([1, 10]).is_err());
    }
}
