//! The vocabulary: id ↔ character, read in place from the file's text.

/// A vocabulary whose entries are single characters, in id order.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'m> {
    text: &'m str,
    /// Bytes of every character where all have the same number, else zero.
    stride: usize,
    length: usize,
}

impl<'m> Vocabulary<'m> {
    /// A vocabulary of the characters of `text`.
    #[must_use]
    pub fn new(text: &'m str) -> Self {
        let stride = text.chars().next().map_or(0, char::len_utf8);
        let uniform = text.chars().all(|character| character.len_utf8() == stride);
        Self {
            text,
            stride: if uniform { stride } else { 0 },
            length: text.chars().count(),
        }
    }

    /// Number of characters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Character `id`: at once where all characters have the same number of bytes, as the common
    /// Chinese ones do, else by counting.
    #[must_use]
    pub fn text(&self, id: usize) -> Option<&'m str> {
        let start = match self.stride {
            0 => self.text.char_indices().nth(id)?.0,
            stride => id.checked_mul(stride)?,
        };
        let tail = self.text.get(start..)?;
        tail.get(..tail.chars().next()?.len_utf8())
    }

    /// Id of `character`.
    #[must_use]
    pub fn id(&self, character: char) -> Option<usize> {
        self.text.chars().position(|other| other == character)
    }
}

#[cfg(test)]
mod tests {
    use super::Vocabulary;

    #[test]
    fn finds_characters_of_one_width_and_of_several() {
        for text in ["山水月", "a山𠀀é"] {
            let vocabulary = Vocabulary::new(text);
            assert_eq!(vocabulary.len(), text.chars().count());
            for (id, character) in text.chars().enumerate() {
                let mut buffer = [0; 4];
                assert_eq!(
                    vocabulary.text(id),
                    Some(&*character.encode_utf8(&mut buffer))
                );
                assert_eq!(vocabulary.id(character), Some(id));
            }
            assert_eq!(vocabulary.text(vocabulary.len()), None);
            assert_eq!(vocabulary.id('x'), None);
        }
    }
}
