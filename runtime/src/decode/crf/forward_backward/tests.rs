//! Long texts, against the same sums in f64.

use super::*;
use crate::decode::crf::{Crf, fixed};
use crate::random::Random;
use std::vec::Vec;

const TAGS: usize = 4;

/// `ln Σ exp`, in f64.
fn exact_sum(terms: &[f64]) -> f64 {
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + libm::log(terms.iter().map(|term| libm::exp(term - most)).sum())
}

/// Forward scores, backward scores and partition of scores in nats, in f64.
fn exact(table: &[f64], emissions: &[f64]) -> (Vec<f64>, Vec<f64>, f64) {
    let length = emissions.len() / TAGS;
    let (mut forward, mut backward) = (emissions.to_vec(), emissions.to_vec());
    for position in 0..length {
        for tag in 0..TAGS {
            forward[position * TAGS + tag] += if position == 0 {
                table[tag]
            } else {
                let before = &forward[(position - 1) * TAGS..][..TAGS];
                let into = |from: usize| before[from] + table[(from + 1) * TAGS + tag];
                exact_sum(&(0..TAGS).map(into).collect::<Vec<_>>())
            };
        }
    }
    let ends = &table[(TAGS + 1) * TAGS..];
    for position in (0..length).rev() {
        for tag in 0..TAGS {
            backward[position * TAGS + tag] = if position + 1 == length {
                ends[tag]
            } else {
                let next = (position + 1) * TAGS;
                let row = &table[(tag + 1) * TAGS..];
                let behind = |to: usize| row[to] + emissions[next + to] + backward[next + to];
                exact_sum(&(0..TAGS).map(behind).collect::<Vec<_>>())
            };
        }
    }
    let last = forward[(length - 1) * TAGS..].iter().zip(ends);
    let partition = exact_sum(&last.map(|(score, end)| score + end).collect::<Vec<_>>());
    (forward, backward, partition)
}

#[test]
fn ten_thousand_characters_keep_their_digits() {
    const LENGTH: usize = 10_000;
    for (seed, spread) in [(1, 0.1), (2, 1.0), (3, 5.0)] {
        let mut random = Random::new(seed);
        let mut draw = |count: usize| -> Vec<f32> {
            let score = || random.gaussian() * spread;
            core::iter::repeat_with(score).take(count).collect()
        };
        let (table, emissions) = (draw((TAGS + 2) * TAGS), draw(LENGTH * TAGS));
        // The fixed-point ones are rounded; the exact sums are of what the decoder is given.
        let (table, emissions): (Vec<i32>, Vec<i32>) = (
            table.into_iter().map(fixed).collect(),
            emissions.into_iter().map(fixed).collect(),
        );
        let nats =
            |scores: &[i32]| -> Vec<f32> { scores.iter().map(|score| score.nats()).collect() };
        let (float_table, float_emissions) = (nats(&table), nats(&emissions));
        let wide = |scores: &[f32]| -> Vec<f64> { scores.iter().map(|&x| f64::from(x)).collect() };
        let (forward, backward, partition) = exact(&wide(&float_table), &wide(&float_emissions));

        let mut scratch = [0.0; forward_scratch(TAGS)];
        let mut shares = std::vec![0.0; LENGTH * TAGS];
        let crf = Crf::new(TAGS, &float_table).expect("the table fits");
        let ln_z = marginals(&crf, &float_emissions, None, &mut scratch, &mut shares);
        let ln_z = ln_z.expect("all is allowed");
        // One part in a million of the sum, at any length.
        assert!(
            (f64::from(ln_z) / partition - 1.0).abs() < 1e-6,
            "{ln_z}, not {partition}"
        );
        for (index, &share) in shares.iter().enumerate() {
            let expected = libm::exp(forward[index] + backward[index] - partition);
            assert!(
                (f64::from(share) - expected).abs() < 1e-5,
                "{share}, not {expected}"
            );
        }
        // The same from fixed point, whose scores are the same numbers.
        let fixed_crf = Crf::new(TAGS, &table).expect("the table fits");
        assert_eq!(
            log_partition(&fixed_crf, &emissions, None, &mut scratch),
            Ok(ln_z)
        );

        // The likely tags: ln p is small beside ln Z, and has its own digits.
        let tags: Vec<u8> = shares
            .chunks(TAGS)
            .map(|row| {
                (0..TAGS).fold(0, |best, tag| if row[tag] > row[best] { tag } else { best }) as u8
            })
            .collect();
        let entered = tags
            .windows(2)
            .map(|pair| table_at(&float_table, pair[0].into(), pair[1]));
        let emitted = tags.iter().zip(float_emissions.chunks(TAGS));
        let score: f64 = emitted
            .map(|(&tag, row)| f64::from(row[usize::from(tag)]))
            .sum::<f64>()
            + entered.sum::<f64>()
            + f64::from(float_table[usize::from(tags[0])])
            + table_at(&float_table, TAGS, tags[LENGTH - 1]);
        let ln_p = log_probability(&crf, &float_emissions, None, &tags, &mut scratch);
        let ln_p = f64::from(ln_p.expect("all is allowed"));
        let expected = score - partition;
        assert!(
            (ln_p - expected).abs() < 1e-3 + 1e-6 * expected.abs(),
            "{ln_p}, not {expected}"
        );
    }
}

