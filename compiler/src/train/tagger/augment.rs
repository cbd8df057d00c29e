//! New texts from old ones: some words are replaced by words seen beside the same neighbour.
//!
//! ```text
//! for each word of a text, with the given probability:
//!     one of the words seen after the word before it, or before the word after it,
//!     as often as each was seen
//! ```

use super::super::random::Random;
use super::corpus::{SEGMENTATION, Text};
use crate::tag::labels::Labels;
use std::collections::BTreeMap;

/// Words of a corpus by their neighbours.
pub struct Augment {
    /// Words of each text, as numbers.
    texts: Vec<Vec<u32>>,
    /// The words; number 0 is no word, but a text's edge.
    words: Vec<Vec<char>>,
    /// Words seen after each word.
    after: Vec<Vec<u32>>,
    /// Words seen before each word.
    before: Vec<Vec<u32>>,
}

impl Augment {
    /// Counts the neighbours in segmented `texts`.
    pub fn new(texts: &[Text]) -> Self {
        let labels = Labels::new(SEGMENTATION);
        let mut numbers: BTreeMap<&[char], u32> = BTreeMap::new();
        let mut words = vec![Vec::new()];
        let mut sequences = Vec::new();
        for text in texts {
            let mut sequence = Vec::new();
            for word in text.words(&labels) {
                let number = *numbers.entry(word).or_insert_with(|| {
                    words.push(word.to_vec());
                    words.len() as u32 - 1
                });
                sequence.push(number);
            }
            sequences.push(sequence);
        }
        let mut after = vec![Vec::new(); words.len()];
        let mut before = vec![Vec::new(); words.len()];
        for sequence in &sequences {
            let mut left = 0;
            for &right in sequence.iter().chain([&0]) {
                after[left as usize].push(right);
                before[right as usize].push(left);
                left = right;
            }
        }
        Self {
            texts: sequences,
            words,
            after,
            before,
        }
    }

    /// The texts with about `share` of their words replaced.
    pub fn draw(&self, share: f32, random: &mut Random) -> Vec<Text> {
        let text = |sequence: &Vec<u32>| {
            let mut text = Text::default();
            for (at, &word) in sequence.iter().enumerate() {
                let mut word = word;
                if random.chance(share) {
                    let beside = match random.chance(0.5) {
                        true => {
                            &self.after[at.checked_sub(1).map_or(0, |at| sequence[at]) as usize]
                        }
                        false => &self.before[sequence.get(at + 1).copied().unwrap_or(0) as usize],
                    };
                    let other = beside[random.below(beside.len() as u32) as usize];
                    if other != 0 {
                        word = other;
                    }
                }
                text.push_word(&self.words[word as usize]);
            }
            text
        };
        self.texts.iter().map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::corpus::{Corpus, Format};
    use super::*;

    #[test]
    fn words_keep_a_neighbour() {
        let text = "我 爱 北京\n我 爱 你 们\n他 去 北京\n";
        let texts = Corpus::parse(text.as_bytes(), Format::Words, None)
            .unwrap()
            .texts;
        let augment = Augment::new(&texts);
        let same = augment.draw(0.0, &mut Random::new(1, 1));
        assert_eq!(same, texts);
        let mut random = Random::new(1, 1);
        let drawn: Vec<String> = (0..200)
            .flat_map(|_| augment.draw(0.3, &mut random))
            .map(|text| text.characters.iter().collect())
            .collect();
        assert!(drawn.iter().any(|text| text == "他爱北京"));
        assert!(drawn.iter().all(|text| !text.starts_with("们")));
    }
}
