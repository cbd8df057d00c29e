//! CRF decoding against the enumeration of all paths, on 10,000 small cases.
//!
//! ```text
//! for each case: 1 to 5 tags, 0 to 7 characters, random scores, some of them forbidden, some tags
//!     all paths that are allowed, with their scores, sorted
//!     viterbi              the first: tags and score
//!     k_best               the first k, or all of them
//!     log_partition        ln Σ exp
//!     marginals            Σ over the paths with a tag at a position
//!     log_probability      of a random path
//!     an error             where there is no path, at the first position that no path reaches
//! ```
//!
//! Scores are mostly small multiples of one unit, so that sums are exact and ties are many: paths
//! must be equal, in their order. Floats of any kind have their own check.

use qibu::decode::crf::{
    self, Crf, CrfError, ListScratch, Score, Scratch, forward_scratch, k_best, k_best_pointers,
    k_best_scores, log_partition, log_probability, marginals, viterbi, viterbi_pointers,
    viterbi_scores,
};
use qibu::random::Random;

const CASES: u64 = 10_000;

/// One field and one text.
struct Case<S> {
    tags: usize,
    length: usize,
    table: Vec<S>,
    emissions: Vec<S>,
    allowed: Option<Vec<u64>>,
}

/// Paths with their scores, best first.
type Ranked<S> = Vec<(<S as Score>::Total, Vec<u8>)>;

/// A number below `bound`.
fn below(random: &mut Random, bound: u32) -> u32 {
    random.next_u32() % bound
}

/// A case whose scores `draw` makes; `draw` may forbid.
fn case<S: Score>(random: &mut Random, draw: impl Fn(&mut Random) -> S) -> Case<S> {
    let (tags, length) = loop {
        let (tags, length) = (1 + below(random, 5), below(random, 8));
        // Most of the time would go into the few largest ones.
        if tags.pow(length) <= 400 || below(random, 40) == 0 {
            break (tags as usize, length as usize);
        }
    };
    let forbidden = [0, 0, 10, 40][below(random, 4) as usize];
    let mut scores = |count: usize| -> Vec<S> {
        let mut one = || match below(random, 100) < forbidden {
            true => S::FORBIDDEN,
            false => draw(random),
        };
        (0..count).map(|_| one()).collect()
    };
    let (table, emissions) = (scores((tags + 2) * tags), scores(length * tags));
    let sets = below(random, 3) == 0;
    // Bits of tags that do not exist have no meaning.
    let set = |random: &mut Random| u64::from(random.next_u32() | random.next_u32()) | !0xFF;
    let allowed = sets.then(|| (0..length).map(|_| set(random)).collect());
    Case {
        tags,
        length,
        table,
        emissions,
        allowed,
    }
}

/// All paths that are allowed, their scores in units, best first; and how far any path comes.
struct All {
    paths: Vec<(f64, Vec<u8>)>,
    reached: usize,
}

