//! Ranges of values, and the quantisation that covers them.
//!
//! int16 covers everything that was seen; int8 what the calibration [`Method`] keeps of it.

use super::histogram::Histogram;
use super::method::Method;
use super::moments::Moments;
use crate::graph::ValueId;
use crate::quantise::Quantisation;
use qibu::format::DType;
use qibu::math::{max, min};
use std::collections::{BTreeMap, BTreeSet};

/// Smallest and largest value seen; always holds zero, which must be exact (padding, Relu).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    /// Smallest value, at most zero.
    pub low: f32,
    /// Largest value, at least zero.
    pub high: f32,
}

impl Range {
    /// The range of `values` and zero.
    pub(crate) fn of(values: &[f32]) -> Self {
        let mut range = Self::default();
        range.widen(values);
        range
    }

    /// The part between `low` and `high`; both may lie outside.
    pub(super) fn within(self, low: f32, high: f32) -> Self {
        Self {
            low: min(max(self.low, low), 0.0),
            high: max(min(self.high, high), 0.0),
        }
    }

    fn widen(&mut self, values: &[f32]) {
        for &x in values.iter().filter(|x| x.is_finite()) {
            self.low = min(self.low, x);
            self.high = max(self.high, x);
        }
    }

    /// Scale and zero point of `dtype` that cover the range: int8 from end to end, int16
    /// symmetric. The scale is at least `minimum`.
    pub(crate) fn quantisation(self, dtype: DType, minimum: f32) -> Quantisation {
        // A value that never leaves zero still needs a positive scale.
        let floor = max(minimum, 1e-9);
        match dtype {
            DType::I8 => {
                let scale = max((self.high - self.low) / 255.0, floor);
                let zero_point =
                    qibu::rounding::quantise(-128.0 * scale - self.low, scale, 0, -128, 127);
                Quantisation { scale, zero_point }
            }
            DType::I16 => Quantisation {
                scale: max(max(self.high, -self.low) / 32767.0, floor),
                zero_point: 0,
            },
            _ => Quantisation::NONE,
        }
    }
}

/// What was measured of every value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges {
    /// All that was seen.
    full: BTreeMap<ValueId, Range>,
    histograms: BTreeMap<ValueId, Histogram>,
    /// Values that were infinite somewhere.
    infinite: BTreeSet<ValueId>,
    /// What int8 covers.
    narrow: BTreeMap<ValueId, Range>,
    /// Of the inputs of matrix operators, by their weights.
    pub(super) moments: BTreeMap<ValueId, Moments>,
}

impl Ranges {
    /// Values that were infinite somewhere: no integers stand for them.
    pub(crate) fn infinite(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.infinite.iter().copied()
    }

    /// Counts `values` as elements of `value`.
    pub(super) fn observe(&mut self, value: ValueId, values: &[f32]) {
        self.full.entry(value).or_default().widen(values);
        if values.iter().any(|x| x.is_infinite()) {
            self.infinite.insert(value);
        }
        self.histograms.entry(value).or_default().observe(values);
    }

    /// `value` is a view of `source`: no step writes it, but a reader may convert it.
    pub(super) fn view(&mut self, source: ValueId, value: ValueId) {
        if self.full.contains_key(&value) {
            return;
        }
        if let Some(range) = self.full.get(&source).copied() {
            self.full.insert(value, range);
        }
        if let Some(histogram) = self.histograms.get(&source).cloned() {
            self.histograms.insert(value, histogram);
        }
    }

    /// Chooses the int8 ranges and forgets the counts.
    pub(super) fn settle(&mut self, method: Method) {
        for (&value, histogram) in &self.histograms {
            let chosen = method.choose(histogram, self.get(value));
            self.narrow.insert(value, chosen);
        }
        self.histograms.clear();
    }

    /// A value whose span is no finite number.
    pub fn overflowing(&self) -> Option<ValueId> {
        let mut ranges = self.full.iter();
        let found = ranges.find(|(_, range)| !(range.high - range.low).is_finite());
        found.map(|(&value, _)| value)
    }

    /// Range of `value`; zero alone where it was never measured.
    pub fn get(&self, value: ValueId) -> Range {
        self.full.get(&value).copied().unwrap_or_default()
    }

    /// Quantisation of `value` as `dtype`, its scale at least `minimum`.
    pub(crate) fn quantisation(&self, value: ValueId, dtype: DType, minimum: f32) -> Quantisation {
        let narrow = self.narrow.get(&value).filter(|_| dtype == DType::I8);
        let range = narrow.copied().unwrap_or_else(|| self.get(value));
        range.quantisation(dtype, minimum)
    }

    /// Moments of the inputs of the operators that multiply by the constant `weights`.
    pub(crate) fn moments(&self, weights: ValueId) -> Option<&Moments> {
        self.moments.get(&weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int8_covers_the_range_and_represents_zero() {
        for (low, high) in [(-1.0, 3.0), (0.0, 6.0), (-2.0, 0.0), (-0.1, 0.1)] {
            let Quantisation { scale, zero_point } =
                Range { low, high }.quantisation(DType::I8, 0.0);
            let real = |q: i32| qibu::rounding::dequantise(q, scale, zero_point);
            assert!((-128..=127).contains(&zero_point));
            assert!(
                real(-128) <= low + scale && real(127) >= high - scale,
                "{low} {high}"
            );
            assert_eq!(real(zero_point), 0.0);
        }
    }
}
