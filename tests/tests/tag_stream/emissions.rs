//! Scores of streamed texts are those of every character alone, and those of one large window.

use super::definition::{Naive, tagger};
use super::{IDS, specs, text};
use qibu::Model;
use qibu::random::Random;
use qibu::tag::{Emission, Emitter};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::tagger::Spec;

/// What came out, text by text.
#[derive(Default)]
struct Out {
    texts: Vec<Vec<i32>>,
    open: Vec<i32>,
}

impl Out {
    fn take(&mut self, emission: Emission<'_>) {
        match emission {
            Emission::Scores(scores) => self.open.extend(scores),
            Emission::End => self.texts.push(std::mem::take(&mut self.open)),
        }
    }
}

/// Texts streamed one behind the other, flushed now and then.
fn streamed(emitter: &mut Emitter<'_, '_, IDS>, texts: &[Vec<char>], seed: u64) -> Vec<Vec<i32>> {
    let mut random = Random::new(seed);
    let mut out = Out::default();
    for text in texts {
        for &character in text {
            emitter
                .push(character, &mut |emission| out.take(emission))
                .unwrap();
        }
        // A flush ends a text that has begun.
        let mut chance = |of: u32| random.next_u32().is_multiple_of(of);
        if text.is_empty() || !chance(6) {
            emitter.end(&mut |emission| out.take(emission)).unwrap();
        } else {
            emitter.flush(&mut |emission| out.take(emission)).unwrap();
            assert!(out.open.is_empty());
        }
        for _ in 0..2 {
            if chance(6) {
                emitter.flush(&mut |emission| out.take(emission)).unwrap();
                assert!(out.open.is_empty());
            }
        }
    }
    emitter.flush(&mut |emission| out.take(emission)).unwrap();
    assert!(out.open.is_empty());
    out.texts
}

fn check(spec: &Spec, file: &AlignedBytes) {
    let model = Model::load(file).unwrap();
    let mut naive = Naive::new(&model, spec);
    let tagger = tagger(&model, spec);
    let mut arena = AlignedBytes::zeros(tagger.arena());
    let mut emitter = tagger.emitter::<IDS>(&mut arena).unwrap();
    let mut random = Random::new(spec.seed);
    let w = spec.window;
    let mut lengths = vec![0, 0, 1, w - 1, w, w + 1, 0, 2 * w, 3, 0];
    lengths.extend((0..40).map(|_| random.next_u32() as usize % (3 * w + 5)));
    for round in 0..3 {
        let texts: Vec<Vec<char>> = lengths.iter().map(|&n| text(n, &mut random)).collect();
        let out = streamed(&mut emitter, &texts, round);
        assert_eq!(out.len(), texts.len());
        for (text, scores) in texts.iter().zip(out) {
            assert_eq!(scores, naive.all(text), "{spec:?} {text:?}");
            for at in 0..text.len().min(20) {
                let place = random.next_u32() as usize % w;
                let alone = naive.alone(text, at, place);
                assert_eq!(scores[at * spec.tags..][..spec.tags], alone, "{spec:?}");
            }
        }
    }
}

#[test]
fn streamed_scores_are_those_of_each_character_alone() {
    for spec in specs() {
        check(&spec, &spec.int8());
        check(&spec, &spec.float());
    }
}

/// The same network behind another window: the same bits.
#[test]
fn windows_make_no_difference() {
    for pairs in [false, true] {
        let wide = |window| Spec {
            window,
            pairs,
            ..Spec::default()
        };
        let text = text(900, &mut Random::new(9));
        let whole = wide(900);
        let file = whole.float();
        let expected = Naive::new(&Model::load(&file).unwrap(), &whole).all(&text);
        for window in [1, 7, 64] {
            let spec = wide(window);
            let file = spec.float();
            let model = Model::load(&file).unwrap();
            let tagger = tagger(&model, &spec);
            let mut arena = AlignedBytes::zeros(tagger.arena());
            let mut emitter = tagger.emitter::<IDS>(&mut arena).unwrap();
            let out = streamed(&mut emitter, std::slice::from_ref(&text), 0);
            assert_eq!(out, std::slice::from_ref(&expected), "window {window}");
        }
    }
}
