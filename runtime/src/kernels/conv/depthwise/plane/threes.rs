//! Planes on any target: rows of three taps, four outputs at a time; what is left, alone.

use super::{Band, Channel, Lines, Plane, copy, singles};
use crate::kernels::sink::Sink;
use crate::rounding::Scale;

/// Planes on any target.
pub(crate) struct Portable;

impl Plane for Portable {
    fn band(band: &Band<'_>, plane: &mut [i16], sink: &mut Sink<'_>) -> Option<()> {
        for (index, channel) in band.channels() {
            copy(band, index, plane)?;
            convolve(band, index, &channel, plane, sink)?;
        }
        Some(())
    }
}

/// Convolves channel `index`, of any geometry, factor and output.
fn convolve(
    band: &Band<'_>,
    index: usize,
    channel: &Channel<'_>,
    plane: &[i16],
    sink: &mut Sink<'_>,
) -> Option<()> {
    let lines = &band.lines;
    let mut weights = [[0; 3]; 3];
    let threes = three(lines, channel, &mut weights);
    let clamp = (sink.zero_point, sink.low, sink.high);
    for line in 0..lines.lines {
        let first = band.first + index + line * lines.out_line;
        let plane = plane.get(line * lines.line..)?;
        let int8 = threes.zip(sink.int8(first));
        match (lines.stride, int8) {
            (1, Some((weights, out))) => fours(lines, channel, (plane, 4), clamp, out, |x| {
                ones(x, lines.row, weights)
            }),
            (2, Some((weights, out))) => fours(lines, channel, (plane, 8), clamp, out, |x| {
                twos(x, lines.row, weights)
            }),
            _ => singles(lines, channel, plane, sink, first),
        }?;
    }
    Some(())
}

/// Weights by rows of three taps side by side, at most three of them.
#[inline(never)]
fn three<'w>(
    lines: &Lines,
    channel: &Channel<'_>,
    weights: &'w mut [[i32; 3]; 3],
) -> Option<&'w [[i32; 3]]> {
    let [rows, 3] = lines.taps else { return None };
    let rows = weights.get_mut(..rows).filter(|_| lines.dilation == 1)?;
    let mut rest = channel.weights;
    for row in &mut *rows {
        let mut taps = rest.iter().step_by(lines.weight_step.max(1));
        for (weight, &tap) in row.iter_mut().zip(&mut taps) {
            *weight = i32::from(tap);
        }
        rest = rest.get(lines.weight_row..).unwrap_or_default();
    }
    Some(rows)
}

/// Four outputs of a line at stride 1, before their bias.
///
/// Written out, as is what follows: optimised for size, the compiler unrolls nothing.
#[inline(always)]
fn ones(plane: &[i16], row: usize, weights: &[[i32; 3]]) -> Option<[i32; 4]> {
    let (mut rest, [mut p, mut q, mut r, mut s]) = (plane, [0; 4]);
    for &[u, v, w] in weights {
        let &[a, b, c, d, e, f] = rest.first_chunk()?;
        let [a, b, c] = [i32::from(a), i32::from(b), i32::from(c)];
        let [d, e, f] = [i32::from(d), i32::from(e), i32::from(f)];
        p += a * u + b * v + c * w;
        q += b * u + c * v + d * w;
        r += c * u + d * v + e * w;
        s += d * u + e * v + f * w;
        rest = rest.get(row..).unwrap_or_default();
    }
    Some([p, q, r, s])
}

/// [`ones`] at stride 2.
#[inline(always)]
fn twos(plane: &[i16], row: usize, weights: &[[i32; 3]]) -> Option<[i32; 4]> {
    let (mut rest, [mut p, mut q, mut r, mut s]) = (plane, [0; 4]);
    for &[u, v, w] in weights {
        let &[a, b, c, d, e, f, g, h, i] = rest.first_chunk()?;
        let [a, b, c] = [i32::from(a), i32::from(b), i32::from(c)];
        let [d, e, f] = [i32::from(d), i32::from(e), i32::from(f)];
        let [g, h, i] = [i32::from(g), i32::from(h), i32::from(i)];
        p += a * u + b * v + c * w;
        q += c * u + d * v + e * w;
        r += e * u + f * v + g * w;
        s += g * u + h * v + i * w;
        rest = rest.get(row..).unwrap_or_default();
    }
    Some([p, q, r, s])
}

/// A line, four outputs at a time: they share what they load. What is behind the line's end in the
/// plane goes nowhere.
///
/// Not inlined, as are other functions here: together, they need more registers than chips have.
#[inline(never)]
fn fours(
    lines: &Lines,
    channel: &Channel<'_>,
    (plane, ahead): (&[i16], usize),
    (zero_point, low, high): (i32, i32, i32),
    out: &mut [i8],
    sums: impl Fn(&[i16]) -> Option<[i32; 4]>,
) -> Option<()> {
    let scale = Scale::loaded(channel.scale);
    let step = lines.out_step;
    let (mut rest, mut out, mut left) = (plane, out, lines.columns);
    loop {
        let [p, q, r, s] = sums(rest)?;
        let mut put = |at: usize, sum: i32| {
            let value = scale.requantise(channel.bias + sum);
            let value = value.saturating_add(zero_point).max(low).min(high);
            if let Some(out) = out.get_mut(at) {
                *out = value as i8;
            }
        };
        put(0, p);
        if left > 1 {
            put(step, q);
        }
        if left > 2 {
            put(2 * step, r);
        }
        if left > 3 {
            put(3 * step, s);
        }
        if left <= 4 {
            return Some(());
        }
        left -= 4;
        rest = rest.get(ahead..)?;
        out = out.get_mut(4 * step..)?;
    }
}