impl<S: Score + Into<f64>> Case<S> {
    fn crf(&self) -> Crf<'_, S> {
        Crf::new(self.tags, &self.table).expect("the table fits")
    }

    fn all(&self) -> All {
        let mut all = All {
            paths: Vec::new(),
            reached: 0,
        };
        self.extend(&mut Vec::new(), 0.0, &mut all);
        if self.length == 0 {
            all.paths = vec![(0.0, Vec::new())];
        }
        // Of equal scores, first the lower tag where they last differ.
        all.paths.sort_by(|(a, left), (b, right)| {
            let backwards = left.iter().rev().cmp(right.iter().rev());
            b.total_cmp(a).then(backwards)
        });
        all
    }

    /// All paths that start with `path`, which scores `score`.
    fn extend(&self, path: &mut Vec<u8>, score: f64, all: &mut All) {
        let position = path.len();
        all.reached = all.reached.max(position);
        let row = |row: usize, tag: usize| self.table[row * self.tags + tag];
        if position == self.length {
            let Some(&last) = path.last() else { return };
            let end = row(self.tags + 1, usize::from(last));
            if !end.is_forbidden() {
                all.paths.push((score + end.into(), path.clone()));
            }
            return;
        }
        for tag in 0..self.tags {
            let enter = row(path.last().map_or(0, |&tag| 1 + usize::from(tag)), tag);
            let emission = self.emissions[position * self.tags + tag];
            let set = self
                .allowed
                .as_ref()
                .map_or(u64::MAX, |sets| sets[position]);
            if set >> tag & 1 == 1 && !enter.is_forbidden() && !emission.is_forbidden() {
                path.push(tag as u8);
                self.extend(path, score + enter.into() + emission.into(), all);
                path.pop();
            }
        }
    }

    fn viterbi(&self) -> Result<(S::Total, Vec<u8>), CrfError> {
        let mut tags = vec![99; self.length];
        let scratch = Scratch {
            scores: &mut vec![S::ZERO; viterbi_scores(self.tags)],
            pointers: &mut vec![99; viterbi_pointers(self.tags, self.length)],
        };
        let allowed = self.allowed.as_deref();
        let total = viterbi(&self.crf(), &self.emissions, allowed, scratch, &mut tags)?;
        Ok((total, tags))
    }

    fn k_best(&self, k: usize) -> Result<Ranked<S>, CrfError> {
        let mut paths = vec![99; self.length * k];
        let mut totals = vec![S::Total::default(); k];
        let scratch = ListScratch {
            scores: &mut vec![S::ZERO; k_best_scores(self.tags, k)],
            pointers: &mut vec![99; k_best_pointers(self.tags, self.length, k)],
        };
        let (crf, allowed) = (self.crf(), self.allowed.as_deref());
        let found = k_best(
            &crf,
            &self.emissions,
            allowed,
            scratch,
            &mut paths,
            &mut totals,
        )?;
        let path = |index: usize| paths[index * self.length..][..self.length].to_vec();
        Ok((0..found)
            .map(|index| (totals[index], path(index)))
            .collect())
    }

    /// Partition, marginals and probabilities, whose units are `unit` nats.
    fn check_sums(&self, all: &All, unit: f64, random: &mut Random) {
        let mut scratch = vec![0.0; forward_scratch(self.tags)];
        let (crf, allowed) = (self.crf(), self.allowed.as_deref());
        let mut shares = vec![9.0; self.length * self.tags];
        let partition = log_partition(&crf, &self.emissions, allowed, &mut scratch);
        let same = marginals(&crf, &self.emissions, allowed, &mut scratch, &mut shares);
        assert_eq!(partition, same);
        if all.paths.is_empty() {
            let position = all.reached;
            assert_eq!(partition, Err(CrfError::NoPath { position }));
            return;
        }
        let most = all.paths[0].0 * unit;
        let share = |score: f64| libm::exp(score * unit - most);
        let sum: f64 = all.paths.iter().map(|(score, _)| share(*score)).sum();
        let expected = most + libm::log(sum);
        // One rounding for each addition, of numbers as large as the greatest score.
        let scores = self.table.iter().chain(&self.emissions);
        let finite = scores.filter(|score| !score.is_forbidden());
        let large = finite.fold(0.0, |large: f64, &score| {
            large.max(score.into().abs() * unit)
        });
        let tolerance = 2e-6 * (1.0 + large * (1.0 + self.length as f64));
        let near = |value: f32, expected: f64| (f64::from(value) - expected).abs() <= tolerance;
        let partition = partition.expect("there is a path");
        assert!(near(partition, expected), "{partition}, not {expected}");
        let mut exact = vec![0.0; shares.len()];
        for (score, path) in &all.paths {
            for (position, &tag) in path.iter().enumerate() {
                exact[position * self.tags + usize::from(tag)] += share(*score) / sum;
            }
        }
        for (&value, &expected) in shares.iter().zip(&exact) {
            assert!(near(value, expected), "{value}, not {expected}");
            assert!(expected > 0.0 || value == 0.0, "no path, but {value}");
        }
        let path: Vec<u8> = (0..self.length)
            .map(|_| below(random, self.tags as u32) as u8)
            .collect();
        for path in [&path, &all.paths[0].1] {
            let value = log_probability(&crf, &self.emissions, allowed, path, &mut scratch);
            let value = value.expect("the tags exist");
            match all.paths.iter().find(|(_, other)| other == path) {
                Some((score, _)) => assert!(near(value, score * unit - expected)),
                None => assert_eq!(value, f32::NEG_INFINITY),
            }
        }
    }
}

