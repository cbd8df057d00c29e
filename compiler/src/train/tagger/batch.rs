//! What a training step reads: the texts of its epoch, in rows, with noise.
//!
//! Order, replaced words and noise have random streams of their own, by epoch and by step.

use super::super::random::Random;
use super::augment::Augment;
use super::corpus::Text;
use super::lower::Site;
use super::model::{SPECIALS, UNKNOWN};
use super::recipe::Recipe;
use super::rows::{self, Encoded, Ids, Row};
use super::vocabulary::Vocabulary;
use crate::engine::Tensor;

const ORDER: u64 = 0x0DE4_0000_0000;
const WORDS: u64 = 0x3032_D500_0000;
const IDS: u64 = 0x1D50_0000_0000;
const MASKS: u64 = 0x3A5C_0000_0000;

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
        let replaced = (number as f32) < recipe.augment_epochs * recipe.epochs as f32;
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

/// A place where channels are zeroed: its graph input's name and shape, and the share.
pub struct Mask {
    /// Where it acts.
    pub site: Site,
    /// Name of the input.
    pub name: String,
    /// Rows and channels.
    pub shape: [usize; 2],
    /// Share of zeros.
    pub rate: f32,
}

/// The masks of a recipe.
pub fn masks(recipe: &Recipe) -> Vec<Mask> {
    let mut masks = Vec::new();
    let mut add = |site, name: String, positions: usize, channels: usize, rate: f32| {
        if rate > 0.0 {
            let shape = [positions * recipe.batch, channels];
            masks.push(Mask {
                site,
                name,
                shape,
                rate,
            });
        }
    };
    let mut length = recipe.row + 2 * recipe.reach();
    let rate = recipe.embedding_dropout;
    add(
        Site::Characters,
        "mask/characters".into(),
        length,
        recipe.embedding,
        rate,
    );
    if recipe.has_pairs() {
        let (width, rate) = (recipe.pair_embedding, recipe.pair_dropout);
        add(Site::Pairs, "mask/pairs".into(), length - 1, width, rate);
        length -= 2;
    }
    for (number, layer) in recipe.layers.iter().enumerate() {
        length -= 2 * layer.reach();
        let name = format!("mask/layers.{number}");
        add(
            Site::Layer(number),
            name,
            length,
            layer.width,
            recipe.layer_dropout,
        );
    }
    masks
}

/// Values of the masks at step `step`: 0, or what keeps the mean.
pub fn draw_masks(recipe: &Recipe, masks: &[Mask], step: usize) -> Vec<(String, Tensor)> {
    let mut random = Random::new(recipe.seed, MASKS + step as u64);
    let draw = |mask: &Mask| {
        let keep = 1.0 / (1.0 - mask.rate);
        // Two channels from each number: 16 bits are enough to choose by.
        let threshold = (mask.rate * 65_536.0) as u32;
        let count = mask.shape.iter().product();
        let mut values = Vec::with_capacity(count + 1);
        while values.len() < count {
            let bits = random.next();
            for half in [bits >> 16, bits & 0xFFFF] {
                values.push(if half < threshold { 0.0 } else { keep });
            }
        }
        values.truncate(count);
        (mask.name.clone(), Tensor::f32(&mask.shape, values))
    };
    masks.iter().map(draw).collect()
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

    #[test]
    fn masks_keep_the_mean() {
        let recipe = Recipe {
            embedding_dropout: 0.3,
            ..Recipe::seed_model()
        };
        let all = masks(&recipe);
        assert_eq!(all.len(), 4);
        let drawn = draw_masks(&recipe, &all, 5);
        assert_eq!(drawn, draw_masks(&recipe, &all, 5));
        assert_ne!(drawn, draw_masks(&recipe, &all, 6));
        for (name, tensor) in drawn {
            let values = tensor.as_f32(&name).unwrap();
            let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / values.len() as f64;
            assert!((mean - 1.0).abs() < 0.01, "{name} {mean}");
        }
    }
}
