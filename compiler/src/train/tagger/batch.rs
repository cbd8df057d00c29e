//! What a training step reads: the texts of its epoch, in rows, some of their ids hidden.
//!
//! Order, replaced words and hidden ids have random streams of their own, by epoch and by step.

use super::super::random::Random;
use super::augment::Augment;
use super::corpus::Text;
use super::model::{SPECIALS, UNKNOWN};
use super::recipe::Recipe;
use super::rows::{self, Encoded, Ids, Row};
use super::vocabulary::Vocabulary;

const ORDER: u64 = 0x0DE4_0000_0000;
const WORDS: u64 = 0x3032_D500_0000;
const IDS: u64 = 0x1D50_0000_0000;

/// Texts to learn from, and what is drawn of them.
pub struct Source {
    texts: Vec<Text>,
    augment: Option<Augment>,
    /// How often each character id occurs.
    characters: Vec<u32>,
    /// How often each pair id occurs.
    pairs: Vec<u32>,
}

/// One epoch's texts, laid out.
pub struct Epoch {
    /// Its number, from 0.
    pub number: usize,
    /// The texts.
    pub texts: Vec<Encoded>,
    /// Their rows.
    pub rows: Vec<Row>,
}

impl Source {
    /// Counts `texts`; words are replaced if `segmented` and the recipe says so.
    pub fn new(
        recipe: &Recipe,
        texts: Vec<Text>,
        vocabulary: &Vocabulary,
        segmented: bool,
    ) -> Self {
        let mut characters = vec![0; vocabulary.characters.len() + SPECIALS];
        let mut pairs = vec![0; vocabulary.pairs.len() + 1];
        for text in &texts {
            let encoded = Encoded::new(text, vocabulary);
            encoded
                .ids
                .iter()
                .for_each(|&id| characters[id as usize] += 1);
            encoded.pairs.iter().for_each(|&id| pairs[id as usize] += 1);
        }
        let augment = segmented && recipe.augment > 0.0;
        Self {
            augment: augment.then(|| Augment::new(&texts)),
            texts,
            characters,
            pairs,
        }
    }

    /// The texts as they are.
    pub fn texts(&self) -> &[Text] {
        &self.texts
    }

    /// Number of steps of every epoch.
    pub fn steps(&self, recipe: &Recipe) -> Vec<usize> {
        let count = |number| self.lay(recipe, number).1.len().div_ceil(recipe.batch);
        (0..recipe.epochs).map(count).collect()
    }

    /// Epoch `number`, its pairs with ids of `vocabulary` as far as `kept` says so.
    pub fn epoch(
        &self,
        recipe: &Recipe,
        number: usize,
        vocabulary: &Vocabulary,
        kept: Option<&[bool]>,
    ) -> Epoch {
        let (drawn, rows) = self.lay(recipe, number);
        let texts = drawn.as_deref().unwrap_or(&self.texts);
        let encode = |text| {
            let mut encoded = Encoded::new(text, vocabulary);
            encoded.keep(kept);
            encoded
        };
        Epoch {
            number,
            texts: texts.iter().map(encode).collect(),
            rows,
        }
    }

    /// The texts of epoch `number`, where they are not the source's own, and their rows.
    fn lay(&self, recipe: &Recipe, number: usize) -> (Option<Vec<Text>>, Vec<Row>) {
        let stream = |purpose: u64| Random::new(recipe.seed, purpose + number as u64);
        let replaced = (number + 1) as f32 <= recipe.augment_epochs * recipe.epochs as f32;
        let drawn = self.augment.as_ref().filter(|_| replaced);
        let drawn = drawn.map(|augment| augment.draw(recipe.augment, &mut stream(WORDS)));
        let texts = drawn.as_deref().unwrap_or(&self.texts);
        let order = stream(ORDER).order(texts.len());
        let lengths = order.into_iter().map(|text| {
            let text = text as usize;
            (text, texts[text].characters.len())
        });
        let rows = rows::lay(lengths, recipe.row, recipe.reach());
        (drawn, rows)
    }

    /// Makes some characters and pairs of step `step` unknown.
    pub fn hide(&self, recipe: &Recipe, ids: &mut Ids, step: usize) {
        let mut random = Random::new(recipe.seed, IDS + step as u64);
        let rare = |rate: f32, count: u32| rate / (rate + count as f32).max(f32::MIN_POSITIVE);
        let lanes = recipe.batch;
        let mut hidden = vec![false; ids.ids.len()];
        for (id, hidden) in ids.ids.iter_mut().zip(&mut hidden) {
            if *id >= SPECIALS as i64
                && random.chance(rare(recipe.unknown_rate, self.characters[*id as usize]))
            {
                *id = UNKNOWN;
                *hidden = true;
            }
        }
        if !recipe.has_pairs() {
            return;
        }
        for (at, id) in ids.pairs.iter_mut().enumerate() {
            // A pair's characters are one position apart; an unknown one is in no pair.
            if *id > 0
                && (hidden[at]
                    || hidden[at + lanes]
                    || random.chance(recipe.no_pair_rate)
                    || random.chance(rare(recipe.rare_pair_rate, self.pairs[*id as usize])))
            {
                *id = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::corpus::{Corpus, Format};
    use super::*;

    #[test]
    fn noise_hides_the_rare() {
        let text = "的 ".repeat(2000) + "甲 的";
        let texts = Corpus::parse(text.as_bytes(), Format::Words, None)
            .unwrap()
            .texts;
        let letters = texts.iter().map(|text| &text.characters[..]);
        let vocabulary = Vocabulary::count(letters, vec![], 1, 1);
        let recipe = Recipe {
            pair_embedding: 2,
            unknown_rate: 1.0,
            rare_pair_rate: 0.0,
            no_pair_rate: 0.5,
            batch: 1,
            row: 1024,
            ..Recipe::seed_model()
        };
        let source = Source::new(&recipe, texts, &vocabulary, true);
        let epoch = source.epoch(&recipe, 0, &vocabulary, None);
        let sizes = [recipe.row, recipe.reach(), 1];
        let [mut lost, mut rare] = [0, 0];
        for step in 0..200 {
            for rows in epoch.rows.chunks(1) {
                let before = rows::ids(rows, &epoch.texts, sizes);
                let mut ids = before.clone();
                source.hide(&recipe, &mut ids, step);
                let unknown = |character| {
                    let id = vocabulary.id(character);
                    let each = before.ids.iter().zip(&ids.ids);
                    each.filter(|(old, new)| **old == id && **new == UNKNOWN)
                        .count()
                };
                rare += unknown('甲');
                lost += unknown('的');
                for (at, &pair) in ids.pairs.iter().enumerate() {
                    assert!(pair == 0 || (ids.ids[at] > UNKNOWN && ids.ids[at + 1] > UNKNOWN));
                }
                if step == 0 && rows[0][0].from == 0 {
                    let kept = ids.pairs.iter().filter(|&&pair| pair > 0).count();
                    assert!((400..650).contains(&kept), "{kept}");
                }
            }
        }
        // Half of the rare ones, which lie in one row or, near a cut, in two; one in 2002 others.
        assert!(
            (60..260).contains(&rare) && (120..320).contains(&lost),
            "{rare} {lost}"
        );
    }
}
