//! Weights, biases and requantisation factors of matrix operators.

use super::builder::{Builder, Quantisation, missing};
use super::rows::Rounder;
use super::scheme::{Scheme, Weights};
use crate::calibrate::Moments;
use crate::error::{Error, Result};
use crate::graph::{Clamp, Data, Graph, Node, ValueId};
use crate::program::TensorId;
use half::f16;
use qibu::format::DType;
use qibu::rounding::{Scale, quantise};

/// Float values of a constant operand.
pub(super) fn constant_f32<'g>(
    builder: &Builder<'g>,
    node: &Node,
    index: usize,
) -> Result<&'g [f32]> {
    let value = node.input(index).ok_or_else(|| missing(node, index))?;
    match builder.graph.constant(value).map(|tensor| tensor.data()) {
        Some(Data::F32(values)) => Ok(values),
        _ => Err(
            Error::input(format!("operand {index} must be a float constant")).at_node(&node.name),
        ),
    }
}

/// Longest dot product over int8 activations: the products, the folded zero point and a bias
/// thousands of times the largest product together stay below 2³¹.
const MAX_INT8_PRODUCTS: usize = 40_000;

/// Why a matrix operator has no integer form, if so.
pub(super) fn obstacle(graph: &Graph, node: &Node, scheme: Scheme) -> Option<String> {
    let products: usize = graph.shape(node.input(1)?)[1..].iter().product();
    (!scheme.is_float() && products > MAX_INT8_PRODUCTS).then(|| {
        format!(
            "dot products of {products} terms could overflow 32 bits, at most {MAX_INT8_PRODUCTS} \
             fit; --weights f16 and f32 have no such limit"
        )
    })
}

/// Refuses weights that are no finite numbers, and those beyond the range of f16: they would become
/// infinite.
pub(super) fn representable(values: &[f32], weights: Weights) -> Result<()> {
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(
            Error::input(format!("a weight tensor holds {value} among its numbers"))
                .hint("training went astray, most likely; export a checkpoint from before that"),
        );
    }
    let held = |value: &f32| weights != Weights::F16 || f16::from_f32(*value).is_finite();
    match values.iter().find(|value| !held(value)) {
        None => Ok(()),
        Some(value) => Err(
            Error::input(format!("a constant holds {value:e}, which f16 cannot"))
                .hint("compile with --weights f32, or clip the constants of the model"),
        ),
    }
}

/// Bias of a node with `rows` outputs; zeros where it has none.
pub(super) fn bias_of(builder: &Builder<'_>, node: &Node, rows: usize) -> Result<Vec<f32>> {
    match node.input(2) {
        Some(_) => Ok(constant_f32(builder, node, 2)?.to_vec()),
        None => Ok(vec![0.0; rows]),
    }
}

/// Shape of constant operand `index`.
pub(super) fn shape_of<'g>(
    builder: &Builder<'g>,
    node: &Node,
    index: usize,
) -> Result<&'g [usize]> {
    let value = node.input(index).ok_or_else(|| missing(node, index))?;
    Ok(builder.graph.shape(value))
}

/// Bytes of float weights under the scheme.
pub(super) fn float_bytes(values: &[f32], weights: Weights) -> (DType, Vec<u8>) {
    match weights {
        Weights::F16 => {
            let halves = values
                .iter()
                .flat_map(|&value| f16::from_f32(value).to_le_bytes());
            (DType::F16, halves.collect())
        }
        _ => {
            let singles = values.iter().flat_map(|value| value.to_le_bytes());
            (DType::F32, singles.collect())
        }
    }
}

/// One scale for all of `values`, and their int8 bytes.
pub(super) fn symmetric(values: &[f32]) -> (f32, Vec<u8>) {
    let largest = values
        .iter()
        .fold(0.0f32, |most, &x| qibu::math::max(most, x.abs()));
    let scale = qibu::math::max(largest / 127.0, 1e-12);
    let quantised = values
        .iter()
        .map(|&x| quantise(x, scale, 0, -127, 127) as i8 as u8);
    (scale, quantised.collect())
}

