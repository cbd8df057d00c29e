//! Sentences with their right answers, in the forms that training reads.

use crate::error::{Error, Result};
use crate::tag::labels::Labels;
use crate::train::tagger::corpus::{Corpus, Format};
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

/// Reads the corpus at `path`, for a model with `labels`.
///
/// # Errors
/// The file is unreadable, no UTF-8 or not of that form; there is no sentence; it has words where
/// the labels are not those of words, or no label of the model.
pub fn read(path: &Path, format: Format, labels: &Labels) -> Result<Corpus> {
    let within = |error: Error| error.within(path.display());
    check(format, labels).map_err(within)?;
    let corpus = Corpus::read(path, format, None)?;
    same_task(&corpus, labels).map_err(within)?;
    Ok(corpus)
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

/// A gold file may have labels that the model has not; where it has no other, it is one of another
/// task.
fn same_task(corpus: &Corpus, labels: &Labels) -> Result<()> {
    let known = |label: &String| labels.tag(label).is_some();
    if corpus.labels.iter().any(known) {
        return Ok(());
    }
    let (given, known) = (corpus.labels.join(" "), labels.names().join(" "));
    let why = format!("labels {given}, but the model's labels are {known}");
    Err(Error::usage(why).hint("give a file with labels of the model"))
}

/// The sentences of `corpus`.
///
/// It may have labels that the model has not: they are never found.
#[must_use]
pub fn sentences(corpus: Corpus) -> Vec<Sentence> {
    let labels = corpus.names();
    let texts = corpus.texts.into_iter().map(|text| Sentence {
        labels: labels
            .names_of(&text.tags)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        characters: text.characters,
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(format: Format, text: &str) -> Vec<String> {
        let sentences = sentences(Corpus::parse(text.as_bytes(), format, None).unwrap());
        let show = |sentence: &Sentence| {
            let pairs = sentence.characters.iter().zip(&sentence.labels);
            let pairs = pairs.map(|(character, label)| format!("{character}{label}"));
            pairs.collect()
        };
        sentences.iter().map(show).collect()
    }

    #[test]
    fn words_and_columns_become_labels() {
        let found = shown(Format::Words, "春眠  不 觉晓了\n\n鸟");
        assert_eq!(found, ["春B眠E不S觉B晓M了E", "鸟S"]);
        let found = shown(Format::Conll, "春\tB-X\n眠\tO\n\n不 O\n");
        assert_eq!(found, ["春B-X眠O", "不O"]);
    }

    #[test]
    fn words_need_labels_of_words() {
        let labels = Labels::new(["O", "B-X"]);
        let error = read(Path::new("none"), Format::Words, &labels).unwrap_err();
        assert!(error.to_string().contains("--format conll"), "{error}");
    }

    #[test]
    fn labels_of_another_task_are_refused() {
        let text = "春 B-X\n眠 O\n".as_bytes();
        let corpus = Corpus::parse(text, Format::Conll, None).unwrap();
        let error = same_task(&corpus, &Labels::new(["S", "B", "M", "E"])).unwrap_err();
        assert!(error.to_string().starts_with("labels B-X O"), "{error}");
        assert!(error.to_string().contains("S B M E"), "{error}");
        assert_eq!(error.remedy(), Some("give a file with labels of the model"));
    }
}
