//! Rows of integer weights: scales, biases, bounds.

use super::*;
use proptest::prelude::*;

const STEP: Quantisation = Quantisation {
    scale: 0.5,
    zero_point: 3,
};

/// Σ |products| + |bias|, as `load` bounds it.
fn accumulator(rows: &Int8Rows, k: usize, x_type: DType) -> u64 {
    let magnitude = if x_type == DType::I16 { 32768 } else { 255 };
    let biases = rows.bias.iter().map(|bias| u64::from(bias.unsigned_abs()));
    k as u64 * magnitude * 128 + biases.max().unwrap_or(0)
}

#[test]
fn zero_points_are_folded_into_the_bias() {
    let rows = int8_rows(&[127.0, -64.0], &[10.0], DType::I8, STEP, 127, None);
    assert_eq!(rows.scales, [1.0]);
    assert_eq!(rows.bytes, [127, -64i8 as u8]);
    // 10 / (0.5 · 1) − 3 · (127 − 64)
    assert_eq!(rows.bias, [20 - 189]);
}

#[test]
fn rows_of_zeros_have_a_scale_and_keep_their_bias() {
    let rows = int8_rows(&[0.0; 8], &[0.0, 2.5], DType::I8, STEP, 127, None);
    assert_eq!(rows.bytes, [0; 8]);
    assert!(rows.scales.iter().all(|&scale| scale > 0.0));
    assert_eq!(rows.bias[0], 0);
    let real = f64::from(rows.bias[1]) * f64::from(STEP.scale) * f64::from(rows.scales[1]);
    assert!((real - 2.5).abs() < 1e-4, "{real}");
    // Factors that are too small for a scale word are the smallest one.
    let words = scale_words(STEP, &rows, least_scale(STEP, &rows));
    assert!(words.iter().all(|&word| Scale::from_word(word).is_some()));
}

#[test]
fn a_huge_bias_takes_a_larger_scale_rather_than_overflow() {
    let (k, huge) = (64, 1e9f32);
    let rows = int8_rows(&[0.01; 64], &[huge], DType::I8, STEP, 127, None);
    assert!(accumulator(&rows, k, DType::I8) < 1 << 31);
    let real = f64::from(rows.bias[0]) * f64::from(STEP.scale) * f64::from(rows.scales[0]);
    assert!((real / f64::from(huge) - 1.0).abs() < 1e-3, "{real}");
}

proptest! {
    #[test]
    fn the_accumulator_never_overflows(
        wide: bool, seed: u64, bias in -1e6f32..1e6, scale in 1e-6f32..10.0, zero_point in -128i32..128,
    ) {
        let (x_type, k, zero_point) = match wide {
            true => (DType::I16, super::super::types::MAX_INT16_PRODUCTS, 0),
            false => (DType::I8, MAX_INT8_PRODUCTS, zero_point),
        };
        let mut random = qibu::random::Random::new(seed);
        let w: Vec<f32> = (0..k).map(|_| random.gaussian()).collect();
        let x = Quantisation { scale, zero_point };
        let rows = int8_rows(&w, &[bias], x_type, x, 127, None);
        prop_assert!(accumulator(&rows, k, x_type) < 1 << 31);
    }
}

#[test]
fn limits_are_in_units_of_the_output() {
    let relu6 = Some(Clamp {
        low: 0.0,
        high: 6.0,
    });
    assert_eq!(clamp_words(relu6, DType::I8, STEP), [3, 15]);
    assert_eq!(
        clamp_words(None, DType::I8, STEP).map(|word| word as i32),
        [-128, 127]
    );
    let open = clamp_words(Some(Clamp::RELU), DType::F32, STEP).map(f32::from_bits);
    assert_eq!(open, [0.0, f32::INFINITY]);
}

#[test]
fn every_factor_has_a_word() {
    for factor in [0.0, 1e-30, 1e-12, 0.3, 0.999_999_999_999, 1.0] {
        let word = scale_word(factor);
        assert!(Scale::from_word(word).is_some(), "{factor}: {word:08x}");
    }
}
