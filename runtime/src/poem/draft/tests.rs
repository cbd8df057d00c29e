//! Poems from candidates without a network.

mod case;
mod errors;

use super::*;
use crate::decode::pairs::Kind;
use crate::decode::prosody::{LEVEL, NONE, Tone};
use crate::poem::Ids;
use case::{Case, groups_of, has};
use std::vec::Vec;

const FORMS: [(usize, usize); 4] = [(5, 2), (7, 2), (5, 4), (7, 4)];

#[test]
fn poems_keep_their_rules() {
    for (line, lines) in FORMS {
        for seed in 0..20 {
            let case = Case::new(line, lines, 8, seed);
            let draft = case.draft();
            let free = draft
                .compose(&Rules {
                    meter: Meter::Free,
                    ..Rules::default()
                })
                .unwrap();
            case.check(&free, &Rules::default());
            assert_eq!(
                (free.pattern, free.rhyme, free.repeats),
                (None, None, false)
            );
            // Without what came out, and with a head in each line.
            let words: Vec<&[i32]> = free.ids.chunks(2).chain(free.ids.chunks(3)).collect();
            let mut heads: Vec<i32> = std::vec![-1; line * lines];
            for (number, head) in heads.iter_mut().step_by(line).enumerate() {
                *head = (seed as i32 * 5 + number as i32 * 7) % 96;
            }
            for rhyme in [None, Some(1)] {
                for meter in [Meter::Any, Meter::Free] {
                    for fixed in [&[][..], &heads] {
                        let rules = Rules {
                            meter,
                            rhyme,
                            fixed,
                            avoided: &words,
                        };
                        let verse = draft.compose(&rules).unwrap();
                        case.check(&verse, &rules);
                        assert_eq!(verse.pattern.is_some(), meter == Meter::Any);
                        assert!(rhyme.is_none() || verse.rhyme == rhyme);
                    }
                }
            }
        }
    }
}

#[test]
fn the_best_pattern_and_rhyme_are_taken() {
    for (line, lines) in FORMS {
        let case = Case::new(line, lines, 8, 77);
        let draft = case.draft();
        let of = |pattern, rhyme| {
            let meter = Meter::Pattern(pattern);
            let verse = draft
                .compose(&Rules {
                    meter,
                    rhyme,
                    ..Rules::default()
                })
                .unwrap();
            case.check(&verse, &Rules::default());
            verse
        };
        let all: Vec<Verse> = Pattern::choices(lines)
            .iter()
            .map(|&pattern| of(pattern, None))
            .collect();
        let most = all.iter().map(|verse| verse.score).max();
        let best = draft.compose(&Rules::default()).unwrap();
        assert_eq!(Some(best.score), most);
        assert!(all.contains(&best));
        // The rhyme with the best sum is that of the best single characters.
        let pattern = best.pattern.unwrap();
        let sums = (0..3u8).map(|rhyme| {
            let rhyming = (0..lines).filter(|&number| pattern.rhymes(lines, number));
            let best = |number: usize| {
                let members = (0..96).filter(|&id| groups_of(id).contains(&rhyme));
                members
                    .map(|id| case.all[number * line + line - 1][id])
                    .max()
                    .unwrap()
            };
            rhyming.map(best).sum::<i32>()
        });
        let sums: Vec<i32> = sums.collect();
        assert_eq!(
            sums.get(usize::from(best.rhyme.unwrap())),
            sums.iter().max()
        );
    }
}

#[test]
fn a_head_that_is_not_level_is_rescued() {
    for line in [5, 7] {
        let case = Case::new(line, 2, 8, 5);
        let head = 2 * line - 5;
        for id in [4, 11, 0] {
            let mut fixed = std::vec![-1; head + 1];
            fixed[head] = id;
            let meter = Meter::Pattern(Pattern::Abcd);
            let rules = Rules {
                meter,
                fixed: &fixed,
                ..Rules::default()
            };
            let verse = case.draft().compose(&rules).unwrap();
            case.check(&verse, &rules);
            let third = verse.ids[head + 2] as usize;
            assert!(id == 0 || has(third, Tone::Level));
        }
    }
}

