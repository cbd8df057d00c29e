//! Metadata: lines `key TAB value LF` at the start of the text section; names follow them.

/// The text section's metadata lines.
#[derive(Clone, Copy, Debug)]
pub struct Metadata<'a> {
    text: &'a str,
}

impl<'a> Metadata<'a> {
    /// Metadata of a text section.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// Pairs of key and value in file order; ends at the first line without a tabulator.
    pub fn entries(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut rest = self.text;
        core::iter::from_fn(move || {
            let (line, tail) = cut(rest, b'\n').unwrap_or((rest, ""));
            let entry = cut(line, b'\t');
            rest = if entry.is_some() { tail } else { "" };
            entry
        })
    }

    /// Value of `key`.
    #[must_use]
    pub fn get(self, key: &str) -> Option<&'a str> {
        self.entries()
            .find(|&(name, _)| is_same(name, key))
            .map(|(_, value)| value)
    }

    /// Whether a line can hold this pair; writers check it, as what does not fit reads back as
    /// something else. A vocabulary, for one, has no line feed among its characters.
    #[must_use]
    pub fn fits(key: &str, value: &str) -> bool {
        !key.bytes().any(|byte| matches!(byte, b'\t' | b'\n'))
            && !value.bytes().any(|byte| byte == b'\n')
    }
}

/// `a == b`, in a loop so short that the library's comparison would be longer.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).all(|(a, b)| a == b)
}

/// `text` before and behind the first `separator`, an ASCII character. Unlike `split_once`, whose
/// search keeps a panic in the code.
fn cut(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == separator)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The words of `text`, which `separator`, an ASCII character, divides; no empty ones.
pub(crate) fn words(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = text;
    core::iter::from_fn(move || {
        while !rest.is_empty() {
            let (word, tail) = cut(rest, separator).unwrap_or((rest, ""));
            rest = tail;
            if !word.is_empty() {
                return Some(word);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::{Metadata, words};
    use std::vec::Vec;

    #[test]
    fn words_are_what_stands_between() {
        for text in ["", " ", "B", "B I", " B  I ", "时 间", "a\tb c"] {
            let split: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
            assert_eq!(words(text, b' ').collect::<Vec<_>>(), split);
        }
    }

    #[test]
    fn lines_with_a_tabulator_are_metadata() {
        let metadata = Metadata::new("task\tpoem\nvocab\t山水\ngenerate");
        assert_eq!(metadata.get("task"), Some("poem"));
        assert_eq!(metadata.get("vocab"), Some("山水"));
        assert_eq!(metadata.get("generate"), None);
        assert_eq!(metadata.entries().count(), 2);
        let ended = Metadata::new("task\tpoem\ngenerate\nkey\tvalue").entries();
        assert_eq!(ended.collect::<std::vec::Vec<_>>(), [("task", "poem")]);
        assert_eq!(Metadata::new("").entries().count(), 0);
    }

    #[test]
    fn what_fits_reads_back() {
        for (key, value) in [
            ("a", "b"),
            ("a\t", "b"),
            ("a\n", "b"),
            ("a", "b\tc"),
            ("a", "\n"),
        ] {
            let line = std::format!("{key}\t{value}\n");
            let mut entries = Metadata::new(&line).entries();
            let same = entries.next() == Some((key, value)) && entries.next().is_none();
            assert_eq!(Metadata::fits(key, value), same, "{line:?}");
        }
    }
}
