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
        // Bytes of the first character, of the one that is being counted, and of all if the same.
        let (mut first, mut bytes, mut length) = (0, 0, 0);
        let mut uniform = true;
        for byte in text.bytes() {
            if is_start(byte) {
                uniform &= bytes == first;
                (bytes, length) = (0, length + 1);
            }
            bytes += 1;
            if length == 1 {
                first = bytes;
            }
        }
        uniform &= bytes == first;
        Self {
            text,
            stride: if uniform { first } else { 0 },
            length,
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
        if id >= self.length {
            return None;
        }
        self.text.get(self.start(id)?..self.start(id + 1)?)
    }

    /// Where character `id` starts; that behind the last one, where the text ends.
    fn start(&self, id: usize) -> Option<usize> {
        if self.stride != 0 {
            return id.checked_mul(self.stride);
        }
        let starts = self.text.bytes().enumerate();
        let mut starts = starts.filter_map(|(at, byte)| is_start(byte).then_some(at));
        Some(starts.nth(id).unwrap_or(self.text.len()))
    }

    /// Id of `character`.
    #[must_use]
    pub fn id(&self, character: char) -> Option<usize> {
        self.text.chars().position(|other| other == character)
    }
}

/// Whether a character starts with `byte` of UTF-8: it is no continuation.
fn is_start(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

#[cfg(test)]
mod tests {
    use super::Vocabulary;

    #[test]
    fn finds_characters_of_one_width_and_of_several() {
        for text in ["", "山水月", "a山𠀀é", "ab山", "山水a", "é"] {
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