#[test]
fn what_has_no_way_around_it_repeats() {
    // One candidate in each list: lines have the same ones.
    let mut case = Case::new(5, 4, 1, 1);
    let one = case.ids.len() / 4;
    for line in 1..4 {
        case.ids.copy_within(..one, line * one);
    }
    let verse = case.draft().compose(&Rules::default()).unwrap();
    assert!(verse.repeats);
    // Fixed characters repeat each other without being told of.
    let case = Case::new(5, 4, 8, 1);
    let fixed = [0, -1, -1, -1, -1, 0, -1, -1, -1, -1, 0];
    let verse = case
        .draft()
        .compose(&Rules {
            fixed: &fixed,
            ..Rules::default()
        })
        .unwrap();
    assert!(!verse.repeats);
    assert_eq!(verse.ids.iter().filter(|&&id| id == 0).count(), 3);
}

#[test]
fn pairs_of_the_set_are_preferred() {
    // All slots hold zero, with eight bits: about one pair in 256 is in this set.
    let mut table = std::vec![0u8; crate::decode::pairs::table_length(3, 4, 8).unwrap()];
    (table[4], table[6], table[7]) = (3, 4, 8);
    table[10] = 1; // 65,536 units: a nat.
    let pairs = Pairs::new(&table).unwrap();
    assert_eq!(pairs.bonus(), 1 << 16);
    let linked = |verse: &Verse| {
        let lines = verse.ids.chunks(5);
        let neighbours = lines.flat_map(|line| line.windows(2).zip((0..4).rev()));
        let linked = neighbours.filter(|(two, left)| {
            pairs.contains(Kind::behind(*left), two[0] as u16, two[1] as u16)
        });
        linked.count() as i32
    };
    let mut most = 0;
    for seed in 0..30 {
        let case = Case::new(5, 2, 8, seed);
        let meter = Meter::Free;
        let rules = Rules {
            meter,
            ..Rules::default()
        };
        let without = case.draft().compose(&rules).unwrap();
        let mut with = case.draft_with(Some(pairs)).compose(&rules).unwrap();
        assert!(with.score >= without.score + linked(&without) * (1 << 16));
        most = linked(&with).max(most);
        with.score -= linked(&with) << 16;
        case.check(&with, &rules);
    }
    assert!(most > 0);
}

#[test]
fn candidates_are_shown() {
    let case = Case::new(7, 4, 8, 9);
    let mut seen: Vec<Vec<i32>> = Vec::new();
    let mut see = |position: usize, ids: &[i32], scores: &[i32]| {
        assert_eq!((position, ids.len()), (seen.len(), scores.len()));
        assert!(scores.is_sorted_by(|a, b| a >= b));
        seen.push(ids.to_vec());
    };
    let fixed = [-1, -1, 11];
    let rules = Rules {
        fixed: &fixed,
        ..Rules::default()
    };
    let draft = case.draft();
    let verse = draft.compose_with(&rules, &mut see).unwrap();
    assert_eq!(Ok(&verse), draft.compose(&rules).as_ref());
    assert_eq!(seen.len(), 28);
    assert_eq!(seen[2], [11]);
    assert!(
        verse
            .ids
            .iter()
            .zip(&seen)
            .all(|(id, ids)| ids.contains(id))
    );
}

#[test]
fn likelihood_is_a_softmax_over_all_candidates() {
    // Lists have room for all.
    let case = Case::new(5, 2, 60, 2);
    let draft = case.draft();
    let listed = |position: usize, id: usize| {
        let codes = groups_of(id);
        codes[0] != NONE && (position % 5 != 4 || codes != [LEVEL, NONE])
    };
    // Lists are read as far as a lattice has states.
    let kept = |position: usize| -> Vec<usize> {
        let (line, at) = (position / 5, position % 5);
        let place = draft.lists.place(line, at);
        let mut all: Vec<usize> = place
            .all()
            .flat_map(|number| place.list(number))
            .map(|(id, _)| id.into())
            .collect();
        all.sort_unstable();
        all.dedup();
        assert!(all.iter().all(|&id| listed(position, id)));
        all
    };
    let ids: Ids = draft.compose(&Rules::default()).unwrap().ids;
    let expected: f64 = ids
        .iter()
        .enumerate()
        .map(|(position, &id)| {
            let nats = |id: usize| f64::from(case.all[position][id]) / 65536.0;
            let sum: f64 = kept(position).iter().map(|&id| libm::exp(nats(id))).sum();
            nats(id as usize) - libm::log(sum)
        })
        .sum();
    let found = f64::from(draft.likelihood(&ids));
    assert!((found - expected).abs() < 1e-2, "{found} {expected}");
    // A character that is no candidate counts as the worst one.
    assert!(draft.likelihood(&[11]) < draft.likelihood(&[ids[0]]));
    assert!(draft.likelihood(&[11]).is_finite());
}
