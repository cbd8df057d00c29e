//! Which part of what was measured eight bits cover: the more is cut off, the finer the steps.
//!
//! ```text
//! minmax      everything
//! percentile  all but one in ten thousand elements at either end
//! mse         the range with the least Σ over rounded: step² / 12  +  Σ over cut: (x − end)²
//! entropy     the range whose histogram loses the least information in 128 levels
//! ```
//!
//! The entropy criterion is that of Migacz, "8-bit inference with TensorRT" (2017).

use super::histogram::Histogram;
use super::ranges::Range;

/// How int8 ranges are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Method {
    /// From the smallest to the largest value seen.
    #[default]
    Minmax,
    /// All but one in ten thousand values at either end.
    Percentile,
    /// The least mean squared error.
    Mse,
    /// The least loss of information.
    Entropy,
}

/// Values cut off at either end by [`Method::Percentile`], of a million.
const PERCENTILE_CUT: u64 = 100;

impl Method {
    /// The part of `full` that int8 covers.
    pub(super) fn choose(self, histogram: &Histogram, full: Range) -> Range {
        match self {
            Self::Minmax => full,
            Self::Percentile => percentile(histogram, full),
            Self::Mse => least_error(histogram, full),
            Self::Entropy => entropy(histogram, full),
        }
    }
}

fn percentile(histogram: &Histogram, full: Range) -> Range {
    let cut = histogram.total() * PERCENTILE_CUT / 1_000_000;
    let outer = histogram.width() / 2.0;
    let low = behind(histogram.bins(), cut).map_or(0.0, |centre| centre - outer);
    let high = behind(histogram.bins().rev(), cut).map_or(0.0, |centre| centre + outer);
    full.within(low as f32, high as f32)
}

/// Centre of the first bin that is not within the first `cut` elements.
fn behind(mut bins: impl Iterator<Item = (f64, u64)>, cut: u64) -> Option<f64> {
    let mut passed = 0;
    let found = bins.find(|&(_, count)| {
        passed += count;
        passed > cut
    });
    found.map(|(centre, _)| centre)
}

/// One side of a histogram: what cutting it off costs.
struct Tail {
    /// Distances from zero in descending order, with count, Σx and Σx² from there outwards.
    sums: Vec<(f64, f64, f64, f64)>,
    /// Elements.
    total: f64,
}

impl Tail {
    fn new(outside_in: impl Iterator<Item = (f64, u64)>) -> Self {
        let mut sums: Vec<(f64, f64, f64, f64)> = Vec::new();
        let (mut count, mut first, mut second) = (0.0, 0.0, 0.0);
        for (x, number) in outside_in {
            let number = number as f64;
            count += number;
            first += number * x;
            second += number * x * x;
            sums.push((x, count, first, second));
        }
        Self { sums, total: count }
    }

    /// Elements that stay, and the squared error of those beyond `end`.
    fn cut(&self, end: f64) -> (f64, f64) {
        let beyond = self.sums.partition_point(|&(x, ..)| x > end);
        match beyond.checked_sub(1).and_then(|last| self.sums.get(last)) {
            Some(&(_, count, first, second)) => {
                let error = second - 2.0 * end * first + end * end * count;
                (self.total - count, error.max(0.0))
            }
            None => (self.total, 0.0),
        }
    }
}

/// Fractions of the full range that are tried: 1, 0.99, …, 0.2.
const FRACTIONS: usize = 81;

fn least_error(histogram: &Histogram, full: Range) -> Range {
    let above = Tail::new(histogram.bins().rev().take_while(|&(x, _)| x > 0.0));
    let below = histogram.bins().take_while(|&(x, _)| x < 0.0);
    let below = Tail::new(below.map(|(x, count)| (-x, count)));
    let (low, high) = (f64::from(-full.low), f64::from(full.high));
    let cost = |down: usize, up: usize| {
        let part = |index: usize| 1.0 - index as f64 / 100.0;
        let (low, high) = (low * part(down), high * part(up));
        let step = (low + high) / 255.0;
        let ((kept, cut), (kept_below, cut_below)) = (above.cut(high), below.cut(low));
        (kept + kept_below) * step * step / 12.0 + cut + cut_below
    };
    // Both ends together, then each alone; of equals the widest.
    let least = |candidates: &mut dyn Iterator<Item = (usize, usize)>| {
        let mut best = (f64::INFINITY, (0, 0));
        for (down, up) in candidates {
            let cost = cost(down, up);
            if cost < best.0 {
                best = (cost, (down, up));
            }
        }
        best.1
    };
    let (mut down, mut up) = least(&mut (0..FRACTIONS).map(|index| (index, index)));
    for _ in 0..3 {
        up = least(&mut (0..FRACTIONS).map(|index| (down, index))).1;
        down = least(&mut (0..FRACTIONS).map(|index| (index, up))).0;
    }
    let part = |index: usize| 1.0 - index as f32 / 100.0;
    full.within(full.low * part(down), full.high * part(up))
}

