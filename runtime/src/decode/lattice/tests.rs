//! Against all paths of small lattices, one by one.

mod twin;

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::vec::Vec;

/// A lattice with little in it: repeats and ties are everywhere.
#[derive(Clone, Debug)]
struct Case {
    line: usize,
    rows: Vec<(bool, Vec<(u16, i32)>)>,
    linked: BTreeSet<(u16, u16)>,
    bonus: i32,
    avoided: Vec<Vec<i32>>,
}

fn case() -> impl Strategy<Value = Case> {
    let candidate = (0u16..6, -3i32..1).prop_map(|(id, score)| (id * 64, score));
    let row = (
        proptest::bool::weighted(0.15),
        proptest::collection::vec(candidate, 1..5),
    );
    let id = || (0u16..6).prop_map(|id| id * 64);
    let word = proptest::collection::vec((0i32..6).prop_map(|id| id * 64), 2..4);
    (
        1usize..5,
        proptest::collection::vec(row, 1..7),
        proptest::collection::btree_set((id(), id()), 0..12),
        0i32..4,
        proptest::collection::vec(word, 0..3),
    )
        .prop_map(|(line, rows, linked, bonus, avoided)| Case {
            line,
            rows,
            linked,
            bonus,
            avoided,
        })
}

impl Case {
    fn lattice(&self) -> Lattice {
        let mut lattice = Lattice::default();
        lattice.clear(self.line);
        for (fixed, candidates) in &self.rows {
            let mut row = Row::default();
            for &(id, score) in candidates {
                row.offer(id, score);
            }
            lattice.push(if *fixed {
                Row::fixed(row.ids()[0])
            } else {
                row
            });
        }
        lattice.link(self.bonus, |_, a, b| self.linked.contains(&(a, b)));
        lattice
    }

    /// All paths with their scores.
    fn paths(&self, lattice: &Lattice) -> Vec<(i32, Vec<u16>)> {
        let mut paths = std::vec![(0, Vec::new())];
        for (position, row) in lattice.rows().iter().enumerate() {
            let mut longer = Vec::new();
            for (score, path) in &paths {
                for (&id, &own) in row.ids().iter().zip(row.scores()) {
                    let linked = position % self.line != 0
                        && self.linked.contains(&(path[position - 1], id));
                    let bonus = if linked { self.bonus } else { 0 };
                    longer.push((score + own + bonus, [&path[..], &[id]].concat()));
                }
            }
            paths = longer;
        }
        paths
    }

    /// Whether `path`, whole or the beginning of one, keeps the rules.
    fn keeps(&self, lattice: &Lattice, path: &[u16], scope: Scope) -> bool {
        let fixed = |position: usize| lattice.rows()[position].is_fixed();
        // Characters that are fixed in the last scope and still to come count, too.
        let all: Vec<u16> = (0..lattice.rows().len())
            .map(|position| {
                path.get(position)
                    .copied()
                    .unwrap_or(lattice.rows()[position].ids()[0])
            })
            .collect();
        let length = match scope {
            Scope::Poem => all.len(),
            Scope::Couplet => 2 * self.line,
            Scope::Anywhere => 1,
        };
        let repeats = (0..all.len()).any(|b| {
            (0..b).any(|a| {
                let counts = |position| position < path.len() || fixed(position);
                a / length == b / length
                    && all[a] == all[b]
                    && counts(a)
                    && counts(b)
                    && !(fixed(a) && fixed(b))
            })
        });
        let words = path.chunks(self.line).any(|line| {
            let has = |word: &Vec<i32>| {
                let same = |window: &[u16]| {
                    window
                        .iter()
                        .map(|&id| i32::from(id))
                        .eq(word.iter().copied())
                };
                line.windows(word.len()).any(same)
            };
            self.avoided.iter().any(has)
        });
        !repeats && !words
    }

