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
            rest = tail;
            cut(line, b'\t')
        })
    }

    /// Value of `key`.
    #[must_use]
    pub fn get(self, key: &str) -> Option<&'a str> {
        self.entries()
            .find(|&(name, _)| name == key)
            .map(|(_, value)| value)
    }
}

/// What stands before and behind the first `byte`: `split_once`, which leaves a panic path.
fn cut(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|other| other == byte)?;
    Some((text.get(..at)?, text.get(at.checked_add(1)?..)?))
}

#[cfg(test)]
mod tests {
    use super::Metadata;

    #[test]
    fn lines_with_a_tabulator_are_metadata() {
        let metadata = Metadata::new("task\tpoem\nvocab\t山水\ngenerate");
        assert_eq!(metadata.get("task"), Some("poem"));
        assert_eq!(metadata.get("vocab"), Some("山水"));
        assert_eq!(metadata.get("generate"), None);
        assert_eq!(metadata.entries().count(), 2);
        assert_eq!(Metadata::new("").entries().count(), 0);
        assert_eq!(Metadata::new("key\t").get("key"), Some(""));
        assert_eq!(Metadata::new("\n\tvalue").get(""), None);
    }
}
