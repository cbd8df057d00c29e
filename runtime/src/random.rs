//! The random generator behind seeds: PCG32, and a Gaussian on top of it.
//!
//! Both are part of the format: the same seed gives the same poem on every target and in every
//! later version.

use crate::math::rough;

/// PCG-XSH-RR 64/32 (O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good
/// Algorithms for Random Number Generation", 2014), stream 1442695040888963407.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

const MULTIPLIER: u64 = 6_364_136_223_846_793_005;
const INCREMENT: u64 = 1_442_695_040_888_963_407;

impl Random {
    /// A generator started from `seed`, as the reference implementation's `pcg32_srandom` does.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Self {
            state: INCREMENT.wrapping_add(seed),
        };
        random.advance();
        random
    }

    fn advance(&mut self) {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT);
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        let old = self.state;
        self.advance();
        let shifted = (((old >> 18) ^ old) >> 27) as u32;
        shifted.rotate_right((old >> 59) as u32)
    }

    /// Uniform in `[0, 1)`, a multiple of 2⁻²⁴.
    pub fn uniform(&mut self) -> f32 {
        (self.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Standard normal, by Box and Muller (1958) with the rough functions of
    /// [`crate::math::rough`]: mean and variance are within 1 % of 0 and 1, |x| ≤ 5.8.
    pub fn gaussian(&mut self) -> f32 {
        let radius = 1.0 - self.uniform();
        let angle = self.uniform() * core::f32::consts::TAU;
        rough::sqrt(crate::math::max(-2.0 * rough::ln(radius), 0.0)) * rough::cos(angle)
    }

    /// Fills `values` with Gaussians times `temperature`.
    pub fn fill_gaussian(&mut self, values: &mut [f32], temperature: f32) {
        for value in values {
            *value = self.gaussian() * temperature;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn first_values_are_fixed_for_ever() {
        let mut random = Random::new(42);
        // The reference pcg32 with the same increment; recomputed in 128-bit integers.
        let expected: [u32; 3] = {
            let modulus = 1u128 << 64;
            let (a, c) = (6_364_136_223_846_793_005u128, 1_442_695_040_888_963_407u128);
            let mut state = (c * a + 42 * a + c) % modulus;
            core::array::from_fn(|_| {
                let old = state;
                state = (state * a + c) % modulus;
                let x = ((((old >> 18) ^ old) >> 27) & 0xFFFF_FFFF) as u32;
                x.rotate_right((old >> 59) as u32)
            })
        };
        assert_eq!(core::array::from_fn(|_| random.next_u32()), expected);
    }

    #[test]
    fn gaussian_is_the_one_of_the_specification() {
        // The naive twin: the formulas of FORMAT.md, without `micromath`, whose approximations a
        // later release may change and files may not.
        let ln = |x: f32| {
            let y = x * 16_777_216.0;
            let e = (y.to_bits() >> 23) - 127;
            let m = y / f32::from_bits((e + 127) << 23);
            let p = -1.741_793_9
                + (2.821_202_6 + (-1.469_956_8 + (0.447_179_55 - 0.056_570_85 * m) * m) * m) * m;
            let near_one = (y - 1.0).abs() < f32::EPSILON;
            let l = e as f32 * core::f32::consts::LN_2 + p;
            (if near_one { 0.0 } else { l }) - 24.0 * core::f32::consts::LN_2
        };
        let cos = |x: f32| {
            let t = x * (core::f32::consts::FRAC_1_PI / 2.0);
            let t = t - (0.25 + libm::floorf(t + 0.25));
            let t = t * (16.0 * (t.abs() - 0.5));
            t + (0.225 * t) * (t.abs() - 1.0)
        };
        let sqrt = |x: f32| {
            let g = f32::from_bits((x.to_bits() + 0x3F80_0000) >> 1);
            0.5 * (g + x / g)
        };
        let mut random = Random::new(42);
        let mut uniforms = Random::new(42);
        for _ in 0..100_000 {
            let (u, v) = (uniforms.uniform(), uniforms.uniform());
            let square = crate::math::max(-2.0 * ln(1.0 - u), 0.0);
            let expected = sqrt(square) * cos(v * core::f32::consts::TAU);
            assert_eq!(random.gaussian().to_bits(), expected.to_bits(), "{u} {v}");
        }
    }

    #[test]
    fn gaussian_has_the_moments_of_a_gaussian() {
        let mut random = Random::new(7);
        let n = 200_000;
        let (mut sums, mut tail) = ([0.0f64; 4], 0);
        for _ in 0..n {
            let x = f64::from(random.gaussian());
            tail += i32::from(x.abs() > 1.96);
            for (power, sum) in (1..).zip(&mut sums) {
                *sum += (0..power).map(|_| x).product::<f64>() / f64::from(n);
            }
        }
        let [mean, square, cube, fourth] = sums;
        assert!(mean.abs() < 0.01, "mean {mean}");
        assert!((square - 1.0).abs() < 0.01, "variance {square}");
        assert!(cube.abs() < 0.05, "skewness {cube}");
        assert!((fourth - 3.0).abs() < 0.1, "kurtosis {fourth}");
        assert!(
            (f64::from(tail) / f64::from(n) - 0.05).abs() < 0.003,
            "tail {tail}"
        );
    }
}