/// Symmetric int8 rows, one scale each.
pub(super) struct Int8Rows {
    pub bytes: Vec<u8>,
    pub scales: Vec<f32>,
    pub bias: Vec<i32>,
}

/// Quantises the rows of `w` and their biases for inputs quantised as `x`, with these moments.
///
/// The scale of a row is larger than [`Rounder`] likes where the bias would not fit beside the
/// products in 32 bits.
pub(super) fn int8_rows(
    w: &[f32],
    bias: &[f32],
    x_type: DType,
    x: Quantisation,
    most: i32,
    moments: Option<&Moments>,
) -> Int8Rows {
    let k = w.len() / bias.len().max(1);
    let magnitude: i64 = if x_type == DType::I16 { 32768 } else { 255 };
    let room = (1i64 << 31) - 1 - k as i64 * magnitude * 128;
    // Folding the zero point moves the bias by at most 128 · Σ|w|.
    let folding = if x_type == DType::I16 {
        0
    } else {
        k as i64 * 128 * 128
    };
    let room = (room - folding).max(1) as f32 * 0.99;
    let mut rows = Int8Rows {
        bytes: Vec::with_capacity(w.len()),
        scales: Vec::with_capacity(bias.len()),
        bias: Vec::with_capacity(bias.len()),
    };
    let groups = moments.map_or(1, |moments| moments.groups).max(1);
    let outer = (bias.len() / groups).max(1);
    let grouped = w.chunks((k * outer).max(1)).zip(bias.chunks(outer));
    for (group, (w, bias)) in grouped.enumerate() {
        let rounder = Rounder::new(moments, group, most);
        for (row, &bias) in w.chunks(k.max(1)).zip(bias) {
            // A row whose products vanish beside its bias keeps the bias: the larger scale wins.
            let row = rounder.round(row, bias.abs() / (x.scale * room));
            let sum: i32 = row.integers.iter().sum();
            let step = f64::from(x.scale) * f64::from(row.scale);
            // The hundredth of the room that is left holds a million.
            let correction = (row.correction / step).clamp(-1e6, 1e6);
            let real_bias = f64::from(bias) / step + correction;
            let rounded = if real_bias < 0.0 {
                real_bias - 0.5
            } else {
                real_bias + 0.5
            } as i32;
            rows.bytes
                .extend(row.integers.iter().map(|&q| q as i8 as u8));
            rows.scales.push(row.scale);
            rows.bias.push(rounded.saturating_sub(x.zero_point * sum));
        }
    }
    rows
}

/// Scale words that take accumulators at `x.scale · row scale` to steps of `out_scale`.
pub(super) fn scale_words(x: Quantisation, rows: &Int8Rows, out_scale: f32) -> Vec<u32> {
    let factor = |&row: &f32| f64::from(x.scale) * f64::from(row) / f64::from(out_scale);
    rows.scales
        .iter()
        .map(|row| scale_word(factor(row)))
        .collect()
}

/// The scale word nearest to `factor`. Callers keep it below one by their least output scale; one
/// below 2⁻³², which contributes nothing, becomes the smallest there is.
pub(super) fn scale_word(factor: f64) -> u32 {
    let nearest = Scale::nearest(factor);
    let fallback = || {
        if factor < 0.5 {
            0x4000_0000 | Scale::MAX_SHIFT
        } else {
            0x7FFF_FF00 | Scale::MIN_SHIFT
        }
    };
    nearest.map_or_else(fallback, Scale::word)
}

/// Smallest output scale that keeps every factor of [`scale_words`] below one.
pub(super) fn least_scale(x: Quantisation, rows: &Int8Rows) -> f32 {
    let widest = rows
        .scales
        .iter()
        .fold(0.0f32, |most, &scale| qibu::math::max(most, scale));
    x.scale * widest * 1.000_001
}

