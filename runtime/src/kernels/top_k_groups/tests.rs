//! The operator's naive twin: sort everything.

use super::*;
use crate::format::nibble;
use crate::random::Random;
use crate::rounding::Scale;
use proptest::prelude::*;
use std::vec::Vec;

/// Rows of a line, lines, entries, candidates of a list.
type Sizes = (usize, usize, usize, usize);

fn sizes() -> impl Strategy<Value = Sizes> {
    (1usize..5, 1usize..4, 1usize..90, 1usize..6)
}

/// Codes of `v` entries: of the few that stand for something, now and then of others.
fn groups(random: &mut Random, v: usize) -> Vec<u16> {
    let mut code = || match random.next_u32() % 8 {
        0 => random.next_u32() as u8,
        1..4 => (random.next_u32() % 3) as u8,
        4..6 => OBLIQUE,
        6 => LEVEL,
        _ => 255,
    };
    (0..v)
        .map(|_| u16::from_le_bytes([code(), code()]))
        .collect()
}

/// Whether an entry with these codes is on a list.
fn is_on(codes: u16, list: usize, is_last: bool) -> bool {
    codes.to_le_bytes().into_iter().any(|code| match is_last {
        true => usize::from(code) == list && list <= 30,
        false if list == 0 => code < 30 || code == 31,
        false => code == 30,
    })
}

/// Ids and scores of all lists, from the scores of all entries, row by row.
fn naive<S: PartialOrd + Copy>(
    scores: &[Vec<S>],
    groups: &[u16],
    (line, _, _, k): Sizes,
    least: S,
) -> (Vec<i32>, Vec<S>) {
    let (mut ids, mut kept) = (Vec::new(), Vec::new());
    for (row, scores) in scores.iter().enumerate() {
        let is_last = row % line == line - 1;
        for list in 0..if is_last { 31 } else { 2 } {
            let entries = scores.iter().zip(groups).zip(0..);
            let on = entries.filter(|((_, codes), _)| is_on(**codes, list, is_last));
            let mut all: Vec<(S, i32)> = on.map(|((score, _), id)| (*score, id)).collect();
            all.retain(|(score, _)| *score > least);
            // Stable: of equal scores the lower id stays first.
            all.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap());
            all.resize(all.len().max(k), (least, -1));
            ids.extend(all[..k].iter().map(|&(_, id)| id));
            kept.extend(all[..k].iter().map(|&(score, _)| score));
        }
    }
    (ids, kept)
}

/// The lists that `hear` fills.
fn kept<S: PartialOrd + bytemuck::Pod>(
    groups: &[u16],
    (line, lines, _, k): Sizes,
    least: S,
    hear: impl FnOnce(Lists<'_, S>),
) -> (Vec<i32>, Vec<S>) {
    let places = lists(line * lines, line).unwrap() * k;
    let (mut ids, mut scores) = (std::vec![-1; places], std::vec![least; places]);
    hear(Lists {
        best: Best::of(&mut ids, &mut scores, k),
        groups,
        line,
        row: 0,
        column: 0,
        first: 0,
    });
    (ids, scores)
}

proptest! {
    #[test]
    fn keeps_what_sorting_would(sizes in sizes(), k in 1usize..12, nibbles: bool, seed: u64) {
        let (line, lines, v, _) = sizes;
        let mut random = Random::new(seed);
        let x: Vec<i16> = (0..line * lines * k).map(|_| random.next_u32() as i16).collect();
        // Few distinct weights make many equal scores.
        let w: Vec<i8> = (0..v * k).map(|_| (random.next_u32() % 3) as i8).collect();
        let bias: Vec<i32> = (0..v).map(|_| (random.next_u32() % 5) as i32).collect();
        let groups = groups(&mut random, v);
        let scale = Scale::nearest(0.01).unwrap();
        let words = std::vec![scale.word(); v];
        let found = kept(&groups, sizes, i32::MIN, |lists| {
            if nibbles {
                let packed: Vec<u8> = w.chunks(k).flat_map(nibble::pack_row).collect();
                integer(&x, &packed, (&bias, &words), k, lists);
            } else {
                integer(&x, &w, (&bias, &words), k, lists);
            }
        });
        let score = |x: &[i16], n: usize| {
            let sum: i32 = x.iter().zip(&w[n * k..]).map(|(&x, &w)| i32::from(x) * i32::from(w)).sum();
            scale.requantise(bias[n] + sum)
        };
        let scores: Vec<Vec<i32>> = x.chunks(k).map(|x| (0..v).map(|n| score(x, n)).collect()).collect();
        prop_assert_eq!(found, naive(&scores, &groups, sizes, i32::MIN));
    }

    /// Blocks of rows, each with some scores at once, as tiles give them.
    #[test]
    fn keeps_the_same_of_scores_by_the_dozen(sizes in sizes(), piece in 1usize..50, spread in 1u32..99, seed: u64) {
        let (line, lines, v, _) = sizes;
        let mut random = Random::new(seed);
        let mut score = || match random.next_u32() % 50 {
            0 => i32::MIN,
            _ => (random.next_u32() % spread) as i32 - 9,
        };
        let scores: Vec<Vec<i32>> = (0..line * lines).map(|_| (0..v).map(|_| score()).collect()).collect();
        let groups = groups(&mut random, v);
        let found = kept(&groups, sizes, i32::MIN, |mut lists| {
            for first in (0..v).step_by(piece) {
                for (row, scores) in scores.iter().enumerate() {
                    lists.offer_all(row, first as i32, &scores[first..v.min(first + piece)]);
                }
            }
        });
        prop_assert_eq!(found, naive(&scores, &groups, sizes, i32::MIN));
    }

    #[test]
    fn floats_that_are_none_are_on_no_list(sizes in sizes(), seed: u64) {
        let (line, lines, v, _) = sizes;
        let mut random = Random::new(seed);
        let mut score = || match random.next_u32() % 9 {
            0 => f32::NAN,
            1 => f32::NEG_INFINITY,
            _ => (random.next_u32() % 16) as f32 * 0.5 - 4.0,
        };
        let scores: Vec<Vec<f32>> = (0..line * lines).map(|_| (0..v).map(|_| score()).collect()).collect();
        let groups = groups(&mut random, v);
        let found = kept(&groups, sizes, f32::NEG_INFINITY, |mut lists| {
            for id in 0..v {
                for (row, scores) in scores.iter().enumerate() {
                    lists.offer(row, id as i32, scores[id]);
                }
            }
        });
        prop_assert_eq!(found, naive(&scores, &groups, sizes, f32::NEG_INFINITY));
    }
}

#[test]
fn lines_are_whole() {
    assert_eq!(lists(20, 5), Some(4 * 39));
    assert_eq!(lists(14, 7), Some(2 * 43));
    assert_eq!(lists(3, 1), Some(93));
    for (rows, line) in [(20, 0), (20, 3), (4, 5), (4, usize::MAX)] {
        assert_eq!(lists(rows, line), None);
    }
}
