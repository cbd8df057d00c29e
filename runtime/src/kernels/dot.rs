//! Dot products: the inner loops of all matrix kernels.

use crate::format::nibble;
use half::f16;

/// Element types of integer activations.
pub(crate) trait Activation: Copy + bytemuck::AnyBitPattern {
    /// Largest magnitude that a weight's product counts with in the accumulator bound.
    const MAGNITUDE: u64;
    /// Whether the type has zero points other than zero.
    const HAS_ZERO_POINT: bool;
    /// The value.
    fn widen(self) -> i32;
}

impl Activation for i8 {
    // Inputs are centred offline (zero point folded into the bias), the bound leaves room for it.
    const MAGNITUDE: u64 = 255;
    const HAS_ZERO_POINT: bool = true;
    fn widen(self) -> i32 {
        i32::from(self)
    }
}

impl Activation for i16 {
    const MAGNITUDE: u64 = 32768;
    const HAS_ZERO_POINT: bool = false;
    fn widen(self) -> i32 {
        i32::from(self)
    }
}

/// Storage units of integer weights: an int8 each, or a byte with two of four bits.
pub(crate) trait Quantised: Copy + bytemuck::AnyBitPattern {
    /// Largest magnitude of a weight.
    const MAGNITUDE: u64;
    /// Units of a row of `length` weights.
    fn units(length: usize) -> usize;
    /// Σ x·w with the weights of `row` from `first` on.
    fn dot<X: Activation>(x: &[X], row: &[Self], first: usize) -> i32;
    /// Σ w of `count` weights of `row` from `first` on.
    fn sum(row: &[Self], first: usize, count: usize) -> i32;
}

/// Whether loops are unrolled here: optimised for size, as for chips, the compiler unrolls nothing,
/// and where it vectorises, it does better with plain loops.
pub(super) const BY_HAND: bool = cfg!(any(target_arch = "arm", target_arch = "riscv32"));

/// Σ x·w of slices of one length, four at a time.
fn by_fours<X: Activation>(x: &[X], w: &[i8]) -> i32 {
    let ((x, x_rest), (w, w_rest)) = (x.as_chunks::<4>(), w.as_chunks::<4>());
    let mut sum = 0;
    for ([a, b, c, d], [e, f, g, h]) in x.iter().zip(w) {
        sum += a.widen() * i32::from(*e) + b.widen() * i32::from(*f);
        sum += c.widen() * i32::from(*g) + d.widen() * i32::from(*h);
    }
    for (x, w) in x_rest.iter().zip(w_rest) {
        sum += x.widen() * i32::from(*w);
    }
    sum
}

impl Quantised for i8 {
    const MAGNITUDE: u64 = 128;

    fn units(length: usize) -> usize {
        length
    }

    #[inline]
    fn dot<X: Activation>(x: &[X], row: &[Self], first: usize) -> i32 {
        let row = row.get(first..).unwrap_or(&[]);
        if BY_HAND {
            let row = row.get(..x.len()).unwrap_or(row);
            return by_fours(x, row);
        }
        let mut sum = 0;
        for (&x, &w) in x.iter().zip(row) {
            sum += x.widen() * i32::from(w);
        }
        sum
    }

    #[inline]
    fn sum(row: &[Self], first: usize, count: usize) -> i32 {
        let weights = row.get(first..).unwrap_or(&[]).iter().take(count);
        weights.map(|&w| i32::from(w)).sum()
    }
}

/// Two weights of four bits, see [`nibble`].
impl Quantised for u8 {
    const MAGNITUDE: u64 = 8;

    fn units(length: usize) -> usize {
        nibble::row_bytes(length)
    }

    #[inline]
    fn dot<X: Activation>(x: &[X], row: &[Self], first: usize) -> i32 {
        let mut sum = 0;
        let mut bytes = row.get(first / 2..).unwrap_or(&[]).iter();
        let mut rest = x;
        // A tap of an odd number of channels may start within a byte.
        if first % 2 == 1
            && let (Some((x, tail)), Some(&byte)) = (x.split_first(), bytes.next())
        {
            let [_, high] = nibble::unpack(byte);
            sum += x.widen() * i32::from(high);
            rest = tail;
        }
        let (fours, last) = rest.as_chunks::<4>();
        let (twos, tail) = bytes.as_slice().as_chunks::<2>();
        let tail = twos.get(fours.len()).map_or(tail, |two| two.as_slice());
        for ([a, b, c, d], [first, second]) in fours.iter().zip(twos) {
            let ([e, f], [g, h]) = (nibble::unpack(*first), nibble::unpack(*second));
            sum += a.widen() * i32::from(e) + b.widen() * i32::from(f);
            sum += c.widen() * i32::from(g) + d.widen() * i32::from(h);
        }
        for (x, w) in last.iter().zip(nibble::unpack_row(tail)) {
            sum += x.widen() * i32::from(w);
        }
        sum
    }

    #[inline]
    fn sum(row: &[Self], first: usize, count: usize) -> i32 {
        let bytes = row.get(first / 2..).unwrap_or(&[]);
        let weights = nibble::unpack_row(bytes).skip(first % 2).take(count);
        weights.map(i32::from).sum()
    }
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
    use super::Quantised;
    use crate::format::nibble;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn nibbles_are_their_int8s(
            row in proptest::collection::vec(-8i8..8, 1..40), first in 0usize..40, count in 0usize..40,
        ) {
            let first = first % row.len();
            let part = &row[first..(first + count).min(row.len())];
            let x: Vec<i8> = (0..part.len()).map(|i| (i * 37) as i8).collect();
            let bytes: Vec<u8> = nibble::pack_row(&row).collect();
            let expected: i32 = x.iter().zip(part).map(|(&x, &w)| i32::from(x) * i32::from(w)).sum();
            prop_assert_eq!(u8::dot(&x, &bytes, first), expected);
            prop_assert_eq!(i8::dot(&x, &row, first), expected);
            prop_assert_eq!(super::by_fours(&x, part), expected);
            let total: i32 = part.iter().map(|&w| i32::from(w)).sum();
            prop_assert_eq!(u8::sum(&bytes, first, part.len()), total);
            prop_assert_eq!(i8::sum(&row, first, part.len()), total);
        }

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