/// Equal terms are all rounded to the same side: only a compensated sum keeps their digits.
#[test]
fn equal_terms_do_not_drift() {
    const LENGTH: usize = 100_000;
    let crf = Crf::new(3, &[0.0_f32; 15]).expect("the table fits");
    let emissions = std::vec![0.0; LENGTH * 3];
    let (mut scratch, mut shares) = ([0.0; forward_scratch(3)], emissions.clone());
    let near = |value: Result<f32, CrfError>, expected: f64| {
        let value = f64::from(value.expect("all is allowed"));
        assert!(
            (value / expected - 1.0).abs() < 2e-7,
            "{value}, not {expected}"
        );
    };
    let expected = LENGTH as f64 * libm::log(3.0);
    near(
        log_partition(&crf, &emissions, None, &mut scratch),
        expected,
    );
    let ln_z = marginals(&crf, &emissions, None, &mut scratch, &mut shares);
    near(ln_z, expected);
    let tags = std::vec![1; LENGTH];
    let ln_p = log_probability(&crf, &emissions, None, &tags, &mut scratch);
    near(ln_p, -expected);
}

/// Score of `to` behind `from`; the end is behind the last tag.
fn table_at(table: &[f32], from: usize, to: u8) -> f64 {
    f64::from(table[(from + 1) * TAGS + usize::from(to)])
}

#[test]
fn hostile_scores_give_numbers() {
    let hostile = [
        f32::NAN,
        f32::INFINITY,
        f32::MAX,
        -f32::MAX,
        1e-40,
        f32::NEG_INFINITY,
    ];
    let mut random = Random::new(7);
    let mut found = 0;
    for _ in 0..2000 {
        let mut draw = || hostile[random.next_u32() as usize % hostile.len()];
        let (table, emissions): ([f32; 8], [f32; 6]) = (
            core::array::from_fn(|_| draw()),
            core::array::from_fn(|_| draw()),
        );
        let crf = Crf::new(2, &table).expect("the table fits");
        let (mut scratch, mut shares) = ([0.0; 4], [f32::NAN; 6]);
        if let Ok(ln_z) = marginals(&crf, &emissions, None, &mut scratch, &mut shares) {
            found += 1;
            assert!(ln_z.is_finite());
            for row in shares.chunks(2) {
                assert!((row[0] + row[1] - 1.0).abs() < 1e-6, "{row:?}");
            }
            let ln_p = log_probability(&crf, &emissions, None, &[0, 1, 0], &mut scratch);
            assert!(!ln_p.expect("a path").is_nan());
        }
    }
    assert!(found > 100);
}

#[test]
fn slices_of_other_lengths_are_refused() {
    let table = [0.0; 8];
    let crf = Crf::new(2, &table).expect("the table fits");
    let (mut scratch, mut shares) = ([0.0; 4], [0.0; 4]);
    let refused = |needed| Err(CrfError::Length { needed });
    assert_eq!(
        marginals(&crf, &[0.0; 3], None, &mut scratch, &mut shares),
        refused(2)
    );
    assert_eq!(
        marginals(&crf, &[0.0; 6], None, &mut scratch, &mut shares),
        refused(6)
    );
    assert_eq!(
        marginals(&crf, &[0.0; 4], Some(&[1]), &mut scratch, &mut shares),
        refused(2)
    );
    let result = marginals(&crf, &[0.0; 4], None, &mut scratch[..3], &mut shares);
    assert_eq!(result, Err(CrfError::Scratch { needed: 4 }));
    let ln_p = |tags: &[u8]| log_probability(&crf, &[0.0; 4], None, tags, &mut [0.0; 4]);
    assert_eq!(ln_p(&[0]), refused(2));
    assert_eq!(ln_p(&[0, 2]), Err(CrfError::Tag { position: 1 }));
    assert_eq!(log_partition(&crf, &[], None, &mut scratch), Ok(0.0));
}
