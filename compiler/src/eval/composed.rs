//! What a model composes under all rules: free ones, and acrostics on the heads of people's lines.

use super::draw;
use super::verse::{Judge, Verse, share};
use crate::error::Result;
use crate::poem::coder::{self, Coder};
use crate::poem::parallel;
use crate::train::poem::corpus::{Corpus, line_of};
use serde::Serialize;

/// Measures of composed poems.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Composed {
    /// Measures of the poems that there are.
    #[serde(flatten)]
    pub verse: Verse,
    /// Latents at which no poem keeps the rules.
    pub unsatisfiable: usize,
    /// What the first of them failed at.
    pub reason: Option<String>,
}

/// Measures of acrostics. `kept` is of all that were asked for, the other rates of those that there
/// are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Acrostics {
    /// Acrostics asked for.
    pub n: usize,
    /// Those that no poem keeps together with the rules.
    pub unsatisfiable: usize,
    /// What the first of them failed at.
    pub reason: Option<String>,
    /// Poems with the asked characters at the heads of their lines.
    pub kept: f64,
    /// Poems all of whose characters are Han characters of the vocabulary.
    pub well_formed: f64,
    /// Poems that keep a tone pattern in every position.
    pub tone_template: f64,
    /// Poems that rhyme.
    pub rhyme: f64,
}

/// Composes a poem at each of `latents` and measures them. Both parts tell `done` of each poem.
///
/// # Errors
/// The model cannot compose.
pub fn free(
    coder: &impl Coder,
    latents: &[Vec<f32>],
    judge: Judge<'_>,
    threads: usize,
    done: &(dyn Fn() + Sync),
) -> Result<Composed> {
    let answers = answers(coder, latents, &|_| Vec::new(), threads, done)?;
    let poems: Vec<char> = answers.iter().flatten().flatten().copied().collect();
    let (unsatisfiable, reason) = refusals(&answers);
    Ok(Composed {
        verse: judge.measure(&poems),
        unsatisfiable,
        reason,
    })
}

/// The same with the heads of poems of `corpus`, drawn by `seed` among those whose heads the
/// vocabulary has; with each of them for the second time where there are fewer than latents.
/// `None` where there is none.
///
/// # Errors
/// The model cannot compose.
pub fn acrostics(
    coder: &impl Coder,
    latents: &[Vec<f32>],
    judge: Judge<'_>,
    (corpus, seed): (&Corpus, u64),
    threads: usize,
    done: &(dyn Fn() + Sync),
) -> Result<Option<Acrostics>> {
    let line = line_of(corpus.form);
    let heads = |poem: &[char]| -> Option<Vec<i32>> {
        let heads = poem.iter().step_by(line);
        heads.map(|&head| coder.id(head)).collect()
    };
    let known: Vec<Vec<i32>> = corpus
        .characters
        .chunks_exact(corpus.form)
        .filter_map(heads)
        .collect();
    let drawn = draw::indices(known.len(), latents.len(), seed);
    if drawn.is_empty() {
        return Ok(None);
    }
    let asked = |index: usize| &known[drawn[index % drawn.len()]];
    let fixed = |index: usize| {
        let mut fixed = vec![-1; corpus.form];
        for (place, &id) in fixed.iter_mut().step_by(line).zip(asked(index)) {
            *place = id;
        }
        fixed
    };
    let answers = answers(coder, latents, &fixed, threads, done)?;
    let kept = |(index, answer): (usize, &Answer)| {
        let poem = answer.as_ref().ok();
        poem.and_then(|poem| heads(poem)).as_ref() == Some(asked(index))
    };
    let poems = || answers.iter().flatten();
    let meter = judge.meter();
    let (unsatisfiable, reason) = refusals(&answers);
    Ok(Some(Acrostics {
        n: answers.len(),
        unsatisfiable,
        reason,
        kept: share(answers.iter().enumerate(), kept),
        well_formed: share(poems(), |poem| judge.well_formed(poem)),
        tone_template: share(poems(), |poem| meter.template(poem)),
        rhyme: share(poems(), |poem| meter.rhymes(poem)),
    }))
}

/// A poem, or why there is none.
type Answer = std::result::Result<Vec<char>, String>;

/// How many of `answers` are none, and why the first is.
fn refusals(answers: &[Answer]) -> (usize, Option<String>) {
    let reasons = || answers.iter().filter_map(|answer| answer.as_ref().err());
    (reasons().count(), reasons().next().cloned())
}