/// Attribute words of a clamp on real values, in the units of the output.
pub(super) fn clamp_words(
    clamp: Option<Clamp>,
    dtype: DType,
    quantisation: Quantisation,
) -> [u32; 2] {
    let (low, high) = clamp.map_or((f32::NEG_INFINITY, f32::INFINITY), |clamp| {
        (clamp.low, clamp.high)
    });
    if dtype == DType::F32 {
        return [low.to_bits(), high.to_bits()];
    }
    let (least, most) = match dtype {
        DType::I8 => (-128, 127),
        DType::I16 => (-32768, 32767),
        _ => (i32::MIN, i32::MAX),
    };
    let units = |value: f32, open: i32| {
        if value.is_infinite() {
            open
        } else {
            quantise(
                value,
                quantisation.scale,
                quantisation.zero_point,
                least,
                most,
            )
        }
    };
    [units(low, least) as u32, units(high, most) as u32]
}

/// A matrix operator's constants in the file: weights, bias and, for integers, row scales.
pub(super) struct Matrix {
    pub weights: TensorId,
    pub bias: TensorId,
    /// Row scales and the input's quantisation, for integers.
    pub rows: Option<Int8Rows>,
}

/// Largest weights, as large below zero.
const MOST_INT8: i32 = 127;
const MOST_INT4: i32 = 7;

/// Rows of small integers, two in a byte.
pub(super) fn packed_rows(bytes: &[u8], rows: usize) -> Vec<u8> {
    let integers: Vec<i8> = bytes.iter().map(|&byte| byte as i8).collect();
    let width = integers.len() / rows.max(1);
    let rows = integers.chunks(width.max(1));
    rows.flat_map(qibu::format::nibble::pack_row).collect()
}

/// Puts the weights and bias of `node` into the file, with rows of `shape[0]`.
pub(super) fn matrix(builder: &mut Builder<'_>, node: &Node, x: TensorId) -> Result<Matrix> {
    let shape = shape_of(builder, node, 1)?.to_vec();
    let w = constant_f32(builder, node, 1)?;
    let bias = bias_of(builder, node, shape[0])?;
    let name = weight_name(builder, node);
    representable(w, builder.scheme(node).weights)?;
    representable(&bias, Weights::F32)?;
    if builder.is_real(node) {
        let format = builder.scheme(node).weights;
        let (dtype, bytes) = float_bytes(w, format);
        let weights = builder.weights(&name, dtype, &shape, 1.0, bytes)?;
        let (dtype, bytes) = float_bytes(&bias, Weights::F32);
        let bias = builder.weights(&format!("{name}.bias"), dtype, &[shape[0]], 1.0, bytes)?;
        return Ok(Matrix {
            weights,
            bias,
            rows: None,
        });
    }
    let (x_type, quantisation) = quantisation_of(builder, x);
    let packed = builder.scheme(node).weights == Weights::Int4;
    let most = if packed { MOST_INT4 } else { MOST_INT8 };
    let moments = builder.moments(node);
    let rows = int8_rows(w, &bias, x_type, quantisation, most, moments);
    let (dtype, bytes) = match packed {
        true => (DType::I4, packed_rows(&rows.bytes, shape[0])),
        false => (DType::I8, rows.bytes.clone()),
    };
    let weights = builder.weights(&name, dtype, &shape, 1.0, bytes)?;
    let words = rows.bias.iter().map(|&bias| bias as u32).collect();
    let bias = builder.parameters(&format!("{name}.bias"), DType::I32, words)?;
    Ok(Matrix {
        weights,
        bias,
        rows: Some(rows),
    })
}

/// Element type and quantisation of a tensor.
pub(super) fn quantisation_of(builder: &Builder<'_>, id: TensorId) -> (DType, Quantisation) {
    let tensor = builder.tensor(id);
    let quantisation = Quantisation {
        scale: tensor.scale,
        zero_point: tensor.zero_point,
    };
    (tensor.dtype, quantisation)
}

/// Name of the weight operand, for reports.
fn weight_name(builder: &Builder<'_>, node: &Node) -> String {
    let value: Option<ValueId> = node.input(1);
    value.map_or_else(String::new, |id| builder.graph.value(id).name.clone())
}

#[cfg(test)]
mod tests;
