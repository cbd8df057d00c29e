//! How often each magnitude of a value occurs, without knowing the range beforehand.
//!
//! ```text
//! bins cover [−limit, limit), limit a power of two; zeros are counted apart
//! observe: while a value lies beyond: limit ← 2 · limit, neighbouring bins merge
//! ```
//!
//! Counts are integers and every boundary is a fraction of a power of two, so that the order of
//! the samples changes nothing but the limit's path.

/// Bins on either side of zero.
pub(super) const HALF: usize = 4096;

/// Counts of a value's elements.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Histogram {
    /// Upper end; zero while only zeros have been seen.
    limit: f32,
    bins: Vec<u64>,
    /// Elements that are exactly zero: quantisation keeps them.
    pub zeros: u64,
}

impl Histogram {
    /// Counts `values`; those that are no finite numbers are left out.
    pub fn observe(&mut self, values: &[f32]) {
        let finite = || values.iter().copied().filter(|x| x.is_finite());
        let largest = finite().fold(0.0f32, |most, x| qibu::math::max(most, x.abs()));
        self.reach(largest);
        for x in finite() {
            if x == 0.0 {
                self.zeros += 1;
                continue;
            }
            let place = (x / self.limit + 1.0) * HALF as f32;
            self.bins[(place as usize).min(2 * HALF - 1)] += 1;
        }
    }

    /// Doubles the limit until it covers `largest`.
    fn reach(&mut self, largest: f32) {
        if largest == 0.0 {
            return;
        }
        if self.bins.is_empty() {
            self.bins = vec![0; 2 * HALF];
            self.limit = f32::MIN_POSITIVE;
        }
        while self.limit < largest && self.limit < f32::MAX / 2.0 {
            self.limit *= 2.0;
            if self.bins.iter().all(|&count| count == 0) {
                continue;
            }
            let mut merged = vec![0; 2 * HALF];
            for (index, count) in self.bins.iter().enumerate() {
                merged[(index + HALF) / 2] += count;
            }
            self.bins = merged;
        }
    }

    /// Centre and count of every bin that holds something, in ascending order; zeros left out.
    pub fn bins(&self) -> impl DoubleEndedIterator<Item = (f64, u64)> {
        let width = self.width();
        let filled = self
            .bins
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0);
        filled.map(move |(index, &count)| ((index as f64 - HALF as f64 + 0.5) * width, count))
    }

    /// Width of a bin.
    pub fn width(&self) -> f64 {
        f64::from(self.limit) / HALF as f64
    }

    /// Elements counted, zeros among them.
    pub fn total(&self) -> u64 {
        self.zeros + self.bins.iter().sum::<u64>()
    }

    /// Counts by magnitude: bin `i` holds both `[i, i + 1) · width` and its negative.
    pub fn magnitudes(&self) -> Vec<u64> {
        let (negative, positive) = self.bins.split_at(self.bins.len() / 2);
        let pairs = positive.iter().zip(negative.iter().rev());
        pairs.map(|(a, b)| a + b).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubling_merges_what_has_been_counted() {
        let mut grown = Histogram::default();
        grown.observe(&[0.0, 0.3, -0.3, f32::NAN]);
        grown.observe(&[100.0]);
        let mut at_once = Histogram::default();
        at_once.observe(&[0.0, 0.3, -0.3, 100.0]);
        assert_eq!(grown, at_once);
        assert_eq!((grown.total(), grown.zeros), (4, 1));
        let centres: Vec<f64> = grown.bins().map(|(centre, _)| centre).collect();
        let near = |a: f64, b: f64| (a - b).abs() <= grown.width();
        assert!(near(centres[0], -0.3) && near(centres[1], 0.3) && near(centres[2], 100.0));
    }
}
