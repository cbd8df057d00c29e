//! What is good enough.
//!
//! ```text
//! exact (the float path, files of f32): largest error over largest magnitude ≤ float_tolerance,
//!                                       and of ids 99 % equal
//! quantised (anything narrower):        signal-to-noise ratio ≥ min_snr; where only zero is
//!                                       expected, the error itself ≤ float_tolerance
//! ids, best class of quantised files:   shares that are asked for
//! ```

use super::measure::Measured;
use serde::Serialize;

/// Bounds that a comparison keeps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Thresholds {
    /// Largest error over the largest magnitude, of executions in f32.
    pub float_tolerance: f64,
    /// Smallest signal-to-noise ratio in decibels, of quantised files.
    pub min_snr: f64,
    /// Smallest share of equal ids or truth values, of quantised files; any where there is none.
    pub min_equal: Option<f64>,
    /// Smallest share of samples with the same best class, of quantised files; likewise.
    pub min_top1: Option<f64>,
}

/// Share of ids that two executions in f32 have in common: scores that are all but equal may change
/// places.
const EXACT_IDS: f64 = 0.99;

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            float_tolerance: 1e-4,
            min_snr: 20.0,
            min_equal: None,
            min_top1: None,
        }
    }
}

impl Thresholds {
    /// What is beyond its threshold, in words; nothing where all is well.
    pub(super) fn faults(&self, measured: &Measured, exact: bool) -> Vec<String> {
        let mut faults = Vec::new();
        let mut share = |what: &str, found: Option<f64>, least: Option<f64>| {
            if let (Some(found), Some(least)) = (found, least)
                && found < least
            {
                let (found, least) = (100.0 * found, 100.0 * least);
                faults.push(format!("{found:.2} % {what}, at least {least} % expected"));
            }
        };
        let ids = if exact {
            Some(EXACT_IDS)
        } else {
            self.min_equal
        };
        share("of the elements equal", measured.equal, ids);
        if !exact {
            share(
                "of the samples with the same best class",
                measured.top1,
                self.min_top1,
            );
        }
        match (exact, measured.snr_db, measured.relative_error) {
            (false, Some(snr), _) if snr < self.min_snr => {
                let least = self.min_snr;
                faults.push(format!("{snr:.1} dB, at least {least} dB expected"));
            }
            (true, _, Some(error)) | (false, None, Some(error)) if error > self.float_tolerance => {
                let most = self.float_tolerance;
                faults.push(format!("error {error:.1e}, at most {most:.1e} expected"));
            }
            _ => {}
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_threshold() {
        let thresholds = Thresholds {
            min_equal: Some(0.5),
            min_top1: Some(0.9),
            ..Thresholds::default()
        };
        let faults = |measured: Measured, exact| thresholds.faults(&measured, exact).len();
        let real = |snr_db, error| Measured {
            snr_db,
            relative_error: Some(error),
            ..Measured::default()
        };
        assert_eq!(faults(real(Some(20.0), 1.0), false), 0);
        assert_eq!(faults(real(Some(19.9), 0.0), false), 1);
        assert_eq!(faults(real(Some(19.9), 1e-4), true), 0);
        assert_eq!(faults(real(Some(99.0), 1.1e-4), true), 1);
        assert_eq!(faults(real(None, 0.0), false), 0);
        assert_eq!(faults(real(None, 0.1), false), 1);
        let ids = |equal| Measured {
            equal: Some(equal),
            ..Measured::default()
        };
        assert_eq!(faults(ids(0.98), true), 1);
        assert_eq!(faults(ids(0.98), false), 0);
        assert_eq!(faults(ids(0.4), false), 1);
        let scores = Measured {
            top1: Some(0.8),
            ..real(Some(10.0), 0.1)
        };
        assert_eq!(faults(scores, false), 2);
    }
}
