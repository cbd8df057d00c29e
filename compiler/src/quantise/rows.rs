//! Rows of weights as integers: which step each has, how it is rounded, what its bias makes good.
//!
//! ```text
//! step of a row = the grid that its weights lie on already (a quantised model keeps its own),
//!                 else of 1, 0.99, …, 0.6 times the largest magnitude over 127
//!                 the one with the least squared error, inputs weighted by their power
//! integers      = nearest planes under the inputs' products, else nearest steps
//! bias          + mean input · (weights − step · integers)
//! ```

use super::nearest_plane::Planes;
use crate::calibrate::Moments;
use qibu::math::max;
use qibu::rounding::quantise;

/// A row in integers.
pub(super) struct Row {
    /// Multiples of `scale`.
    pub integers: Vec<i32>,
    pub scale: f32,
    /// What the mean input loses by rounding: to be added to the bias.
    pub correction: f64,
}

/// How the rows of one group are rounded.
pub(super) struct Rounder {
    mean: Vec<f64>,
    /// Mean squares of the inputs; empty where they are unknown.
    power: Vec<f64>,
    planes: Option<Planes>,
    /// Largest integer.
    most: i32,
}

impl Rounder {
    /// For `group` of the rows that multiply inputs with these moments, to `−most..=most`.
    pub fn new(moments: Option<&Moments>, group: usize, most: i32) -> Self {
        let products = moments.and_then(|moments| Some((moments.row, moments.products(group)?)));
        let (power, planes) = match &products {
            Some((row, products)) => (
                (0..*row).map(|i| products[i * row + i]).collect(),
                Planes::new(products, *row),
            ),
            None => (Vec::new(), None),
        };
        Self {
            mean: moments.map_or_else(Vec::new, |moments| moments.mean(group)),
            power,
            planes,
            most,
        }
    }

    /// Rounds a row in steps of at least `least`.
    pub fn round(&self, row: &[f32], least: f32) -> Row {
        let largest = row.iter().fold(0.0f32, |most, &w| max(most, w.abs()));
        let own = grid(row, largest, self.most);
        let fitting = own.unwrap_or_else(|| self.fit(row, largest));
        let scale = max(max(fitting, least), 1e-12);
        // Only grids of models use the one integer below the symmetric range.
        let low = if own == Some(scale) {
            -self.most - 1
        } else {
            -self.most
        };
        let integers = match &self.planes {
            Some(planes) => planes.round(row, scale, low, self.most),
            None => {
                let nearest = |&w: &f32| quantise(w, scale, 0, low, self.most);
                row.iter().map(nearest).collect()
            }
        };
        let mut correction = 0.0;
        for ((&w, &q), &mean) in row.iter().zip(&integers).zip(&self.mean) {
            correction += mean * (f64::from(w) - f64::from(q) * f64::from(scale));
        }
        Row {
            integers,
            scale,
            correction,
        }
    }

    /// The step with the least error; the largest of equals.
    fn fit(&self, row: &[f32], largest: f32) -> f32 {
        let widest = largest / self.most as f32;
        let error = |scale: f32| {
            let mut sum = 0.0;
            for (index, &w) in row.iter().enumerate() {
                let q = quantise(w, scale, 0, -self.most, self.most);
                let error = f64::from(w) - f64::from(q) * f64::from(scale);
                sum += error * error * self.power.get(index).copied().unwrap_or(1.0);
            }
            sum
        };
        let mut best = (widest, error(widest));
        for percent in (60..100).rev() {
            let scale = widest * percent as f32 / 100.0;
            let error = error(scale);
            if error < best.1 {
                best = (scale, error);
            }
        }
        best.0
    }
}

/// Part of a step by which a weight may miss its grid.
const TOLERANCE: f32 = 1e-4;

/// The step of the grid that all weights lie on, if there is one.
fn grid(row: &[f32], largest: f32, most: i32) -> Option<f32> {
    if largest <= 0.0 {
        return None;
    }
    let negative = row.iter().any(|&w| w == -largest) && row.iter().all(|&w| w != largest);
    let first = if negative { most + 1 } else { most };
    (1..=first)
        .rev()
        .map(|steps| largest / steps as f32)
        .find(|&scale| {
            row.iter().all(|&w| {
                let steps = w / scale;
                let nearest = quantise(w, scale, 0, -most - 1, most + 1) as f32;
                (steps - nearest).abs() <= TOLERANCE
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::Moments;
    use qibu::random::Random;

    #[test]
    fn a_row_on_a_grid_keeps_its_step_and_its_integers() {
        let integers = [-128, 3, 50, 127, -7];
        let row: Vec<f32> = integers.iter().map(|&q| q as f32 * 0.013).collect();
        let rounded = Rounder::new(None, 0, 127).round(&row, 0.0);
        assert_eq!(rounded.integers, integers);
        assert!((rounded.scale / 0.013 - 1.0).abs() < 1e-5);
        let shrunk: Vec<f32> = [90, -12, 1].iter().map(|&q| q as f32 * 0.7).collect();
        assert_eq!(
            Rounder::new(None, 0, 127).round(&shrunk, 0.0).integers,
            [90, -12, 1]
        );
    }

    #[test]
    fn no_step_has_a_smaller_error() {
        let mut random = Random::new(5);
        for _ in 0..50 {
            let row: Vec<f32> = (0..40).map(|_| random.gaussian()).collect();
            let rounded = Rounder::new(None, 0, 7).round(&row, 0.0);
            let error = |scale: f32| -> f64 {
                let each = row.iter().map(|&w| {
                    let q = quantise(w, scale, 0, -7, 7);
                    f64::from(w - q as f32 * scale)
                });
                each.map(|error| error * error).sum()
            };
            let largest = row.iter().fold(0.0f32, |most, &w| max(most, w.abs()));
            for percent in (60..=100).step_by(2) {
                let tried = error(largest / 7.0 * percent as f32 / 100.0);
                assert!(error(rounded.scale) <= tried * 1.0001, "{percent} %");
            }
        }
    }

    #[test]
    fn a_planted_bias_is_made_good() {
        // Rounding to few steps under a constant input errs the same way each time.
        let mut moments = Moments::new(3, 1);
        let x = [2.0f32, 5.0, -1.0];
        moments.add(&x);
        let row = [0.93f32, 0.34, -0.58];
        let rounded = Rounder::new(Some(&moments), 0, 7).round(&row, 0.3);
        let real: f32 = row.iter().zip(x).map(|(w, x)| w * x).sum();
        let products = rounded.integers.iter().zip(x);
        let kept: f32 = products.map(|(&q, x)| q as f32 * rounded.scale * x).sum();
        assert!((real - kept).abs() > 1e-3);
        assert!((f64::from(real - kept) - rounded.correction).abs() < 1e-5);
    }
}
