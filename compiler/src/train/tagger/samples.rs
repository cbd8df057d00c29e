//! Calibration samples that need no corpus: seeded walks along known pairs.
//!
//! ```text
//! a window begins with a few PADs or none; then characters
//! after a character comes one of those that it forms a pair with, each as probable;
//! now and then, and where it forms none, any character, or the text ends and another begins
//! ```

use super::model::PAD;
use super::recipe::Recipe;
use super::vocabulary::Vocabulary;
use crate::engine::Tensor;
use crate::train::random::Random;
use crate::train::tensors::File;
use std::collections::BTreeMap;

/// How many windows are drawn.
pub const COUNT: usize = 512;

/// One character in this many is any one.
const JUMP: u32 = 12;
/// One character in this many is a text's last.
const END: u32 = 60;

/// `ids` `[N, W+2R]` and, with pairs, `pairs` `[N, W+2R−1]`; walks go along `along`.
pub fn draw(recipe: &Recipe, vocabulary: &Vocabulary, along: &[[char; 2]]) -> File {
    let mut random = Random::new(recipe.seed, 0xCA11_B8A7);
    let mut after: BTreeMap<char, Vec<char>> = BTreeMap::new();
    for [first, second] in along {
        after.entry(*first).or_default().push(*second);
    }
    let reach = recipe.reach();
    let length = recipe.window + 2 * reach;
    let any = |random: &mut Random| match vocabulary.characters.len() as u32 {
        0 => None,
        count => vocabulary
            .characters
            .get(random.below(count) as usize)
            .copied(),
    };
    let mut ids = Vec::with_capacity(COUNT * length);
    let mut pairs = Vec::with_capacity(COUNT * (length - 1));
    for _ in 0..COUNT {
        // `None` is a PAD.
        let mut window: Vec<Option<char>> = Vec::with_capacity(length + reach);
        let before = random.below(2 * reach as u32 + 1) as usize;
        window.resize(before.saturating_sub(reach), None);
        let mut last = None;
        while window.len() < length {
            let next = match last.and_then(|last| after.get(&last)) {
                Some(follow) if random.below(JUMP) > 0 => follow
                    .get(random.below(follow.len() as u32) as usize)
                    .copied(),
                _ => any(&mut random),
            };
            window.push(next);
            last = next;
            if random.below(END) == 0 {
                window.resize(window.len() + reach, None);
                last = None;
            }
        }
        window.truncate(length);
        ids.extend(
            window
                .iter()
                .map(|one| one.map_or(PAD, |one| vocabulary.id(one))),
        );
        pairs.extend(window.windows(2).map(|two| match two {
            [Some(first), Some(second)] => vocabulary.pair(*first, *second),
            _ => 0,
        }));
    }
    let mut file = File::default();
    let mut add = |name: &str, length: usize, values: Vec<i64>| {
        file.tensors
            .insert(name.into(), Tensor::i64(&[COUNT, length], values));
    };
    add("ids", length, ids);
    if recipe.has_pairs() {
        add("pairs", length - 1, pairs);
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_are_along_pairs_and_within_range() {
        let text: Vec<char> = "白日依山尽黄河入海流欲穷千里目更上一层楼".chars().collect();
        let vocabulary = Vocabulary::count([&text[..]].into_iter(), vec![], 1, 1);
        let recipe = Recipe {
            pair_embedding: 4,
            ..Recipe::seed_model()
        };
        let file = draw(&recipe, &vocabulary, &vocabulary.pairs);
        let [ids, pairs] = ["ids", "pairs"].map(|name| file.tensors[name].as_i64(name).unwrap());
        let length = recipe.window + 2 * recipe.reach();
        assert_eq!(
            (ids.len(), pairs.len()),
            (COUNT * length, COUNT * (length - 1))
        );
        let known = pairs.iter().filter(|&&pair| pair > 0).count();
        assert!(known * 10 > pairs.len() * 7, "{known} of {}", pairs.len());
        assert!(ids.contains(&PAD) && ids.iter().all(|&id| id < text.len() as i64 + 2));
        let first = &ids[..length];
        for (two, &pair) in first.windows(2).zip(pairs) {
            if pair > 0 {
                let [a, b] = [two[0], two[1]].map(|id| vocabulary.characters[id as usize - 2]);
                assert_eq!(vocabulary.pair(a, b), pair);
            }
        }
        assert_eq!(file, draw(&recipe, &vocabulary, &vocabulary.pairs));
    }
}
