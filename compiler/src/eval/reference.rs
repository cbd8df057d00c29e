//! The reference: lines that people wrote, to compare generated ones with.

use super::trigram::Trigram;
use crate::error::Result;
use crate::train::poem::corpus::{Corpus, line_of};
use std::collections::HashSet;
use std::path::Path;

/// Pairs, lines and trigrams of the reference. The sets are only looked up, never walked.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    pairs: HashSet<[char; 2]>,
    lines: HashSet<Vec<char>>,
    /// The fluency model.
    pub trigram: Trigram,
}

impl Reference {
    /// Reads the couplets of `path`, five- and seven-character ones alike: the language is the same,
    /// and a pair that seven-character lines have is no invention of the model. Quatrains are
    /// compared with couplets too: of all poems, not only of those of four lines.
    ///
    /// # Errors
    /// The file is unreadable or has no couplet with the lines of a poem of `form` characters.
    pub fn read(path: &Path, form: usize) -> Result<Self> {
        let mut reference = Self::default();
        let couplet = 2 * line_of(form);
        reference.take(&Corpus::read(path, couplet)?);
        for other in [10, 14].into_iter().filter(|&other| other != couplet) {
            // What fails here is that there is no couplet of the other form.
            if let Ok(corpus) = Corpus::read(path, other) {
                reference.take(&corpus);
            }
        }
        Ok(reference)
    }

    /// Takes all lines of `corpus`.
    pub fn take(&mut self, corpus: &Corpus) {
        for line in corpus.characters.chunks_exact(line_of(corpus.form)) {
            self.pairs.extend(pairs(line));
            self.lines.insert(line.to_vec());
            self.trigram.take(line);
        }
    }

    /// Whether the adjacent `pair` occurs within a line.
    #[must_use]
    pub fn has_pair(&self, pair: [char; 2]) -> bool {
        self.pairs.contains(&pair)
    }

    /// Whether `line` occurs as a whole line.
    #[must_use]
    pub fn has_line(&self, line: &[char]) -> bool {
        self.lines.contains(line)
    }
}

/// Adjacent pairs of a line.
pub fn pairs(line: &[char]) -> impl Iterator<Item = [char; 2]> {
    line.iter().zip(line.iter().skip(1)).map(|(&a, &b)| [a, b])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn of(text: &str) -> Reference {
        let mut reference = Reference::default();
        for form in [10, 14] {
            let mut corpus = Corpus {
                form,
                characters: Vec::new(),
            };
            corpus.take_text(text.as_bytes()).unwrap();
            reference.take(&corpus);
        }
        reference
    }

    #[test]
    fn pairs_stay_within_a_line() {
        let reference = of("白日依山尽，黄河入海流。两个黄鹂鸣翠柳，一行白鹭上青天。");
        assert!(reference.has_pair(['山', '尽']) && reference.has_pair(['青', '天']));
        assert!(!reference.has_pair(['尽', '黄']) && !reference.has_pair(['流', '两']));
        let line = |text: &str| text.chars().collect::<Vec<_>>();
        assert!(
            reference.has_line(&line("黄河入海流")) && reference.has_line(&line("一行白鹭上青天"))
        );
        assert!(!reference.has_line(&line("黄河入海")));
    }
}
