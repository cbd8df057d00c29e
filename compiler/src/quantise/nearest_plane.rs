//! Rounding of weights so that their errors cancel in the output.
//!
//! Rounding every weight to the nearest step is best only where inputs are independent. With H the
//! mean products of the inputs, a row w becomes the integers q with a small (w − s·q)ᵀ H (w − s·q):
//!
//! ```text
//! H + damping = Rᵀ R, R upper triangular, inputs in ascending order of power
//! for i from the last to the first:
//!     q[i] = round((w[i] + Σ over j > i: R[i, j] / R[i, i] · e[j]) / s),   e[i] = w[i] − s·q[i]
//! ```
//!
//! Babai's nearest plane, "On Lovász' lattice reduction and the nearest lattice point problem"
//! (1986), which GPTQ (Frantar et al. 2022) amounts to. The sums run in a fixed order in f64.

/// Part of the mean power that is added to every input's: what was not seen may still come.
const DAMPING: f64 = 0.05;

/// H in the form that rows are rounded by.
pub(super) struct Planes {
    /// Weights in the order of rising power.
    order: Vec<usize>,
    /// `columns[j][i] = R[i, j] / R[i, i]` for i < j, in that order.
    columns: Vec<Vec<f64>>,
}

impl Planes {
    /// Factors `products`, a symmetric matrix; `None` where it is no sum of squares.
    pub fn new(products: &[f64], row: usize) -> Option<Self> {
        let power = |i: usize| products[i * row + i];
        let mean = (0..row).map(power).sum::<f64>() / row.max(1) as f64;
        if mean <= 0.0 || !mean.is_finite() {
            return None;
        }
        let mut order: Vec<usize> = (0..row).collect();
        order.sort_by(|&a, &b| power(a).total_cmp(&power(b)).then(a.cmp(&b)));
        // Cholesky, R row by row.
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(row);
        for i in 0..row {
            let mut rest: Vec<f64> = (i..row)
                .map(|j| products[order[i] * row + order[j]])
                .collect();
            rest[0] += DAMPING * mean;
            for (k, above) in rows.iter().enumerate() {
                let factor = above[i - k];
                for (rest, &above) in rest.iter_mut().zip(&above[i - k..]) {
                    *rest -= factor * above;
                }
            }
            if rest[0] <= 0.0 || !rest[0].is_finite() {
                return None;
            }
            let root = libm::sqrt(rest[0]);
            rest.iter_mut().for_each(|value| *value /= root);
            rows.push(rest);
        }
        let column = |j: usize| (0..j).map(|i| rows[i][j - i] / rows[i][0]).collect();
        let columns = (0..row).map(column).collect();
        Some(Self { order, columns })
    }

    /// Integers within `low..=high` for the weights of a row in steps of `scale`.
    pub fn round(&self, row: &[f32], scale: f32, low: i32, high: i32) -> Vec<i32> {
        let mut quantised = vec![0; row.len()];
        let mut pull = vec![0.0; row.len()];
        for (i, &place) in self.order.iter().enumerate().rev() {
            let w = f64::from(row[place]);
            let q = nearest((w + pull[i]) / f64::from(scale)).max(low).min(high);
            quantised[place] = q;
            let error = w - f64::from(q) * f64::from(scale);
            for (pull, &factor) in pull.iter_mut().zip(&self.columns[i]) {
                *pull += factor * error;
            }
        }
        quantised
    }
}

/// The nearest integer, halves away from zero, as [`qibu::rounding::quantise`] has it.
fn nearest(real: f64) -> i32 {
    (if real < 0.0 { real - 0.5 } else { real + 0.5 }) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use qibu::random::Random;

    fn loss(products: &[f64], row: &[f32], scale: f32, q: &[i32]) -> f64 {
        let errors = row.iter().zip(q);
        let errors: Vec<f64> = errors
            .map(|(&w, &q)| f64::from(w) - f64::from(q) * f64::from(scale))
            .collect();
        let mut sum = 0.0;
        for (i, a) in errors.iter().enumerate() {
            for (j, b) in errors.iter().enumerate() {
                sum += a * products[i * row.len() + j] * b;
            }
        }
        sum
    }

    #[test]
    fn errors_of_inputs_that_move_together_cancel() {
        // Both inputs are always equal: only the sum of the weights counts.
        let planes = Planes::new(&[1.0, 1.0, 1.0, 1.0], 2).unwrap();
        let q = planes.round(&[0.4, 0.4], 1.0, -127, 127);
        assert_eq!(q.iter().sum::<i32>(), 1);
    }

    #[test]
    fn weights_on_a_grid_stay() {
        let planes = Planes::new(&[2.0, 1.0, 1.0, 3.0], 2).unwrap();
        assert_eq!(planes.round(&[-1.5, 0.25], 0.25, -127, 127), [-6, 1]);
    }

    proptest! {
        #[test]
        fn it_beats_the_nearest_step_on_correlated_inputs(seed: u64) {
            let (mut random, k) = (Random::new(seed), 24);
            // Inputs that share one cause.
            let mut products = vec![0.0; k * k];
            let cause: Vec<f64> = (0..k).map(|_| f64::from(random.gaussian())).collect();
            for i in 0..k {
                for j in 0..k {
                    products[i * k + j] = cause[i] * cause[j] + if i == j { 0.1 } else { 0.0 };
                }
            }
            let planes = Planes::new(&products, k).unwrap();
            let (mut plain, mut better) = (0.0, 0.0);
            for _ in 0..16 {
                let row: Vec<f32> = (0..k).map(|_| random.gaussian()).collect();
                let nearest = |&w: &f32| qibu::rounding::quantise(w, 0.05, 0, -127, 127);
                let rounded: Vec<i32> = row.iter().map(nearest).collect();
                plain += loss(&products, &row, 0.05, &rounded);
                better += loss(&products, &row, 0.05, &planes.round(&row, 0.05, -127, 127));
            }
            prop_assert!(better < plain, "{better} against {plain}");
        }
    }
}
