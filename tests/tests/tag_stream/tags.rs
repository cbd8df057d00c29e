//! Streamed tags are those of Viterbi over the whole text, while no decision is forced.

use super::definition::{Naive, tagger};
use super::{IDS, specs, text};
use qibu::decode::crf::{Scratch, viterbi, viterbi_pointers, viterbi_scores};
use qibu::random::Random;
use qibu::tag::{Event, TagStream, Tagger};
use qibu::{Model, tag};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::need::say;
use qibu_tests::tagger::Spec;

const TAGS: usize = 8;

/// Tags of each text and how many decisions were forced.
pub type Tagged = Vec<(Vec<u8>, u32)>;

/// What came out.
#[derive(Default)]
pub struct Out {
    pub texts: Tagged,
    open: Vec<u8>,
}

impl Out {
    pub fn take(&mut self, event: Event) {
        match event {
            Event::Tag(tag) => self.open.push(tag),
            Event::End { forced } => self.texts.push((std::mem::take(&mut self.open), forced)),
        }
    }
}

/// Tags of `texts` in one stream, flushed behind every text where `alone`.
fn streamed<const BUFFER: usize>(
    stream: &mut TagStream<'_, '_, IDS, TAGS, BUFFER>,
    texts: &[Vec<char>],
    alone: bool,
) -> Tagged {
    let mut out = Out::default();
    for text in texts {
        for &character in text {
            stream
                .push(character, &mut |event| out.take(event))
                .unwrap();
        }
        stream.end(&mut |event| out.take(event)).unwrap();
        if alone {
            stream.flush(&mut |event| out.take(event)).unwrap();
        }
    }
    stream.flush(&mut |event| out.take(event)).unwrap();
    assert!(out.open.is_empty());
    out.texts
}

/// Viterbi over all scores of a text at once.
pub fn full_buffer(tagger: &Tagger<'_>, scores: &[i32]) -> Vec<u8> {
    let width = tagger.tags();
    let length = scores.len() / width;
    let mut tags = vec![0; length];
    let scratch = Scratch {
        scores: &mut vec![0; viterbi_scores(width)],
        pointers: &mut vec![0; viterbi_pointers(width, length)],
    };
    viterbi(&tagger.crf(), scores, None, scratch, &mut tags).unwrap();
    tags
}

/// Lengths of 1,000 texts over all windows together, a few long ones among them.
fn lengths(window: usize, count: usize, random: &mut Random) -> Vec<usize> {
    let mut lengths = vec![0, 1, window - 1, window, window + 1, 20_000];
    lengths.resize_with(count, || match random.next_u32() % 20 {
        0 => random.next_u32() as usize % 2000,
        1..4 => 0,
        _ => random.next_u32() as usize % 120,
    });
    lengths
}

#[test]
fn streamed_tags_are_those_of_full_buffers() {
    let specs = specs();
    let each = 1000 / specs.len() + 1;
    let (mut texts_in_all, mut forced_in_all) = (0, 0);
    for (number, spec) in specs.iter().enumerate() {
        let file = match number % 3 {
            0 => spec.float(),
            _ => spec.int8(),
        };
        let model = Model::load(&file).unwrap();
        let mut naive = Naive::new(&model, spec);
        let tagger = tagger(&model, spec);
        let mut arena = AlignedBytes::zeros(tagger.arena());
        let mut stream = tagger.stream::<IDS, TAGS, 128>(&mut arena).unwrap();
        let mut random = Random::new(spec.seed);
        let mut lengths = lengths(spec.window, each, &mut random);
        if number == 1 {
            lengths.push(100_000);
        }
        let texts: Vec<Vec<char>> = lengths.iter().map(|&n| text(n, &mut random)).collect();
        let joined = streamed(&mut stream, &texts, false);
        assert_eq!(joined, streamed(&mut stream, &texts, true), "{spec:?}");
        assert_eq!(joined.len(), texts.len());
        for (text, (tags, forced)) in texts.iter().zip(joined) {
            assert_eq!(tags.len(), text.len());
            forced_in_all += forced;
            if forced == 0 {
                let expected = full_buffer(&tagger, &naive.all(text));
                assert_eq!(tags, expected, "{spec:?}, a text of {}", text.len());
            }
        }
        texts_in_all += texts.len();
    }
    say(&format!(
        "{texts_in_all} texts, {forced_in_all} forced decisions"
    ));
    assert!(texts_in_all >= 1000);
    assert_eq!(forced_in_all, 0);
}

/// With hardly any buffer decisions are forced, counted, and each character still has one tag.
#[test]
fn forced_decisions_are_counted() {
    let spec = Spec {
        stickiness: 6.0,
        ..Spec::default()
    };
    let file = spec.int8();
    let model = Model::load(&file).unwrap();
    let mut naive = Naive::new(&model, &spec);
    let tagger = tagger(&model, &spec);
    let mut random = Random::new(5);
    let texts: Vec<Vec<char>> = (0..50).map(|_| text(100, &mut random)).collect();
    let mut arena = AlignedBytes::zeros(tagger.arena());
    let mut short = tagger.stream::<IDS, TAGS, 2>(&mut arena).unwrap();
    let tagged = streamed(&mut short, &texts, false);
    assert!(tagged.iter().map(|(_, forced)| forced).sum::<u32>() > 0);
    let mut different = 0;
    for (text, (tags, forced)) in texts.iter().zip(&tagged) {
        assert_eq!(tags.len(), 100);
        let full = full_buffer(&tagger, &naive.all(text));
        assert!(*forced > 0 || *tags == full);
        different += usize::from(*tags != full);
    }
    assert!(different > 0);
    let mut arena = AlignedBytes::zeros(tagger.arena());
    let mut long = tagger.stream::<IDS, TAGS, 128>(&mut arena).unwrap();
    assert!(
        streamed(&mut long, &texts, false)
            .iter()
            .all(|(_, forced)| *forced == 0)
    );
}

/// Memory beside the arena, where pointers have 64 bits; `chip.rs` measures it with 32.
#[test]
fn streams_are_small() {
    type Stream = TagStream<'static, 'static, 128, 4, 128>;
    let bytes = std::mem::size_of::<Stream>();
    say(&format!("TagStream<128, 4, 128>: {bytes} bytes"));
    assert!(bytes <= 4 * 128 + 2 * 128 + 800, "{bytes}");
    assert!(std::mem::size_of::<tag::TaggerError>() <= 24);
}
