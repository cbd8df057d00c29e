//! Against the algorithm with whole paths, on lattices of poems.

use super::Case;
use crate::decode::lattice::{Lattice, MAX_POSITIONS, Scope};
use std::vec::Vec;

/// The algorithm as it is described, with whole paths.
fn twin(case: &Case, lattice: &Lattice) -> Option<(i32, Vec<u16>)> {
    let mut before = std::vec![std::vec![(0, Vec::new())]];
    for (position, row) in lattice.rows().iter().enumerate() {
        let mut after = Vec::new();
        for (&id, &own) in row.ids().iter().zip(row.scores()) {
            let mut longer: Vec<(i32, Vec<u16>)> = Vec::new();
            for (score, path) in before.iter().flatten() {
                let linked =
                    position % case.line != 0 && case.linked.contains(&(path[position - 1], id));
                let score = score + own + if linked { case.bonus } else { 0 };
                longer.push((score, [path, &[id][..]].concat()));
            }
            longer.retain(|(_, path)| case.keeps(lattice, path, Scope::Poem));
            // A stable sort: of equals the lower place before it.
            longer.sort_by_key(|&(score, _)| core::cmp::Reverse(score));
            longer.truncate(2);
            after.push(longer);
        }
        before = after;
    }
    before
        .into_iter()
        .flatten()
        .rev()
        .max_by_key(|&(score, _)| score)
}

#[test]
fn whole_poems_are_those_of_the_twin() {
    // From few characters, where paths end, to more than have bits of their own.
    for (seed, count) in (0..40).zip([30, 60, 120, 200].into_iter().cycle()) {
        let mut random = crate::random::Random::new(seed);
        let mut number = |below: u32| random.next_u32() % below;
        let mut rows = Vec::new();
        for _ in 0..MAX_POSITIONS {
            let candidates = 4 + number(5);
            let mut row = |_| (number(count) as u16 * 5, -(number(40) as i32));
            rows.push((false, (0..candidates).map(&mut row).collect()));
        }
        let mut pair = || (number(count) as u16 * 5, number(count) as u16 * 5);
        let case = Case {
            line: 7,
            rows,
            linked: (0..count * count / 10).map(|_| pair()).collect(),
            bonus: 10,
            avoided: (0..20)
                .map(|_| pair())
                .map(|(a, b)| std::vec![i32::from(a), i32::from(b)])
                .collect(),
        };
        let lattice = case.lattice();
        let found = case.best(&lattice, Scope::Poem).ok();
        let found = found.map(|path| (path.score, path.ids.iter().map(|&id| id as u16).collect()));
        assert_eq!(found, twin(&case, &lattice), "{seed}");
    }
}
