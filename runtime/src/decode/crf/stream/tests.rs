//! Against survivors that remember their whole path.

use super::*;
use proptest::prelude::*;
use std::vec::Vec;

const TAGS: usize = 3;

/// A survivor's score and tags.
type Survivor = (i64, Vec<u8>);

struct Naive {
    survivors: Vec<Option<Survivor>>,
    decided: usize,
    forced: u32,
}

impl Naive {
    fn push(
        &mut self,
        crf: Crf<'_, i32>,
        emission: &[i32],
        allowed: u64,
        buffer: usize,
    ) -> Vec<u8> {
        let first = self.survivors.is_empty();
        let step = |to: usize| -> Option<Survivor> {
            let mut best: Option<Survivor> = first.then(|| (i64::from(crf.start(to)), Vec::new()));
            if first && crf.start(to) == FORBIDDEN {
                best = None;
            }
            for (from, survivor) in self.survivors.iter().enumerate() {
                let Some((score, path)) = survivor else {
                    continue;
                };
                let score = score + i64::from(crf.transition(from, to));
                let forbidden = crf.transition(from, to) == FORBIDDEN;
                if !forbidden && best.as_ref().is_none_or(|(most, _)| score > *most) {
                    best = Some((score, path.clone()));
                }
            }
            let (score, mut path) = best?;
            path.push(to as u8);
            let possible = allowed >> to & 1 == 1 && emission[to] != FORBIDDEN;
            possible.then(|| (score + i64::from(emission[to]), path))
        };
        let next: Vec<_> = (0..TAGS).map(step).collect();
        if next.iter().all(Option::is_none) {
            return std::vec![255];
        }
        self.survivors = next;
        let most = self
            .survivors
            .iter()
            .flatten()
            .map(|(score, _)| *score)
            .max();
        let best = self
            .survivors
            .iter()
            .flatten()
            .find(|(score, _)| Some(*score) == most);
        let best = best.expect("one survives").1.clone();
        let mut tags = Vec::new();
        if best.len() - self.decided > buffer {
            if !self.agree() {
                self.forced += 1;
                let (decided, tag) = (self.decided, best[self.decided]);
                for survivor in &mut self.survivors {
                    survivor.take_if(|(_, path)| path[decided] != tag);
                }
            }
            tags.push(best[self.decided]);
            self.decided += 1;
        }
        while self.decided < best.len() && self.agree() {
            tags.push(best[self.decided]);
            self.decided += 1;
        }
        tags
    }

    /// Whether all survivors have the same tag at the oldest undecided character.
    fn agree(&self) -> bool {
        let mut tags = self
            .survivors
            .iter()
            .flatten()
            .map(|(_, path)| path[self.decided]);
        let first = tags.next();
        tags.all(|tag| Some(tag) == first)
    }
}

/// Small scores, so that there are ties; some of them forbidden.
fn scores(count: usize) -> impl Strategy<Value = Vec<i32>> {
    let score = prop_oneof![6 => -2..3_i32, 1 => Just(FORBIDDEN)];
    prop::collection::vec(score, count)
}

fn check<const BUFFER: usize>(
    table: &[i32],
    text: &[(Vec<i32>, u64)],
) -> Result<(), TestCaseError> {
    let crf = Crf::new(TAGS, table).expect("the table fits");
    // More room than tags.
    let mut stream = Stream::<4, BUFFER>::new(crf).expect("three tags");
    let mut naive = Naive {
        survivors: Vec::new(),
        decided: 0,
        forced: 0,
    };
    for (emission, allowed) in text {
        let mut tags = Vec::new();
        let result = stream.push_allowed(emission, *allowed, &mut |tag| tags.push(tag));
        if result.is_err() {
            tags.push(255);
        }
        prop_assert_eq!(tags, naive.push(crf, emission, *allowed, BUFFER));
        prop_assert_eq!(stream.forced(), naive.forced);
    }
    let ends = naive
        .survivors
        .iter()
        .flatten()
        .filter_map(|(score, path)| {
            let end = crf.end(usize::from(*path.last()?));
            (end != FORBIDDEN).then(|| (score + i64::from(end), path[naive.decided..].to_vec()))
        });
    let best = ends.rev().max_by_key(|(score, _)| *score);
    let mut tags = Vec::new();
    let position = naive
        .survivors
        .iter()
        .flatten()
        .next()
        .map_or(0, |(_, path)| path.len());
    match stream.finish(&mut |tag| tags.push(tag)) {
        Ok(score) if position > 0 => prop_assert_eq!(Some((score, tags)), best),
        Ok(score) => prop_assert_eq!((score, tags), (0, Vec::new())),
        Err(error) => {
            prop_assert_eq!((error, best), (CrfError::NoPath { position }, None));
            let best = naive
                .survivors
                .iter()
                .flatten()
                .rev()
                .max_by_key(|(score, _)| *score);
            stream.cut(&mut |tag| tags.push(tag));
            prop_assert_eq!(
                Some(&tags[..]),
                best.map(|(_, path)| &path[naive.decided..])
            );
        }
    }
    prop_assert_eq!(stream.undecided(), 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn decisions_come_when_they_must_and_not_before(
        table in scores((TAGS + 2) * TAGS),
        text in prop::collection::vec((scores(TAGS), 1..8_u64), 0..24),
    ) {
        check::<1>(&table, &text)?;
        check::<2>(&table, &text)?;
        check::<3>(&table, &text)?;
        check::<8>(&table, &text)?;
    }
}

#[test]
fn fields_must_fit() {
    let crf = Crf::new(3, &[0; 15]).expect("the table fits");
    assert!(Stream::<2, 8>::new(crf).is_none());
    assert!(Stream::<3, 0>::new(crf).is_none());
    assert!(Stream::<3, 1>::new(crf).is_some());
}

#[test]
fn a_text_knows_nothing_of_the_one_before() {
    // Only the first character of a text has the start score.
    let crf = Crf::new(2, &[5, 0, 0, 0, 0, 0, 0, 0]).expect("the table fits");
    let mut stream = Stream::<2, 4>::new(crf).expect("two tags");
    let ends: [fn(&mut Stream<'_, 2, 4>); 3] = [
        |stream| assert_eq!(stream.finish(&mut |_| {}), Ok(6)),
        |stream| stream.cut(&mut |_| {}),
        |stream| stream.reset(),
    ];
    for end in ends {
        assert_eq!(stream.push(&[1, 0], &mut |_| {}), Ok(()));
        end(&mut stream);
        assert_eq!(stream.undecided(), 0);
        assert_eq!(stream.push(&[1, 0], &mut |_| {}), Ok(()));
        assert_eq!(stream.finish(&mut |_| {}), Ok(6));
    }
}
