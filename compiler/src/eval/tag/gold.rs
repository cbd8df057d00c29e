//! Sentences with their right answers, in the forms that training reads.

use crate::error::{Error, Result};
use crate::tag::labels::Labels;
use crate::train::tagger::corpus::{Corpus, Format};
use std::collections::BTreeSet;
use std::path::Path;

/// A sentence and the label of each character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The characters.
    pub characters: Vec<char>,
    /// As many labels.
    pub labels: Vec<String>,
}

impl Sentence {
    /// Labels as slices.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.labels.iter().map(String::as_str).collect()
    }
}

/// Reads the sentences of the file at `path`, for a model with `labels`.
///
/// # Errors
/// The file is unreadable, no UTF-8 or not of that form; there is no sentence; it has words where
/// the labels are not those of words, or no label of the model.
pub fn read(path: &Path, format: Format, labels: &Labels) -> Result<Vec<Sentence>> {
    let within = |error: Error| error.within(path.display());
    check(format, labels).map_err(within)?;
    sentences(Corpus::read(path, format, None)?, labels).map_err(within)
}

/// As [`read`], of bytes.
///
/// # Errors
/// As [`read`], without the file's name.
pub fn parse(bytes: &[u8], format: Format, labels: &Labels) -> Result<Vec<Sentence>> {
    check(format, labels)?;
    sentences(Corpus::parse(bytes, format, None)?, labels)
}

fn check(format: Format, labels: &Labels) -> Result<()> {
    if format == Format::Conll || labels.are_words() {
        return Ok(());
    }
    let labels = labels.names().join(" ");
    Err(
        Error::usage(format!("words, but the model's labels are {labels}"))
            .hint("give a file of characters with such labels and --format conll"),
    )
}

/// A gold file may have labels that the model has not: they are never found. Where it has no other,
/// it is one of another task.
fn sentences(corpus: Corpus, labels: &Labels) -> Result<Vec<Sentence>> {
    if !corpus
        .labels
        .iter()
        .any(|label| labels.tag(label).is_some())
    {
        let (given, known) = (corpus.labels.join(" "), labels.names().join(" "));
        let why = format!("labels {given}, but the model's labels are {known}");
        return Err(Error::usage(why).hint("give a file with labels of the model"));
    }
    let name = |&tag: &u8| {
        corpus
            .labels
            .get(usize::from(tag))
            .cloned()
            .unwrap_or_default()
    };
    let texts = corpus.texts.iter().map(|text| Sentence {
        characters: text.characters.clone(),
        labels: text.tags.iter().map(name).collect(),
    });
    Ok(texts.collect())
}

/// The words of `sentences`.
#[must_use]
pub fn words(sentences: &[Sentence]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for sentence in sentences {
        for span in super::spans::Measure::Words.spans(&sentence.names()) {
            let word = sentence.characters.iter().take(span.end).skip(span.start);
            all.insert(word.collect());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels::new(["S", "B", "M", "E"])
    }

    fn shown(format: Format, text: &str, labels: &Labels) -> Vec<String> {
        let sentences = parse(text.as_bytes(), format, labels).unwrap();
        let show = |sentence: &Sentence| {
            let pairs = sentence.characters.iter().zip(&sentence.labels);
            let pairs = pairs.map(|(character, label)| format!("{character}{label}"));
            pairs.collect()
        };
        sentences.iter().map(show).collect()
    }

    #[test]
    fn words_and_columns_become_labels() {
        let found = shown(Format::Words, "春眠  不 觉晓了\n\n鸟", &labels());
        assert_eq!(found, ["春B眠E不S觉B晓M了E", "鸟S"]);
        let sentences = parse("春眠 不\n不 春".as_bytes(), Format::Words, &labels()).unwrap();
        let words: Vec<String> = words(&sentences).into_iter().collect();
        assert_eq!(words, ["不", "春", "春眠"]);
        let found = shown(
            Format::Conll,
            "春\tB-X\n眠\tO\n\n不 O\n",
            &Labels::new(["O"]),
        );
        assert_eq!(found, ["春B-X眠O", "不O"]);
    }

    #[test]
    fn words_need_labels_of_words() {
        let error = parse(b"a b", Format::Words, &Labels::new(["O", "B-X"])).unwrap_err();
        assert!(error.to_string().contains("--format conll"), "{error}");
    }

    #[test]
    fn labels_of_another_task_are_refused() {
        let error = parse("春 B-X\n眠 O\n".as_bytes(), Format::Conll, &labels()).unwrap_err();
        assert!(error.to_string().starts_with("labels B-X O"), "{error}");
        assert!(error.to_string().contains("S B M E"), "{error}");
        assert_eq!(error.remedy(), Some("give a file with labels of the model"));
    }
}
