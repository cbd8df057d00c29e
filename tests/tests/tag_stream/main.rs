//! Streamed scores and tags against their definition: every character alone, whole texts at once.

mod broken;
mod definition;
mod emissions;
mod hostile;
mod tags;
mod words;
mod written;

use qibu::random::Random;
use qibu_tests::tagger::{Spec, VOCABULARY};

/// Most ids of a window in these tests.
const IDS: usize = 96;

/// A random text, one character in eight outside the vocabulary.
fn text(length: usize, random: &mut Random) -> Vec<char> {
    let known: Vec<char> = VOCABULARY.chars().collect();
    let unknown = ['z', '龘', '\0', '\u{10FFFF}', 'ø'];
    let mut draw = |from: &[char]| from[random.next_u32() as usize % from.len()];
    let mut text: Vec<char> = (0..length).map(|_| draw(&known)).collect();
    for slot in &mut text {
        if random.next_u32().is_multiple_of(8) {
            *slot = unknown[random.next_u32() as usize % unknown.len()];
        }
    }
    text
}

/// Taggers of several windows, reaches and tags, with pairs and without.
fn specs() -> Vec<Spec> {
    let spec = |window, dilations: &[usize], tags, pairs, seed| Spec {
        window,
        dilations: dilations.to_vec(),
        tags,
        pairs,
        seed,
        ..Spec::default()
    };
    vec![
        spec(1, &[1, 1], 4, true, 1),
        spec(5, &[1, 2, 4], 4, true, 2),
        spec(8, &[1], 3, false, 3),
        spec(8, &[], 2, false, 4),
        spec(7, &[1, 2], 5, false, 7),
        spec(33, &[1, 2], 7, true, 5),
        spec(64, &[1, 1, 1], 1, true, 6),
    ]
}
