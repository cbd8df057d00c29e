//! Dot products: the inner loops of all matrix kernels.

use half::f16;

/// Element types of integer activations.
pub(crate) trait Activation: Copy + bytemuck::AnyBitPattern {
    /// Largest magnitude that a weight's product counts with in the accumulator bound.
    const MAGNITUDE: u64;
    /// The value.
    fn widen(self) -> i32;
}

impl Activation for i8 {
    // Inputs are centred offline (zero point folded into the bias), the bound leaves room for it.
    const MAGNITUDE: u64 = 255;
    fn widen(self) -> i32 {
        i32::from(self)
    }
}

impl Activation for i16 {
    const MAGNITUDE: u64 = 32768;
    fn widen(self) -> i32 {
        i32::from(self)
    }
}

/// Σ x·w in 32 bits; the bound checked at load rules overflow out.
#[inline]
pub(crate) fn integer<X: Activation>(x: &[X], w: &[i8]) -> i32 {
    let mut sum = 0;
    for (&x, &w) in x.iter().zip(w) {
        sum += x.widen() * i32::from(w);
    }
    sum
}

/// Element types of float weights.
pub(crate) trait Weight: Copy + bytemuck::AnyBitPattern {
    /// The value.
    fn widen(self) -> f32;
}

impl Weight for f32 {
    fn widen(self) -> f32 {
        self
    }
}

/// IEEE binary16, as its bits.
impl Weight for u16 {
    fn widen(self) -> f32 {
        f16::from_bits(self).to_f32()
    }
}

/// Σ x·w in eight lanes, summed in a fixed tree: the same bits on every target, scalar or vector.
///
/// Element `i` goes to lane `i mod 8`; then lanes 4..8 are added to 0..4, 2..4 to 0..2, 1 to 0.
#[inline]
pub(crate) fn float<W: Weight>(x: &[f32], w: &[W]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (x_blocks, x_tail) = x.as_chunks::<8>();
    let (w_blocks, w_tail) = w.as_chunks::<8>();
    for (x, w) in x_blocks.iter().zip(w_blocks) {
        for ((lane, x), w) in lanes.iter_mut().zip(x).zip(w) {
            *lane += x * w.widen();
        }
    }
    for ((lane, x), w) in lanes.iter_mut().zip(x_tail).zip(w_tail) {
        *lane += x * w.widen();
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn float_adds_in_the_stated_order(x in proptest::collection::vec(-4.0f32..4.0, 0..40)) {
            let w: std::vec::Vec<f32> = x.iter().map(|x| x * 0.37 - 1.0).collect();
            let mut lanes = [0.0f32; 8];
            for i in 0..x.len() {
                lanes[i % 8] += x[i] * w[i];
            }
            for half in [4, 2, 1] {
                for i in 0..half {
                    lanes[i] += lanes[i + half];
                }
            }
            prop_assert_eq!(super::float(&x, &w).to_bits(), lanes[0].to_bits());
        }
    }
}