/// All that must be equal, for scores whose sums are exact.
fn check<S>(seed: u64, draw: impl Fn(&mut Random) -> S, total: impl Fn(S::Total) -> f64, unit: f64)
where
    S: Score + Into<f64>,
{
    let mut random = Random::new(seed);
    let case = case(&mut random, draw);
    let all = case.all();
    let no_path = CrfError::NoPath {
        position: all.reached,
    };
    let found = case.viterbi().map(|(score, path)| (total(score), path));
    assert_eq!(found, all.paths.first().cloned().ok_or(no_path));
    let few = 1 + below(&mut random, 9) as usize;
    let k = if all.paths.len() < 200 {
        all.paths.len() + few
    } else {
        few
    };
    for k in [few, k] {
        let found = case.k_best(k).map(|paths| -> Vec<_> {
            paths
                .into_iter()
                .map(|(score, path)| (total(score), path))
                .collect()
        });
        let expected: Vec<_> = all.paths.iter().take(k).cloned().collect();
        let expected = if expected.is_empty() {
            Err(no_path)
        } else {
            Ok(expected)
        };
        assert_eq!(found, expected, "k = {k}");
    }
    for (score, path) in all.paths.iter().take(3) {
        let value = crf::score(&case.crf(), &case.emissions, case.allowed.as_deref(), path);
        assert_eq!(value.map(&total), Ok(*score));
    }
    case.check_sums(&all, unit, &mut random);
}

/// Runs `check` on every seed, and names the one that fails.
fn each(check: impl Fn(u64) + std::panic::RefUnwindSafe) {
    for seed in 0..CASES {
        let result = std::panic::catch_unwind(|| check(seed));
        assert!(result.is_ok(), "seed {seed}");
    }
}

#[test]
fn fixed_point_equals_enumeration() {
    each(|seed| {
        // Units of a quarter of a nat, or of the last bit, or scores of up to 1024 nats.
        let span = [3, 3, 3, 1 << 26][seed as usize % 4];
        let step = [1 << 14, 1 << 14, 1, 1][seed as usize % 4];
        let draw = |random: &mut Random| (below(random, 2 * span + 1) as i32 - span as i32) * step;
        check(seed, draw, |total: i64| total as f64, 1.0 / 65536.0);
    });
}

#[test]
fn exact_floats_equal_enumeration() {
    each(|seed| {
        let draw = |random: &mut Random| (below(random, 7) as f32 - 3.0) / 4.0;
        check(seed, draw, f64::from, 1.0);
    });
}

#[test]
fn any_floats_equal_enumeration_but_for_rounding() {
    each(|seed| {
        let mut random = Random::new(seed);
        let case = case(&mut random, |random| random.gaussian() * 4.0);
        let all = case.all();
        case.check_sums(&all, 1.0, &mut random);
        let Some((most, _)) = all.paths.first() else {
            assert!(case.viterbi().is_err());
            return;
        };
        let (total, path) = case.viterbi().expect("there is a path");
        let score = |path: &[u8]| all.paths.iter().find(|(_, other)| other == path);
        let (exact, _) = score(&path).expect("an allowed path");
        assert!((exact - most).abs() < 1e-5 && (f64::from(total) - most).abs() < 1e-5);
        let list = case.k_best(5).expect("there is a path");
        assert_eq!(list.len(), all.paths.len().min(5));
        assert_eq!(list[0], (total, path));
        for ((total, path), (expected, _)) in list.iter().zip(&all.paths) {
            let (exact, _) = score(path).expect("an allowed path");
            assert!((exact - expected).abs() < 1e-5);
            assert!((f64::from(*total) - expected).abs() < 1e-5);
        }
        for (index, (_, path)) in list.iter().enumerate() {
            assert!(list[..index].iter().all(|(_, other)| other != path));
        }
    });
}
