//! The definition, written naively: a text is extended by R PADs on both sides; the scores of a
//! character are what any window gives that holds it and what is around it.

use qibu::format::DType;
use qibu::tag::Tagger;
use qibu::{Function, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::tagger::{Spec, VOCABULARY};

/// A tagger without any of the runtime's lookups, windows and conversions.
pub struct Naive<'m> {
    emit: Function<'m>,
    arena: AlignedBytes,
    pairs: Vec<[char; 2]>,
    pub window: usize,
    pub reach: usize,
    pub tags: usize,
}

impl<'m> Naive<'m> {
    pub fn new(model: &Model<'m>, spec: &Spec) -> Self {
        let emit = model.function("emit").unwrap();
        assert_eq!(emit.output(0).unwrap().dtype(), DType::F32);
        Self {
            emit,
            arena: AlignedBytes::zeros(emit.arena()),
            pairs: spec.pair_list(),
            window: spec.window,
            reach: spec.reach(),
            tags: spec.tags,
        }
    }

    /// Scores of the W characters behind the first R of `window`; nothing is a PAD.
    fn run(&mut self, window: &[Option<char>]) -> Vec<i32> {
        let id = |character: &Option<char>| match character {
            None => 0,
            Some(character) => match VOCABULARY.chars().position(|other| other == *character) {
                Some(index) => index as i32 + 2,
                None => 1,
            },
        };
        let ids: Vec<i32> = window.iter().map(id).collect();
        let pair = |two: &[Option<char>]| {
            let known = self
                .pairs
                .iter()
                .position(|[a, b]| two == [Some(*a), Some(*b)]);
            known.map_or(0, |index| index as i32 + 1)
        };
        let mut run = self.emit.bind(&mut self.arena).unwrap();
        run.set_i32(0, &ids).unwrap();
        if self.emit.inputs().len() == 2 {
            let pairs: Vec<i32> = window.windows(2).map(pair).collect();
            run.set_i32(1, &pairs).unwrap();
        }
        run.execute().unwrap();
        let fixed = |&score: &f32| libm::rint(f64::from(score) * 65536.0) as i32;
        run.output_f32(0).unwrap().iter().map(fixed).collect()
    }

    /// Scores of character `at` of `text`, standing at `place` of a window's W.
    pub fn alone(&mut self, text: &[char], at: usize, place: usize) -> Vec<i32> {
        let start = at as isize - place as isize - self.reach as isize;
        let length = self.window + 2 * self.reach;
        let index = |offset: usize| usize::try_from(start + offset as isize).ok();
        let window: Vec<Option<char>> = (0..length)
            .map(|offset| text.get(index(offset)?).copied())
            .collect();
        let scores = self.run(&window);
        scores[place * self.tags..][..self.tags].to_vec()
    }

    /// Scores of all of `text`, window by window.
    pub fn all(&mut self, text: &[char]) -> Vec<i32> {
        let mut extended = vec![None; self.reach];
        extended.extend(text.iter().copied().map(Some));
        extended.resize(text.len() + 2 * self.reach + self.window, None);
        let mut scores = Vec::new();
        for start in (0..text.len()).step_by(self.window) {
            scores.extend(self.run(&extended[start..][..self.window + 2 * self.reach]));
        }
        scores.truncate(text.len() * self.tags);
        scores
    }
}

/// The tagger of a file, from the runtime.
pub fn tagger<'m>(model: &Model<'m>, spec: &Spec) -> Tagger<'m> {
    let tagger = Tagger::new(model).unwrap();
    assert_eq!(tagger.window(), spec.window);
    assert_eq!(tagger.reach(), spec.reach());
    assert_eq!(tagger.tags(), spec.tags);
    assert_eq!(tagger.has_pairs(), spec.pairs);
    tagger
}