/// The poem at each latent under what `fixed` says of it.
fn answers(
    coder: &impl Coder,
    latents: &[Vec<f32>],
    fixed: &(dyn Fn(usize) -> Vec<i32> + Sync),
    threads: usize,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Answer>> {
    parallel::map(
        latents.len(),
        threads,
        || coder.worker(),
        |worker, index| {
            let composed = worker.compose(&latents[index], &fixed(index))?;
            done();
            Ok(match composed {
                coder::Composed::Poem(ids) => Ok(coder.characters(&ids)),
                coder::Composed::Unsatisfiable(reason) => Err(reason),
            })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::meter::tests::{TOWER, table};
    use crate::eval::reference;
    use crate::poem::coder::{Posterior, Worker};
    use qibu::poem::Reading;
    use std::collections::BTreeSet;

    /// Composes 登鹳雀楼 at every latent, with the fixed characters in it; none with 目 fixed.
    struct Poet(Vec<char>);

    impl Poet {
        fn new() -> Self {
            let mut known: Vec<char> = TOWER.chars().chain("春花".chars()).collect();
            known.sort_unstable();
            known.dedup();
            Self(known)
        }
    }

    impl Coder for Poet {
        fn latent(&self) -> usize {
            1
        }
        fn positions(&self) -> usize {
            20
        }
        fn vocabulary(&self) -> &[char] {
            &self.0
        }
        fn id(&self, character: char) -> Option<i32> {
            let place = self.0.binary_search(&character).ok();
            place.map(|place| place as i32)
        }
        fn temperature(&self) -> f32 {
            0.7
        }
        fn sample(&self, _: u64, temperature: f32) -> Vec<f32> {
            vec![temperature]
        }
        fn composes(&self) -> bool {
            true
        }
        fn worker(&self) -> Result<Box<dyn Worker + '_>> {
            Ok(Box::new(Hand(self)))
        }
    }

    struct Hand<'a>(&'a Poet);

    impl Worker for Hand<'_> {
        fn encode(&mut self, _: &[i32]) -> Result<Posterior> {
            unreachable!("nothing is encoded")
        }
        fn score(&mut self, _: &[f32]) -> Result<Vec<f32>> {
            unreachable!("nothing is scored")
        }
        fn read(&mut self, _: &[f32], _: Reading) -> Result<Vec<i32>> {
            unreachable!("nothing is read")
        }
        fn compose(&mut self, _: &[f32], fixed: &[i32]) -> Result<coder::Composed> {
            let Self(poet) = *self;
            if fixed.iter().any(|&id| Some(id) == poet.id('目')) {
                return Ok(coder::Composed::Unsatisfiable("position 1: tone".into()));
            }
            let mut ids: Vec<i32> = TOWER.chars().filter_map(|c| poet.id(c)).collect();
            let given = ids.iter_mut().zip(fixed).filter(|(_, id)| **id >= 0);
            given.for_each(|(place, &id)| *place = id);
            Ok(coder::Composed::Poem(ids))
        }
    }

    /// Acrostics on `poems`, and free poems beside them.
    fn measured(poems: &str, count: usize) -> (Composed, Option<Acrostics>) {
        let poet = Poet::new();
        let mut corpus = Corpus {
            form: 20,
            characters: Vec::new(),
        };
        corpus.take_text(poems.as_bytes()).unwrap();
        let (prosody, reference) = (table(), reference::tests::of("白日依山尽，黄河入海流。"));
        let vocabulary: BTreeSet<char> = poet.0.iter().copied().collect();
        let judge = Judge {
            form: 20,
            vocabulary: &vocabulary,
            prosody: &prosody,
            reference: &reference,
            compared: count,
        };
        let latents = vec![vec![0.0]; count];
        let free = free(&poet, &latents, judge, 2, &|| ()).unwrap();
        let acrostics = acrostics(&poet, &latents, judge, (&corpus, 1), 2, &|| ()).unwrap();
        (free, acrostics)
    }

    #[test]
    fn heads_of_people_stand_at_the_heads() {
        let poems = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。\n\
            春日依山尽，白河入海流。花穷千里目，更上一层楼。\n\
            多日依山尽，白河入海流。花穷千里目，更上一层楼。\n\
            目日依山尽，白河入海流。花穷千里目，更上一层楼。\n";
        let (free, acrostics) = measured(poems, 6);
        assert_eq!(
            (free.verse.n, free.unsatisfiable, free.reason),
            (6, 0, None)
        );
        assert_eq!((free.verse.tone_template, free.verse.rhyme), (1.0, 1.0));
        assert_eq!(free.verse.copied_lines, 0.5);
        let acrostics = acrostics.unwrap();
        // 多 is unknown; the other three poems lend their heads twice, 目 in vain.
        assert_eq!((acrostics.n, acrostics.unsatisfiable), (6, 2));
        assert_eq!(acrostics.reason.as_deref(), Some("position 1: tone"));
        assert_eq!(acrostics.kept, 4.0 / 6.0);
        assert_eq!((acrostics.well_formed, acrostics.rhyme), (1.0, 1.0));
        // 白河入海流 is no line of the four.
        assert_eq!(acrostics.tone_template, 0.5);
    }

    #[test]
    fn without_known_heads_there_are_no_acrostics() {
        let (_, acrostics) = measured("多日依山尽，白河入海流。花穷千里目，更上一层楼。\n", 2);
        assert_eq!(acrostics, None);
    }
}
