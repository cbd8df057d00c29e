//! The plane that shows most of a cloud of points: its two largest principal components (Pearson,
//! 1901), by power iteration.

/// Steps of the iteration for each component; a picture needs few digits.
const STEPS: usize = 300;

/// A plane through the mean of a cloud.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    mean: Vec<f64>,
    axes: [Vec<f64>; 2],
}

impl Plane {
    /// The plane of `points` of `dimensions` coordinates each. Signs are such that each axis' largest
    /// coordinate is positive, so that a picture does not flip.
    pub fn of<'p>(points: impl Iterator<Item = &'p [f32]>, dimensions: usize) -> Self {
        let points: Vec<&[f32]> = points.collect();
        let count = points.len().max(1) as f64;
        let mut mean = vec![0.0; dimensions];
        for point in &points {
            for (sum, &x) in mean.iter_mut().zip(*point) {
                *sum += f64::from(x) / count;
            }
        }
        let mut covariance = vec![vec![0.0; dimensions]; dimensions];
        for point in &points {
            let centred: Vec<f64> = point
                .iter()
                .zip(&mean)
                .map(|(&x, mean)| f64::from(x) - mean)
                .collect();
            for (row, &x) in covariance.iter_mut().zip(&centred) {
                for (cell, &y) in row.iter_mut().zip(&centred) {
                    *cell += x * y;
                }
            }
        }
        let first = leading(&covariance, None);
        let second = leading(&covariance, Some(&first));
        Self {
            mean,
            axes: [first, second],
        }
    }

    /// Coordinates of `point` in the plane.
    #[must_use]
    pub fn project(&self, point: &[f32]) -> [f32; 2] {
        let along = |axis: &Vec<f64>| {
            let terms = point.iter().zip(&self.mean).zip(axis);
            terms
                .map(|((&x, mean), axis)| (f64::from(x) - mean) * axis)
                .sum::<f64>() as f32
        };
        [along(&self.axes[0]), along(&self.axes[1])]
    }
}

/// The direction of the largest variance, at a right angle to `other`.
fn leading(covariance: &[Vec<f64>], other: Option<&Vec<f64>>) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // No direction is at a right angle to all of these numbers by chance.
    let mut axis: Vec<f64> = (0..covariance.len())
        .map(|index| 1.0 + 0.37 * (index as f64 + 1.0).sqrt().fract())
        .collect();
    let straighten = |axis: &mut [f64]| {
        if let Some(other) = other {
            let share = dot(axis, other);
            for (x, other) in axis.iter_mut().zip(other) {
                *x -= share * other;
            }
        }
    };
    straighten(&mut axis);
    for _ in 0..STEPS {
        let mut next: Vec<f64> = covariance.iter().map(|row| dot(row, &axis)).collect();
        straighten(&mut next);
        let length = libm::sqrt(dot(&next, &next));
        if length < 1e-12 {
            break;
        }
        axis = next.into_iter().map(|x| x / length).collect();
    }
    let peak = axis.iter().fold(
        0.0f64,
        |peak, &x| if x.abs() > peak.abs() { x } else { peak },
    );
    let length = libm::sqrt(dot(&axis, &axis)).max(1e-12);
    let sign = if peak < 0.0 { -1.0 } else { 1.0 };
    axis.into_iter().map(|x| sign * x / length).collect()
}

#[cfg(test)]
mod tests {
    use super::Plane;

    #[test]
    fn the_longest_directions_of_a_cloud_are_found() {
        // Widths 5, 3 and 1 along the axes.
        let points: Vec<[f32; 3]> = [
            [5.0, 0.0, 0.0],
            [-5.0, 0.0, 0.0],
            [0.0, 3.0, 0.0],
            [0.0, -3.0, 0.0],
            [0.0, 0.0, 1.0],
            [0.0, 0.0, -1.0],
        ]
        .map(|[x, y, z]| [x + 1.0, y + 2.0, z + 3.0])
        .to_vec();
        let plane = Plane::of(points.iter().map(<[f32; 3]>::as_slice), 3);
        let close = |found: [f32; 2], expected: [f32; 2]| {
            for (found, expected) in found.into_iter().zip(expected) {
                assert!((found - expected).abs() < 1e-4, "{found} for {expected}");
            }
        };
        close(plane.project(&[1.0, 2.0, 3.0]), [0.0, 0.0]);
        close(plane.project(&[6.0, 2.0, 3.0]), [5.0, 0.0]);
        close(plane.project(&[1.0, 5.0, 9.0]), [0.0, 3.0]);
    }

    #[test]
    fn points_of_a_line_have_no_second_coordinate() {
        let points: Vec<[f32; 3]> = (0..5).map(|n| [n as f32, 2.0 * n as f32, 0.0]).collect();
        let plane = Plane::of(points.iter().map(<[f32; 3]>::as_slice), 3);
        for point in &points {
            assert!(plane.project(point)[1].abs() < 1e-4);
        }
    }

    #[test]
    fn a_cloud_without_width_is_no_reason_to_fail() {
        let plane = Plane::of(std::iter::repeat_n([2.0f32, 2.0].as_slice(), 3), 2);
        assert_eq!(plane.project(&[2.0, 2.0]), [0.0, 0.0]);
        let none = Plane::of(std::iter::empty(), 2);
        assert!(none.project(&[1.0, 1.0]).iter().all(|x| x.is_finite()));
    }
}
