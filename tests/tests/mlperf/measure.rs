//! Errors of outputs against the outputs that they stand for.

use super::reference::Rows;
use std::collections::BTreeMap;

fn pairs<'a>(expected: &'a Rows, found: &'a Rows) -> impl Iterator<Item = (f64, f64)> + 'a {
    assert_eq!(expected.len(), found.len());
    expected.iter().zip(found).flat_map(|(expected, found)| {
        assert_eq!(expected.len(), found.len());
        let pairs = expected.iter().zip(found);
        pairs.map(|(&expected, &found)| (expected.into(), found.into()))
    })
}

/// Largest absolute difference.
pub fn largest_error(expected: &Rows, found: &Rows) -> f64 {
    pairs(expected, found).fold(0.0, |most, (expected, found)| {
        // NaN is larger than any bound.
        if (expected - found).abs() <= most {
            most
        } else {
            (expected - found).abs()
        }
    })
}

/// Signal-to-noise ratio in decibels.
pub fn snr(expected: &Rows, found: &Rows) -> f64 {
    let signal: f64 = pairs(expected, found).map(|(x, _)| x * x).sum();
    let noise: f64 = pairs(expected, found).map(|(x, y)| (x - y) * (x - y)).sum();
    10.0 * libm::log10(signal / noise.max(1e-30))
}

/// Share of elements that differ by at most `most`.
pub fn within(expected: &Rows, found: &Rows, most: f64) -> f64 {
    let near = pairs(expected, found).filter(|(x, y)| (x - y).abs() <= most);
    near.count() as f64 / pairs(expected, found).count() as f64
}

/// The class of a sample; the first of equals.
fn class(row: &[f32]) -> usize {
    let larger = |best: usize, index: usize| if row[index] > row[best] { index } else { best };
    (0..row.len()).fold(0, larger)
}

/// Share of samples with the same class.
pub fn agreement(expected: &Rows, found: &Rows) -> f64 {
    let same = expected
        .iter()
        .zip(found)
        .filter(|(x, y)| class(x) == class(y));
    same.count() as f64 / expected.len() as f64
}

/// Share of samples in each class that has more than 5 %.
pub fn classes(rows: &Rows) -> Vec<(usize, f64)> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(class(row)).or_default() += 1;
    }
    let share = |count: usize| count as f64 / rows.len() as f64;
    let shares = counts
        .into_iter()
        .map(|(class, count)| (class, share(count)));
    shares.filter(|(_, share)| *share > 0.05).collect()
}
