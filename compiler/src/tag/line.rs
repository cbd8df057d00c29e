//! Lines decoded as a whole: the best readings with their probabilities, and those of every label.
//!
//! ```text
//! characters and scores of a line are kept until it ends; then
//! paths     = k_best          probability of a path = exp(its score − log partition)
//! marginals = forward–backward
//! ```
//!
//! A line of too many characters is refused, before the network runs: memory stays bounded. Constraints of
//! gaps that leave no path are dropped, as in [`stream`](super::stream).

use super::dictionary::{Dictionary, Favour};
use super::explain;
use super::labels::Labels;
use super::output::Writer;
use super::output::whole::{Decoded, Path};
use super::session::Wishes;
use super::stream::Decode;
use super::text::Ending;
use crate::error::{Error, Result};
use crate::report::grouped;
use qibu::decode::crf::{self, Crf, CrfError, ListScratch};
use std::collections::VecDeque;

/// Most characters of a line.
pub const LONGEST: usize = 1_000_000;
/// Lines of so many characters are taken, however many labels and readings there are.
const SHORTEST: usize = 16_384;
/// Most characters times labels times readings.
const CELLS: usize = 16_000_000;

/// Decodes line by line.
pub struct Lines<'w> {
    crf: Crf<'w, i32>,
    labels: Labels,
    wishes: &'w Wishes,
    favour: Option<Favour<'w>>,
    limit: usize,
    /// Lines for which the model allows no labels.
    forced: u64,
    waiting: VecDeque<(char, bool)>,
    endings: VecDeque<Ending>,
    line: Vec<(char, bool)>,
    scores: Vec<i32>,
    /// Where lines go.
    pub writer: Writer,
}

impl<'w> Lines<'w> {
    /// A decoder of `crf` that does what `wishes` say.
    ///
    /// # Errors
    /// Never for a dictionary that was read.
    pub fn new(
        crf: Crf<'w, i32>,
        labels: Labels,
        wishes: &'w Wishes,
        writer: Writer,
    ) -> Result<Self> {
        let width = crf.tags() * wishes.nbest.unwrap_or(1);
        let favour = wishes.dictionary.as_ref().map(Dictionary::favour);
        Ok(Self {
            crf,
            labels,
            wishes,
            favour: favour.transpose()?,
            limit: (CELLS / width.max(1)).clamp(SHORTEST, LONGEST),
            forced: 0,
            waiting: VecDeque::new(),
            endings: VecDeque::new(),
            line: Vec::new(),
            scores: Vec::new(),
            writer,
        })
    }
}

impl Decode for Lines<'_> {
    type Consumer = Writer;

    fn consumer(&mut self) -> &mut Writer {
        &mut self.writer
    }

    fn forced(&self) -> u64 {
        self.forced
    }

    fn character(&mut self, character: char, gap: bool) {
        self.waiting.push_back((character, gap));
    }

    fn ending(&mut self, ending: Ending) {
        self.endings.push_back(ending);
    }

    fn scores(&mut self, scores: &[i32]) {
        if let Some(character) = self.waiting.pop_front() {
            self.line.push(character);
            self.scores.extend_from_slice(scores);
        }
    }

    fn end(&mut self) {
        let ending = self.endings.pop_front().unwrap_or(Ending::Lf);
        let gaps = self.line.iter().map(|&(_, gap)| match gap {
            true => self.labels.behind_gap(),
            false => crf::ALL,
        });
        let allowed: Vec<u64> = gaps.collect();
        let marginals = self.wishes.marginals || self.wishes.explain.is_some();
        if let Some(favour) = &mut self.favour {
            let mut favoured = Vec::with_capacity(self.scores.len());
            let mut sink = |scores: &[i32]| favoured.extend_from_slice(scores);
            let rows = self.scores.chunks(self.crf.tags());
            for (&(character, gap), scores) in self.line.iter().zip(rows) {
                if gap {
                    favour.finish(&mut sink);
                }
                // As many scores as labels, as the dictionary has been told.
                let _ = favour.push(character, scores, &mut sink);
            }
            favour.finish(&mut sink);
            self.scores = favoured;
        }
        let found = decode(
            self.crf,
            &self.scores,
            &allowed,
            self.wishes.nbest,
            marginals,
        );
        self.forced += u64::from(found.forced);
        match self.wishes.explain {
            Some(look) => {
                explain::draw(look, &self.labels, &self.line, &found, &mut self.writer.out)
            }
            None => self.writer.whole(&self.line, &found, ending),
        }
        self.line.clear();
        self.scores.clear();
    }

    fn longest(&self) -> Option<usize> {
        Some(self.limit)
    }
}

/// Why a line of more than `longest` characters is refused.
#[must_use]
pub fn too_long(longest: usize) -> Error {
    Error::input(format!(
        "the line has more than {} characters, and what is asked for needs whole lines",
        grouped(longest)
    ))
    .hint("cut the line, or leave out --nbest, --marginals, --explain and --format json")
}

/// The best readings of a line, `nbest` or one, with `marginals` where asked for.
#[must_use]
pub fn decode(
    crf: Crf<'_, i32>,
    scores: &[i32],
    allowed: &[u64],
    nbest: Option<usize>,
    marginals: bool,
) -> Decoded {
    let ranked = nbest.is_some();
    let with = |allowed| readings(crf, scores, allowed, nbest.unwrap_or(1), marginals);
    let found = with(Some(allowed)).or_else(|_| with(None));
    // The model itself allows nothing here.
    let forced = found.is_err();
    let (paths, marginals) = found.unwrap_or_else(|_| {
        let tags = vec![0; allowed.len()];
        (
            vec![Path {
                probability: 0.0,
                tags,
            }],
            marginals.then(|| vec![0.0; scores.len()]),
        )
    });
    Decoded {
        paths,
        ranked,
        marginals,
        forced,
    }
}

type Readings = (Vec<Path>, Option<Vec<f32>>);

fn readings(
    crf: Crf<'_, i32>,
    scores: &[i32],
    allowed: Option<&[u64]>,
    k: usize,
    with_marginals: bool,
) -> std::result::Result<Readings, CrfError> {
    let tags = crf.tags();
    let length = scores.len() / tags;
    let mut totals = vec![0i64; k];
    let mut tagged = vec![0; length * k];
    let scratch = ListScratch {
        scores: &mut vec![0; crf::k_best_scores(tags, k)],
        pointers: &mut vec![0; crf::k_best_pointers(tags, length, k)],
    };
    let found = crf::k_best(&crf, scores, allowed, scratch, &mut tagged, &mut totals)?;
    let mut scratch = vec![0.0; crf::forward_scratch(tags)];
    let mut paths = Vec::new();
    for index in 0..found {
        let tags = tagged
            .get(index * length..(index + 1) * length)
            .unwrap_or_default()
            .to_vec();
        let log = crf::log_probability(&crf, scores, allowed, &tags, &mut scratch)?;
        paths.push(Path {
            probability: libm::exp(f64::from(log)).min(1.0),
            tags,
        });
    }
    let mut shares = None;
    if with_marginals {
        let all = shares.insert(vec![0.0; scores.len()]);
        crf::marginals(&crf, scores, allowed, &mut scratch, all)?;
    }
    Ok((paths, shares))
}
