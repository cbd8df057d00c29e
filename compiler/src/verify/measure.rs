//! One output, measured against what it should be over all samples.
//!
//! ```text
//! real numbers      noise of the signal, largest error
//! ids, truth values share of equal elements
//! class scores      share of samples whose largest score is of the same class (the first of ties)
//! ```

use super::signal::Noise;
use crate::calibrate::Input;
use crate::error::{Error, Result};
use serde::Serialize;

/// What two executions have in common in one output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Measured {
    /// Signal-to-noise ratio in decibels; none of ids, nor where only zero was expected.
    pub snr_db: Option<f64>,
    /// Largest error over the largest magnitude expected; none of ids.
    pub relative_error: Option<f64>,
    /// Share of equal elements, of ids and truth values.
    pub equal: Option<f64>,
    /// Share of samples with the same best class, of one row of real numbers.
    pub top1: Option<f64>,
}

/// The measurement under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Measure {
    noise: Noise,
    numbers: usize,
    items: usize,
    equal: usize,
    rows: usize,
    agreeing: usize,
}

impl Measure {
    /// Adds one sample of an output of `shape`.
    ///
    /// # Errors
    /// The two have different lengths or types.
    pub fn add(&mut self, shape: &[usize], expected: &Input, actual: &Input) -> Result<()> {
        if length(expected) != length(actual) {
            let (found, wanted) = (length(actual), length(expected));
            return Err(Error::input(format!("{found} elements, expected {wanted}")));
        }
        match (expected, actual) {
            (Input::F32(expected), Input::F32(actual)) => self.reals(shape, expected, actual),
            // Scores whose scale happens to be one.
            (Input::F32(expected), Input::I32(actual)) => {
                let actual: Vec<f32> = actual.iter().map(|&q| q as f32).collect();
                self.reals(shape, expected, &actual);
            }
            (Input::I32(expected), Input::I32(actual)) => self.items(expected, actual),
            (Input::Bool(expected), Input::Bool(actual)) => self.items(expected, actual),
            _ => {
                let (found, wanted) = (kind(actual), kind(expected));
                return Err(Error::input(format!("{found}, expected {wanted}")));
            }
        }
        Ok(())
    }

    fn reals(&mut self, shape: &[usize], expected: &[f32], actual: &[f32]) {
        self.numbers += expected.len();
        self.noise.add(expected, actual);
        if shape
            .last()
            .is_some_and(|&classes| classes > 1 && classes == expected.len())
        {
            self.rows += 1;
            self.agreeing += usize::from(best(expected) == best(actual));
        }
    }

    fn items<T: PartialEq>(&mut self, expected: &[T], actual: &[T]) {
        let pairs = expected.iter().zip(actual);
        self.items += expected.len();
        self.equal += pairs
            .filter(|(expected, actual)| expected == actual)
            .count();
    }

    /// The result; `None` where nothing was compared.
    pub fn measured(&self) -> Option<Measured> {
        let share = |count: usize, of: usize| (of > 0).then(|| count as f64 / of as f64);
        (self.numbers + self.items > 0).then(|| Measured {
            snr_db: self.noise.decibels(),
            relative_error: (self.numbers > 0).then(|| self.noise.relative()),
            equal: share(self.equal, self.items),
            top1: share(self.agreeing, self.rows),
        })
    }
}

fn length(values: &Input) -> usize {
    match values {
        Input::F32(values) => values.len(),
        Input::I32(values) => values.len(),
        Input::Bool(values) => values.len(),
    }
}

fn kind(values: &Input) -> &'static str {
    match values {
        Input::F32(_) => "real numbers",
        Input::I32(_) => "integers",
        Input::Bool(_) => "truth values",
    }
}

/// Position of the largest score; NaN is none.
fn best(scores: &[f32]) -> usize {
    let mut found = 0;
    for (index, score) in scores.iter().enumerate() {
        if scores
            .get(found)
            .is_none_or(|lead| score > lead || lead.is_nan())
        {
            found = index;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_of_scores_has_a_best_class() {
        let mut measure = Measure::default();
        assert_eq!(measure.measured(), None);
        let scores = |values: &[f32]| Input::F32(values.to_vec());
        for (expected, actual) in [
            ([1.0, 3.0, 2.0], [0.0, 9.0, 1.0]),
            ([1.0; 3], [1.0, 1.5, 1.0]),
        ] {
            measure
                .add(&[1, 3], &scores(&expected), &scores(&actual))
                .unwrap();
        }
        assert_eq!(measure.measured().unwrap().top1, Some(0.5));
        let mut several = Measure::default();
        several
            .add(&[2, 2], &scores(&[1.0; 4]), &scores(&[1.0; 4]))
            .unwrap();
        let measured = several.measured().unwrap();
        assert_eq!((measured.top1, measured.snr_db), (None, Some(200.0)));
        assert_eq!(measured.equal, None);
    }

    #[test]
    fn ids_and_truth_values_are_counted() {
        let mut measure = Measure::default();
        let ids = |ids: &[i32]| Input::I32(ids.to_vec());
        measure
            .add(&[4], &ids(&[1, 2, 3, 4]), &ids(&[1, 2, 4, 3]))
            .unwrap();
        let (yes, no) = (Input::Bool(vec![true]), Input::Bool(vec![false]));
        measure.add(&[1], &yes, &yes).unwrap();
        measure.add(&[1], &yes, &no).unwrap();
        let measured = measure.measured().unwrap();
        assert_eq!((measured.equal, measured.snr_db), (Some(0.5), None));
        assert!(measure.add(&[1], &yes, &ids(&[1])).is_err());
        assert!(measure.add(&[1], &ids(&[1, 2]), &ids(&[1])).is_err());
    }

    #[test]
    fn nan_is_never_the_best() {
        assert_eq!(best(&[f32::NAN, -1.0, f32::NAN]), 1);
        assert_eq!(best(&[2.0, f32::NAN, 3.0]), 2);
        assert_eq!(best(&[]), 0);
    }
}