/// Levels of one sign of int8.
const LEVELS: usize = 128;

fn entropy(histogram: &Histogram, full: Range) -> Range {
    let counts = histogram.magnitudes();
    let filled = counts
        .iter()
        .rposition(|&count| count > 0)
        .map_or(0, |last| last + 1);
    let counts = &counts[..filled];
    let mut best = (f64::INFINITY, filled);
    // From the widest: of equals it wins.
    for bins in (LEVELS..=filled).rev().step_by(16) {
        let loss = divergence(counts, bins, LEVELS);
        if loss < best.0 {
            best = (loss, bins);
        }
    }
    let end = (best.1 as f64 * histogram.width()) as f32;
    full.within(-end, end)
}

/// Kullback–Leibler divergence of `counts`, all beyond the first `bins` moved into the last of
/// them, from what `levels` equal groups of those bins can tell apart.
fn divergence(counts: &[u64], bins: usize, levels: usize) -> f64 {
    let inside = &counts[..bins];
    let beyond: u64 = counts[bins..].iter().sum();
    let total = (inside.iter().sum::<u64>() + beyond) as f64;
    let kept = inside.iter().sum::<u64>() as f64;
    if total == 0.0 || kept == 0.0 {
        return f64::INFINITY;
    }
    let mut sum = 0.0;
    for level in 0..levels {
        let group = level * bins / levels..(level + 1) * bins / levels;
        let counts = &inside[group.clone()];
        let filled = counts.iter().filter(|count| **count > 0).count() as f64;
        let mean = counts.iter().sum::<u64>() as f64 / filled / kept;
        for (index, &count) in group.zip(counts) {
            let extra = if index + 1 == bins { beyond } else { 0 };
            let p = (count + extra) as f64 / total;
            if p == 0.0 {
                continue;
            }
            // What only the cut brings into an empty bin has no counterpart: a small one instead.
            let q = if count > 0 { mean } else { 1e-6 };
            sum += p * libm::log(p / q);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bell of a thousand values within ±3 and one far out.
    fn with_outlier() -> (Histogram, Range) {
        let mut random = qibu::random::Random::new(1);
        let mut values: Vec<f32> = (0..20_000).map(|_| random.gaussian() * 0.8).collect();
        values.push(100.0);
        let mut histogram = Histogram::default();
        histogram.observe(&values);
        (histogram, Range::of(&values))
    }

    #[test]
    fn an_outlier_is_kept_by_minmax_alone() {
        let (histogram, full) = with_outlier();
        assert_eq!(Method::Minmax.choose(&histogram, full).high, 100.0);
        for method in [Method::Percentile, Method::Entropy] {
            let Range { low, high } = method.choose(&histogram, full);
            assert!(
                high < 20.0 && high > 1.0 && low < -1.0,
                "{method:?}: {low} {high}"
            );
        }
        let mse = Method::Mse.choose(&histogram, full);
        assert!(mse.high < 100.0 && mse.high > 3.0, "{mse:?}");
    }

    #[test]
    fn the_least_error_is_that_of_trying_out() {
        let (histogram, full) = with_outlier();
        let error = |range: Range| -> f64 {
            let step = f64::from(range.high - range.low) / 255.0;
            let each = histogram.bins().map(|(x, count)| {
                let cut = x.max(range.low.into()).min(range.high.into());
                let error = if cut == x {
                    step * step / 12.0
                } else {
                    (x - cut) * (x - cut)
                };
                count as f64 * error
            });
            each.sum()
        };
        let chosen = error(Method::Mse.choose(&histogram, full));
        for percent in 20..=100 {
            let part = percent as f32 / 100.0;
            let tried = full.within(full.low, full.high * part);
            assert!(chosen <= error(tried) * 1.000_001, "{percent} %");
        }
    }

    #[test]
    fn the_divergence_is_the_one_computed_by_hand() {
        // Four bins in two levels: p = (1, 3, 2, 2) / 8, q = (2, 2, 2, 2) / 8.
        let expected = 0.125 * libm::log(0.5) + 0.375 * libm::log(1.5);
        assert!((divergence(&[1, 3, 2, 2], 4, 2) - expected).abs() < 1e-12);
        // Cut behind the second bin: p = (1, 3 + 4) / 8, q = (1, 3) / 4.
        let expected = 0.125 * libm::log(0.5) + 0.875 * libm::log(0.875 / 0.75);
        assert!((divergence(&[1, 3, 2, 2], 2, 2) - expected).abs() < 1e-12);
    }

    #[test]
    fn equal_frequencies_are_covered_whole() {
        let values: Vec<f32> = (0..10_000).map(|index| index as f32 / 100.0).collect();
        let mut histogram = Histogram::default();
        histogram.observe(&values);
        let full = Range::of(&values);
        for method in [Method::Minmax, Method::Mse] {
            let chosen = method.choose(&histogram, full);
            assert!(chosen.high > 0.97 * full.high, "{method:?}: {chosen:?}");
        }
    }
}
