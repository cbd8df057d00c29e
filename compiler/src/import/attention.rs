//! Attention, operator sets 23 and later.
//!
//! ```text
//! K, V = past before present, where there is a past
//! S = scale · Q · Kᵀ                        of every head
//! S = c · tanh(S / c)                       softcap
//! S = S + mask, or −∞ where a mask forbids
//! Y = softmax(S) · V
//! ```
//!
//! Heads that share keys and values are rows of one product: `[heads, L, D]` is viewed as
//! `[key heads, heads / key heads · L, D]`, so nothing is repeated.

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Binary, Data, Dtype, Op, Pad, Tensor, Unary, ValueId};

pub(super) fn parse(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let rank = site.shape(0)?.len();
    let mode = site.int("qk_matmul_output_mode", 0)?;
    if !(0..=3).contains(&mode) {
        return Err(Error::input(format!(
            "qk_matmul_output_mode {mode} is unknown"
        )));
    }
    site.int("softmax_precision", 0)?; // always f32
    let declared = [site.int("q_num_heads", 0)?, site.int("kv_num_heads", 0)?];
    let q = heads(site, 0, declared[0])?;
    let mut k = heads(site, 1, declared[1])?;
    let mut v = heads(site, 2, declared[1])?;
    let past = match site.optional(4) {
        Some(past) => site.shape_of(past).get(2).copied().unwrap_or(0),
        None => 0,
    };
    if let Some(past) = site.optional(4) {
        k = site.join(2, &[past, k])?;
    }
    if let Some(past) = site.optional(5) {
        v = site.join(2, &[past, v])?;
    }
    let (queries, keys) = (site.shape_of(q), site.shape_of(k));
    let (&[batch, many, length, width], &[_, few, total, _]) = (&queries[..], &keys[..]) else {
        return Err(Error::input(format!(
            "queries {queries:?} and keys {keys:?}"
        )));
    };
    if few == 0 || !many.is_multiple_of(few) || site.shape_of(v)[..3] != keys[..3] {
        return Err(Error::input(format!(
            "{many} query heads over keys {keys:?}"
        )));
    }
    let scale = site.float("scale", 1.0 / libm::sqrtf(width as f32))?;
    let scale = site.scalar(scale)?;
    let scaled = site.mul(q, scale)?;
    let rows = site.view(scaled, &[batch, few, many / few * length, width])?;
    let turned = site.turn_matrix(k)?;
    let scores = site.product(rows, turned)?;
    let raw = site.view(scores, &[batch, many, length, total])?;
    let capped = softcap(site, raw)?;
    let masked = masked(site, capped, past)?;
    let op = Op::Softmax {
        axis: 3,
        log: false,
    };
    let weights = site.emit(op, &[Some(masked)])?;
    let rows = site.view(weights, &[batch, few, many / few * length, total])?;
    let y = site.product(rows, v)?;
    let depth = site.shape_of(v)[3];
    let mut y = site.view(y, &[batch, many, length, depth])?;
    if rank == 3 {
        y = site.turn(y, &[0, 2, 1, 3])?;
        y = site.view(y, &[batch, length, many * depth])?;
    }
    let shown = match mode {
        0 => raw,
        1 => capped,
        2 => masked,
        _ => weights,
    };
    Ok(vec![y, k, v, shown])
}

/// An operand as `[batch, heads, length, width]`; of three axes, the last holds all heads.
fn heads(site: &mut Site<'_>, index: usize, declared: i64) -> Result<ValueId> {
    let x = site.input(index)?;
    match site.shape_of(x)[..] {
        [_, _, _, _] => Ok(x),
        [batch, length, width] => {
            let heads = usize::try_from(declared).ok();
            let heads = heads.filter(|&heads| heads > 0 && width.is_multiple_of(heads));
            let heads = heads
                .ok_or_else(|| Error::input(format!("{declared} heads in a width of {width}")))?;
            let split = site.view(x, &[batch, length, heads, width / heads])?;
            let order = Op::Transpose {
                permutation: vec![0, 2, 1, 3],
            };
            site.emit(order, &[Some(split)])
        }
        ref shape => Err(Error::input(format!(
            "an operand of shape {shape:?}; three or four axes are expected"
        ))),
    }
}

fn softcap(site: &mut Site<'_>, scores: ValueId) -> Result<ValueId> {
    let cap = site.float("softcap", 0.0)?;
    if cap <= 0.0 {
        return Ok(scores);
    }
    let cap = site.scalar(cap)?;
    let share = site.div(scores, cap)?;
    let bent = site.unary(Unary::Tanh, share)?;
    site.mul(bent, cap)
}

/// The scores under the mask operand, causality and the lengths that are not padding.
fn masked(site: &mut Site<'_>, mut scores: ValueId, past: usize) -> Result<ValueId> {
    let shape = site.shape_of(scores);
    let (length, total) = (shape[2], shape[3]);
    if let Some(mask) = site.optional(3) {
        let truths = site.graph.value(mask).dtype == Dtype::Bool;
        let mask = widened(site, mask, total, truths)?;
        scores = match truths {
            true => allow(site, mask, scores)?,
            false => site.add(scores, mask)?,
        };
    }
    if site.int("is_causal", 0)? != 0 {
        let allowed = |index: usize| index % total <= index / total + past;
        let table: Vec<bool> = (0..length * total).map(allowed).collect();
        if table.contains(&false) {
            let table = Tensor::new(vec![length, total], Data::Bool(table.into()))?;
            let table = site.constant(table);
            scores = allow(site, table, scores)?;
        }
    }
    if let Some(lengths) = site.optional(6) {
        let lengths = site.cast(lengths, Dtype::I64)?;
        let batch = site.shape_of(lengths).iter().product();
        let lengths = site.view(lengths, &[batch, 1, 1, 1])?;
        let places = Tensor::i64(&[total], (0..total as i64).collect())?;
        let places = site.constant(places);
        let inside = site.binary(Binary::Less, places, lengths)?;
        scores = allow(site, inside, scores)?;
    }
    match site.shape_of(scores) == shape {
        true => Ok(scores),
        false => Err(Error::input(format!(
            "a mask does not fit scores of shape {shape:?}"
        ))),
    }
}

/// Scores where `condition` holds, −∞ elsewhere.
fn allow(site: &mut Site<'_>, condition: ValueId, scores: ValueId) -> Result<ValueId> {
    let never = site.scalar(f32::NEG_INFINITY)?;
    site.emit(Op::Where, &[Some(condition), Some(scores), Some(never)])
}

/// A mask that ends early forbids what lies behind its end.
fn widened(site: &mut Site<'_>, mask: ValueId, total: usize, truths: bool) -> Result<ValueId> {
    let shape = site.shape_of(mask);
    let missing = match shape.last() {
        None => 0,
        Some(&width) => total.saturating_sub(width),
    };
    if missing == 0 {
        return Ok(mask);
    }
    let mut after = vec![0; shape.len()];
    after[shape.len() - 1] = missing;
    let pad = Pad {
        before: vec![0; shape.len()],
        after,
        step: vec![1; shape.len()],
        value: if truths { 0.0 } else { f32::NEG_INFINITY },
    };
    site.emit(Op::Pad(pad), &[Some(mask)])
}
