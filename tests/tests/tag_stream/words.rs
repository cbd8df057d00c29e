//! Tags with a user's dictionary are those of Viterbi over scores with its biases added.

use super::definition::{Naive, tagger};
use super::tags::{Out, full_buffer};
use super::{IDS, text};
use qibu::Model;
use qibu::decode::dictionary::{Dictionary, Entry, Roles};
use qibu::random::Random;
use qibu::tag::DictionaryStream;
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::tagger::Spec;

const ROLES: Roles = Roles {
    begin: 0,
    middle: 1,
    end: 2,
    single: 3,
};

/// Ascending; characters inside the vocabulary and outside, words in words.
const WORDS: [Entry; 6] = [
    Entry {
        word: "12",
        bias: 3 << 16,
    },
    Entry {
        word: "z",
        bias: 2 << 16,
    },
    Entry {
        word: "人大",
        bias: 1 << 15,
    },
    Entry {
        word: "人大天",
        bias: -(2 << 16),
    },
    Entry {
        word: "日",
        bias: 4 << 16,
    },
    Entry {
        word: "龘龘",
        bias: 5 << 16,
    },
];

/// Adds each word's bias wherever it stands.
fn biased(text: &[char], mut scores: Vec<i32>, tags: usize) -> Vec<i32> {
    for end in 0..text.len() {
        for start in 0..=end {
            let piece: String = text[start..=end].iter().collect();
            let Some(entry) = WORDS.iter().find(|entry| entry.word == piece) else {
                continue;
            };
            for at in start..=end {
                let tag = match (at == start, at == end) {
                    (true, true) => 3,
                    (true, false) => 0,
                    (false, true) => 2,
                    (false, false) => 1,
                };
                scores[at * tags + tag] += entry.bias;
            }
        }
    }
    scores
}

#[test]
fn words_of_the_user_count_wherever_they_stand() {
    let spec = Spec::default();
    let file = spec.int8();
    let model = Model::load(&file).unwrap();
    let mut naive = Naive::new(&model, &spec);
    let tagger = tagger(&model, &spec);
    let mut random = Random::new(11);
    let mut texts = vec![
        vec![],
        "z".chars().collect(),
        "人大天日龘龘12".chars().collect(),
    ];
    for length in 0..60 {
        let mut text = text(length, &mut random);
        let word = WORDS[random.next_u32() as usize % WORDS.len()].word;
        let at = random.next_u32() as usize % (length + 1);
        text.splice(at..at, word.chars());
        texts.push(text);
    }
    let mut arena = AlignedBytes::zeros(tagger.arena());
    let emitter = tagger.emitter::<IDS>(&mut arena).unwrap();
    let dictionary = Dictionary::<_, 4, 8>::new(&WORDS[..], ROLES, 4).unwrap();
    let mut stream = DictionaryStream::<_, IDS, 4, 128, 8>::new(emitter, dictionary).unwrap();
    let mut out = Out::default();
    for text in &texts {
        for &character in text {
            stream
                .push(character, &mut |event| out.take(event))
                .unwrap();
        }
        stream.end(&mut |event| out.take(event)).unwrap();
    }
    stream.flush(&mut |event| out.take(event)).unwrap();
    assert_eq!(out.texts.len(), texts.len());
    let mut changed = 0;
    for (text, (tags, forced)) in texts.iter().zip(out.texts) {
        assert_eq!(forced, 0);
        let scores = naive.all(text);
        changed += usize::from(full_buffer(&tagger, &scores) != tags);
        let expected = full_buffer(&tagger, &biased(text, scores, spec.tags));
        assert_eq!(tags, expected, "{text:?}");
    }
    assert!(changed > 10, "{changed}");
}
