//! Ranges of values, and the quantisation that covers them.

use crate::graph::ValueId;
use crate::quantise::Quantisation;
use qibu::format::DType;
use qibu::math::{max, min};
use std::collections::BTreeMap;

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

/// Range of every value measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges(BTreeMap<ValueId, Range>);

impl Ranges {
    /// Widens the range of `value` to hold `values`.
    pub fn observe(&mut self, value: ValueId, values: &[f32]) {
        self.0.entry(value).or_default().widen(values);
    }

    /// A value whose span is no finite number.
    pub fn overflowing(&self) -> Option<ValueId> {
        let mut ranges = self.0.iter();
        let found = ranges.find(|(_, range)| !(range.high - range.low).is_finite());
        found.map(|(&value, _)| value)
    }

    /// Range of `value`; zero alone where it was never measured.
    pub fn get(&self, value: ValueId) -> Range {
        self.0.get(&value).copied().unwrap_or_default()
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
