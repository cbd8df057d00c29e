//! Einsum: products and sums over named axes.
//!
//! ```text
//! each operand: a repeated letter keeps its diagonal; a letter nobody else needs is summed
//! from left to right, two operands at a time:
//!     a → [shared…, own…, summed…]    b → [shared…, summed…, own…]
//!     a · b, or a ∘ b where nothing is summed
//! the result is turned to the order that is asked for
//! ```
//!
//! Axes under an ellipsis are named by their distance from the end.

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Op, ReduceKind, ValueId};
use std::collections::BTreeMap;

/// An axis name: a letter, or a place under the ellipsis.
type Label = u32;

/// Beyond every character.
const ELLIPSIS: Label = 1 << 24;

/// A value whose axes have names, each once.
struct Term {
    value: ValueId,
    labels: Vec<Label>,
}

pub(super) fn parse(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let equation: String = site.text("equation", "")?.split_whitespace().collect();
    let bad = || {
        Error::input(format!(
            "the equation `{equation}` does not fit the operands"
        ))
    };
    let (left, right) = match equation.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (equation.as_str(), None),
    };
    let texts: Vec<&str> = left.split(',').collect();
    let operands: Vec<ValueId> = site.operands().into_iter().flatten().collect();
    if texts.len() != operands.len() {
        return Err(bad());
    }
    let mut terms = Vec::new();
    for (text, &value) in texts.iter().zip(&operands) {
        let rank = site.shape_of(value).len();
        let labels = labels(text, Some(rank)).ok_or_else(bad)?;
        terms.push(diagonal(site, Term { value, labels })?);
    }
    let wanted = match right {
        Some(text) => {
            let widest = terms.iter().flat_map(|term| &term.labels).max();
            let hidden = widest.map_or(0, |&label| (label + 1).saturating_sub(ELLIPSIS));
            let rank = text.replace("...", "").chars().count() + hidden as usize;
            labels(text, Some(rank).filter(|_| text.contains("..."))).ok_or_else(bad)?
        }
        None => implicit(left, &terms),
    };
    let known = |label| terms.iter().any(|term| term.labels.contains(label));
    let twice = |(index, label)| wanted[..index].contains(label);
    if !wanted.iter().all(known) || wanted.iter().enumerate().any(twice) {
        return Err(bad());
    }
    let mut rest = terms.into_iter();
    let mut result = rest.next().ok_or_else(bad)?;
    while let Some(next) = rest.next() {
        let later = rest.as_slice().iter().flat_map(|term| &term.labels);
        let needed: Vec<Label> = later.chain(&wanted).copied().collect();
        let sum = |site: &mut Site<'_>, term: Term, other: &Term| {
            let gone = |label: &Label| !needed.contains(label) && !other.labels.contains(label);
            summed(site, term, gone)
        };
        let first = sum(site, result, &next)?;
        let second = sum(site, next, &first)?;
        result = contracted(site, &first, &second, &needed)?;
    }
    let result = summed(site, result, |label| !wanted.contains(label))?;
    Ok(vec![turned(site, &result, &wanted)?])
}

/// Names of the axes of an operand; with an ellipsis, its rank says how many that hides.
fn labels(text: &str, rank: Option<usize>) -> Option<Vec<Label>> {
    let letters = |part: &str| -> Option<Vec<Label>> {
        let letter = |c: char| c.is_ascii_alphabetic().then_some(u32::from(c));
        part.chars().map(letter).collect()
    };
    let Some((before, after)) = text.split_once("...") else {
        let labels = letters(text)?;
        return rank
            .is_none_or(|rank| rank == labels.len())
            .then_some(labels);
    };
    let (before, after) = (letters(before)?, letters(after)?);
    let hidden = rank?.checked_sub(before.len() + after.len())?;
    let hidden = (0..u32::try_from(hidden).ok()?).rev();
    let middle = hidden.map(|place| ELLIPSIS + place);
    Some(before.into_iter().chain(middle).chain(after).collect())
}

/// Without an arrow: what the ellipsis hides, then every letter that occurs once, in order.
fn implicit(left: &str, terms: &[Term]) -> Vec<Label> {
    let mut counts: BTreeMap<Label, usize> = BTreeMap::new();
    for letter in left.chars().filter(char::is_ascii_alphabetic) {
        *counts.entry(u32::from(letter)).or_insert(0) += 1;
    }
    let hidden = terms.iter().flat_map(|term| &term.labels);
    let hidden = hidden.filter(|&&label| label >= ELLIPSIS).max();
    let hidden = hidden.map_or(ELLIPSIS..ELLIPSIS, |&most| ELLIPSIS..most + 1);
    let once = counts.iter().filter(|&(_, &count)| count == 1);
    hidden.rev().chain(once.map(|(&label, _)| label)).collect()
}

