//! Seeded numbers for training: the same on every machine and in every version.

/// PCG-XSH-RR 64/32: one stream per purpose.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
    increment: u64,
    spare: Option<f32>,
}

impl Random {
    /// The stream `stream` of `seed`; streams do not overlap.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut random = Self {
            state: 0,
            increment: (mix(stream) << 1) | 1,
            spare: None,
        };
        random.next();
        random.state = random.state.wrapping_add(mix(seed));
        random.next();
        random
    }

    /// 32 random bits.
    #[allow(clippy::should_implement_trait)] // no iterator: it has no end
    pub fn next(&mut self) -> u32 {
        let old = self.state;
        self.state = old
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(self.increment);
        let shifted = (((old >> 18) ^ old) >> 27) as u32;
        shifted.rotate_right((old >> 59) as u32)
    }

    /// An integer below `bound`, without bias.
    pub fn below(&mut self, bound: u32) -> u32 {
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let bits = self.next();
            if bits >= threshold {
                return bits % bound;
            }
        }
    }

    /// Uniform in (0, 1]: 24 bits, so that the float is exact.
    fn uniform(&mut self) -> f32 {
        ((self.next() >> 8) + 1) as f32 / 16_777_216.0
    }

    /// True with probability `share`.
    pub fn chance(&mut self, share: f32) -> bool {
        self.uniform() <= share
    }

    /// Uniform in (−limit, limit].
    pub fn symmetric(&mut self, limit: f32) -> f32 {
        (2.0 * self.uniform() - 1.0) * limit
    }

    /// Standard normal, by Box and Muller.
    pub fn normal(&mut self) -> f32 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = libm::sqrtf(-2.0 * libm::logf(self.uniform()));
        let (sin, cos) = libm::sincosf(core::f32::consts::TAU * self.uniform());
        self.spare = Some(radius * sin);
        radius * cos
    }

    /// `count` standard normals.
    pub fn normals(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.normal()).collect()
    }

    /// A random order of `0..count` (Fisher and Yates).
    pub fn order(&mut self, count: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..count as u32).collect();
        for last in (1..order.len()).rev() {
            let other = self.below(last as u32 + 1) as usize;
            order.swap(last, other);
        }
        order
    }
}

/// SplitMix64's finaliser: neighbouring seeds become unrelated.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_fixed_and_differ() {
        let take = |seed, stream| {
            let mut random = Random::new(seed, stream);
            [random.next(), random.next(), random.next()]
        };
        assert_eq!(take(1, 2), take(1, 2));
        assert_ne!(take(1, 2), take(1, 3));
        assert_ne!(take(1, 2), take(2, 2));
    }

    #[test]
    fn normals_have_mean_zero_and_variance_one() {
        let values = Random::new(7, 0).normals(100_000);
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / 1e5;
        let square = values
            .iter()
            .map(|&x| f64::from(x) * f64::from(x))
            .sum::<f64>()
            / 1e5;
        assert!(
            mean.abs() < 0.01 && (square - 1.0).abs() < 0.02,
            "{mean} {square}"
        );
    }

    #[test]
    fn orders_are_permutations() {
        let mut order = Random::new(3, 1).order(1000);
        assert_ne!(order[..10], (0..10).collect::<Vec<u32>>());
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<u32>>());
    }
}