    fn best(&self, lattice: &Lattice, scope: Scope) -> Result<Path, usize> {
        let avoided: Vec<&[i32]> = self.avoided.iter().map(Vec::as_slice).collect();
        lattice.best(scope, &avoided)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn without_the_rule_the_path_is_the_best_of_all(mut case in case()) {
        case.avoided.retain(|word| word.len() == 2);
        let lattice = case.lattice();
        let paths = case.paths(&lattice);
        let kept = paths.iter().filter(|(_, path)| case.keeps(&lattice, path, Scope::Anywhere));
        let most = kept.map(|&(score, _)| score).max();
        let found = case.best(&lattice, Scope::Anywhere);
        prop_assert_eq!(found.ok().map(|path| path.score), most);
    }

    #[test]
    fn the_path_keeps_the_rules_and_is_the_best_where_that_is_promised(case in case(), couplet: bool) {
        let scope = if couplet { Scope::Couplet } else { Scope::Poem };
        let lattice = case.lattice();
        let mut paths = case.paths(&lattice);
        paths.sort_by_key(|(score, _)| core::cmp::Reverse(*score));
        let found = case.best(&lattice, scope);
        if let Ok(path) = &found {
            let ids: Vec<u16> = path.ids.iter().map(|&id| id as u16).collect();
            prop_assert!(case.keeps(&lattice, &ids, scope));
            prop_assert!(paths.contains(&(path.score, ids)));
        }
        let Some((most, best)) = paths.iter().find(|(_, path)| case.keeps(&lattice, path, scope)) else {
            prop_assert!(found.is_err());
            return Ok(());
        };
        prop_assert!(found.as_ref().map_or(i32::MIN, |path| path.score) <= *most);
        // Paths to each of its candidates that keep the rules and are as good as its own.
        let rivals = (1..=best.len()).map(|end| {
            let part = Case { rows: case.rows[..end].to_vec(), ..case.clone() };
            let part_lattice = part.lattice();
            let paths = part.paths(&part_lattice);
            let own = paths.iter().find(|(_, path)| path[..] == best[..end]).unwrap().0;
            let rival = |(score, path): &&(i32, Vec<u16>)| {
                *score >= own
                    && path[..] != best[..end]
                    && path[end - 1] == best[end - 1]
                    && case.keeps(&lattice, path, scope)
            };
            paths.iter().filter(rival).count()
        });
        if rivals.max() <= Some(1) {
            prop_assert_eq!(found.map(|path| path.score), Ok(*most));
        }
    }

    #[test]
    fn where_every_best_path_keeps_the_rules_one_of_them_is_found(case in case()) {
        let lattice = case.lattice();
        let paths = case.paths(&lattice);
        let most = paths.iter().map(|&(score, _)| score).max().unwrap_or(0);
        let mut best = paths.iter().filter(|&&(score, _)| score == most);
        if best.all(|(_, path)| case.keeps(&lattice, path, Scope::Poem)) {
            let found = case.best(&lattice, Scope::Poem);
            prop_assert_eq!(found.map(|path| path.score), Ok(most));
        }
    }
}

fn lattice(line: usize, rows: &[&[u16]]) -> Lattice {
    let mut lattice = Lattice::default();
    lattice.clear(line);
    for ids in rows {
        let mut row = Row::default();
        for (&id, score) in ids.iter().zip((-8..0).rev()) {
            row.offer(id, score);
        }
        lattice.push(row);
    }
    lattice
}

#[test]
fn ties_go_to_the_lower_candidate() {
    let mut lattice = Lattice::default();
    lattice.clear(3);
    for _ in 0..3 {
        let mut row = Row::default();
        for id in [4, 2, 6] {
            row.offer(id, 0);
        }
        lattice.push(row);
    }
    let ids = |scope| lattice.best(scope, &[]).unwrap().ids;
    assert_eq!(ids(Scope::Anywhere), [2, 2, 2]);
    // Of equal paths the one through the lower candidate last, then before it.
    assert_eq!(ids(Scope::Poem), [6, 4, 2]);
}

#[test]
fn a_position_without_a_path_is_named() {
    let mut lattice = lattice(2, &[&[1, 2], &[3], &[1], &[2]]);
    assert_eq!(
        lattice.best(Scope::Anywhere, &[&[3, 1]]).unwrap().ids,
        [1, 3, 1, 2]
    );
    assert_eq!(lattice.best(Scope::Poem, &[]), Err(3));
    assert_eq!(lattice.best(Scope::Couplet, &[&[1, 3], &[2, 3]]), Err(1));
    assert_eq!(lattice.best(Scope::Anywhere, &[&[1, 2]]), Err(3));
    lattice.push(Row::default());
    assert_eq!(lattice.best(Scope::Anywhere, &[]), Err(4));
    lattice.clear(2);
    assert!(lattice.best(Scope::Poem, &[]).unwrap().ids.is_empty());
}

#[test]
fn no_score_overflows() {
    for (score, bonus) in [(i32::MAX, i32::MAX), (i32::MIN, i32::MIN)] {
        let mut lattice = Lattice::default();
        lattice.clear(7);
        for id in 0..40 {
            let mut row = Row::default();
            row.offer(id, score);
            lattice.push(row);
        }
        lattice.link(bonus, |_, _, _| true);
        let path = lattice.best(Scope::Poem, &[]).unwrap();
        assert_eq!(path.ids.len(), MAX_POSITIONS);
        let exact = 28 * MAX_SCORE + 24 * MAX_BONUS;
        assert_eq!(path.score, exact * score.signum());
    }
}