/// Keeps, of axes that share a name, where their indices are equal: side by side and merged, that
/// is every (n + 1)th element.
fn diagonal(site: &mut Site<'_>, mut term: Term) -> Result<Term> {
    let repeated = |labels: &[Label]| {
        let second = (1..labels.len()).find(|&i| labels[..i].contains(&labels[i]))?;
        let first = labels.iter().position(|&label| label == labels[second])?;
        Some((first, second))
    };
    while let Some((first, second)) = repeated(&term.labels) {
        let shape = site.shape_of(term.value);
        let rank = shape.len();
        let length = shape[first];
        if shape[second] != length || length == 0 {
            return Err(Error::input(format!(
                "no diagonal between axes of {shape:?}"
            )));
        }
        let others: Vec<usize> = (0..rank).filter(|&a| a != first && a != second).collect();
        let order = [&others[..], &[first, second]].concat();
        let value = site.turn(term.value, &order)?;
        let mut merged: Vec<usize> = others.iter().map(|&axis| shape[axis]).collect();
        merged.push(length * length);
        let value = site.view(value, &merged)?;
        let mut steps = vec![1; merged.len()];
        steps[others.len()] = isize::try_from(length)
            .unwrap_or(isize::MAX)
            .saturating_add(1);
        let mut lengths = merged;
        lengths[others.len()] = length;
        let op = Op::Slice {
            starts: vec![0; lengths.len()],
            lengths,
            steps,
        };
        let kept = term.labels[first];
        let mut labels: Vec<Label> = others.iter().map(|&axis| term.labels[axis]).collect();
        labels.push(kept);
        let value = site.emit(op, &[Some(value)])?;
        term = Term { value, labels };
    }
    Ok(term)
}

/// Sums the axes whose names are `gone`.
fn summed(site: &mut Site<'_>, term: Term, gone: impl Fn(&Label) -> bool) -> Result<Term> {
    let (all, kept): (Vec<usize>, Vec<usize>) =
        (0..term.labels.len()).partition(|&axis| gone(&term.labels[axis]));
    if all.is_empty() {
        return Ok(term);
    }
    let labels = kept.iter().map(|&axis| term.labels[axis]).collect();
    let value = site.reduced(ReduceKind::Sum, all, false, term.value)?;
    Ok(Term { value, labels })
}

/// Axes in the order of `labels`, which are all that the term has.
fn turned(site: &mut Site<'_>, term: &Term, labels: &[Label]) -> Result<ValueId> {
    let place = |label: &Label| term.labels.iter().position(|own| own == label);
    let order: Vec<usize> = labels.iter().filter_map(place).collect();
    site.turn(term.value, &order)
}

/// Two operands as one; names outside `needed` that both have are summed.
fn contracted(site: &mut Site<'_>, a: &Term, b: &Term, needed: &[Label]) -> Result<Term> {
    let common = |label: &&Label| b.labels.contains(label);
    let pick = |labels: &[Label], keep: &dyn Fn(&Label) -> bool| -> Vec<Label> {
        labels.iter().copied().filter(|label| keep(label)).collect()
    };
    let both: Vec<Label> = a.labels.iter().filter(common).copied().collect();
    let shared = pick(&both, &|label| needed.contains(label));
    let inner = pick(&both, &|label| !needed.contains(label));
    let left = pick(&a.labels, &|label| !both.contains(label));
    let right = pick(&b.labels, &|label| !both.contains(label));
    let lengths = |site: &Site<'_>, term: &Term, labels: &[Label]| -> Vec<usize> {
        let shape = site.shape_of(term.value);
        let place = |label: &Label| term.labels.iter().position(|own| own == label);
        labels
            .iter()
            .filter_map(place)
            .map(|axis| shape[axis])
            .collect()
    };
    let [heads, others] = [a, b].map(|term| lengths(site, term, &shared));
    let (rows, columns) = (lengths(site, a, &left), lengths(site, b, &right));
    let depth = lengths(site, a, &inner);
    if depth != lengths(site, b, &inner) {
        return Err(Error::input("axes of one name differ in length"));
    }
    let x = turned(site, a, &[&shared[..], &left, &inner].concat())?;
    let y = turned(site, b, &[&shared[..], &inner, &right].concat())?;
    let labels = [&shared[..], &left, &right].concat();
    let ones = |count: usize| vec![1; count];
    let value = if inner.is_empty() {
        let x = site.view(x, &[heads, rows, ones(right.len())].concat())?;
        let y = site.view(y, &[others, ones(left.len()), columns].concat())?;
        site.mul(x, y)?
    } else {
        let volume = |shape: &[usize]| shape.iter().product::<usize>();
        let (m, k, n) = (volume(&rows), volume(&depth), volume(&columns));
        // Equal leading axes are one: fewer of them are left for the runtime to broadcast.
        let merge = heads == others && heads.len() > 1;
        let batch = |shape: &[usize]| match merge {
            true => vec![volume(shape)],
            false => shape.to_vec(),
        };
        let x = site.view(x, &[batch(&heads), vec![m, k]].concat())?;
        let y = site.view(y, &[batch(&others), vec![k, n]].concat())?;
        let product = site.product(x, y)?;
        let heads = crate::graph::broadcast(&heads, &others)?;
        site.view(product, &[heads, rows, columns].concat())?
    };
    Ok(Term { value, labels })
}
