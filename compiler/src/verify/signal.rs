//! How far values are from what they should be: energy of the error against that of the signal,
//! and the largest error against the largest magnitude.

/// Energy of a signal and of its error.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Noise {
    signal: f64,
    error: f64,
    largest: f32,
    /// Largest finite magnitude expected.
    scale: f64,
    count: usize,
}

impl Noise {
    /// Adds values in order.
    pub fn add(&mut self, expected: &[f32], actual: &[f32]) {
        for (&expected, &actual) in expected.iter().zip(actual) {
            let error = difference(expected, actual);
            if expected.is_finite() {
                self.signal += f64::from(expected) * f64::from(expected);
                self.scale = self.scale.max(f64::from(expected.abs()));
            }
            self.error += error * error;
            self.largest = qibu::math::max(self.largest, error as f32);
            self.count += 1;
        }
    }

    /// Root of the mean squared error; `None` where nothing was compared.
    pub fn root_mean_square(&self) -> Option<f64> {
        (self.count > 0).then(|| libm::sqrt(self.error / self.count as f64))
    }

    /// Ratio in decibels; `None` where nothing was compared or the signal is zero.
    pub fn decibels(&self) -> Option<f64> {
        if self.signal <= 0.0 {
            return None;
        }
        // A perfect match reads 200 dB, a NaN or infinity on one side −200: JSON has no infinity.
        let ratio = self.signal / self.error.max(self.signal * 1e-20);
        Some(10.0 * libm::log10(ratio).max(-20.0))
    }

    /// Largest absolute error.
    pub fn largest(&self) -> f32 {
        self.largest
    }

    /// Largest error over the largest magnitude; absolute where nothing but zero is expected, and
    /// finite, as JSON has no infinity.
    pub fn relative(&self) -> f64 {
        let scale = if self.scale > 0.0 { self.scale } else { 1.0 };
        (f64::from(self.largest) / scale).min(f64::MAX)
    }
}

/// How far apart; infinite where only one is NaN or infinite, nothing where both are the same.
fn difference(expected: f32, actual: f32) -> f64 {
    if expected == actual || expected.is_nan() && actual.is_nan() {
        return 0.0;
    }
    let error = (f64::from(actual) - f64::from(expected)).abs();
    if error.is_nan() { f64::INFINITY } else { error }
}

#[cfg(test)]
mod tests {
    use super::Noise;

    #[test]
    fn a_nan_on_one_side_is_the_worst_and_on_both_none() {
        let mut noise = Noise::default();
        noise.add(
            &[1.0, f32::NAN, f32::INFINITY],
            &[1.0, f32::NAN, f32::INFINITY],
        );
        assert_eq!((noise.decibels(), noise.largest()), (Some(200.0), 0.0));
        assert_eq!(noise.relative(), 0.0);
        noise.add(&[1.0], &[f32::NAN]);
        noise.add(&[1.0], &[1.0]);
        assert_eq!(noise.decibels(), Some(-200.0));
        assert_eq!(noise.largest(), f32::INFINITY);
        assert_eq!(noise.relative(), f64::MAX);
    }

    #[test]
    fn a_tenth_of_error_is_twenty_decibels() {
        let mut noise = Noise::default();
        assert_eq!((noise.decibels(), noise.root_mean_square()), (None, None));
        noise.add(&[1.0, -2.0], &[1.1, -2.2]);
        assert!((noise.decibels().unwrap() - 20.0).abs() < 1e-4);
        assert!((noise.largest() - 0.2).abs() < 1e-6);
        assert!((noise.relative() - 0.1).abs() < 1e-6);
        let expected = libm::sqrt((0.01 + 0.04) / 2.0);
        assert!((noise.root_mean_square().unwrap() - expected).abs() < 1e-6);
    }

    #[test]
    fn beside_silence_an_error_is_absolute() {
        let mut noise = Noise::default();
        noise.add(&[0.0, 0.0], &[0.0, 0.5]);
        assert_eq!((noise.decibels(), noise.relative()), (None, 0.5));
    }
}
