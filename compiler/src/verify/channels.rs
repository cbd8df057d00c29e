//! Noise of a tensor whose channels may be scaled by powers of two.
//!
//! Equalisation scales channels of inner values and takes the factors out again in the layer behind:
//! a file computes `a = 2ᵉ · x` where the model says `x`. A file does not list its exponents, so that
//! they are found here, channel by channel of the last axis:
//!
//! ```text
//! over all samples:  xx = Σ x², xa = Σ x · a, aa = Σ a²
//! e      = ⌊log₂(xa / xx)⌉, 0 where x and a are opposed or x is silent
//! error  = Σ (a / 2ᵉ − x)² = aa / 4ᵉ − 2 · xa / 2ᵉ + xx
//! ```
//!
//! A channel that is wrong by just such a factor is not seen here. The outputs show it.

/// Sums of every channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Channels(Vec<Sums>);

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    xx: f64,
    xa: f64,
    aa: f64,
}

/// Largest exponent that is taken for one.
const FARTHEST: f64 = 12.0;

impl Channels {
    /// Adds values, the channels of each row beside each other.
    pub fn add(&mut self, channels: usize, expected: &[f32], actual: &[f32]) {
        self.0.resize(channels.max(1), Sums::default());
        let pairs = expected.iter().zip(actual);
        for (index, (&x, &a)) in pairs.enumerate() {
            let (x, a) = (f64::from(x), f64::from(a));
            let sums = &mut self.0[index % channels.max(1)];
            sums.xx += x * x;
            sums.xa += x * a;
            sums.aa += a * a;
        }
    }

    /// Ratio of signal and error in decibels, as of [`Noise`](super::signal::Noise); `None` where the
    /// signal is zero or not finite.
    pub fn decibels(&self) -> Option<f64> {
        let (mut signal, mut error) = (0.0, 0.0);
        for sums in &self.0 {
            let factor = libm::exp2(sums.exponent());
            let rest = sums.aa / (factor * factor) - 2.0 * sums.xa / factor + sums.xx;
            signal += sums.xx;
            // Rounding may leave a little less than nothing; NaN stays.
            error += if rest < 0.0 { 0.0 } else { rest };
        }
        if !(signal > 0.0 && signal.is_finite() && error.is_finite()) {
            return None;
        }
        Some(10.0 * libm::log10(signal / error.max(signal * 1e-20)).max(-20.0))
    }
}

impl Sums {
    fn exponent(&self) -> f64 {
        let ratio = self.xa / self.xx;
        if !(ratio > 0.0 && ratio.is_finite()) {
            return 0.0;
        }
        let exponent = libm::round(libm::log2(ratio));
        if exponent.abs() <= FARTHEST {
            exponent
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_taken_out_and_nothing_else() {
        let x = [1.0, -2.0, 3.0, 0.5, 1.5, -0.25];
        let ratio = |factors: [f32; 2]| {
            let scaled = x.iter().enumerate().map(|(i, x)| x * factors[i % 2]);
            let scaled: Vec<f32> = scaled.collect();
            let mut channels = Channels::default();
            channels.add(2, &x, &scaled);
            channels.decibels().unwrap()
        };
        assert!(ratio([1.0, 1.0]) > 150.0);
        assert!(ratio([4.0, 0.125]) > 150.0);
        assert!((ratio([1.1, 1.1]) - 20.0).abs() < 1e-3);
        assert!((ratio([2.2, 0.55]) - 20.0).abs() < 1e-3);
        assert!(ratio([-1.0, -1.0]) < 0.0);
        assert!(ratio([0.0, 0.0]).abs() < 1e-9);
    }

    #[test]
    fn what_is_no_number_has_no_ratio() {
        let mut channels = Channels::default();
        channels.add(1, &[0.0], &[0.0]);
        assert_eq!(channels.decibels(), None);
        channels.add(1, &[1.0], &[f32::NAN]);
        assert_eq!(channels.decibels(), None);
    }
}
