//! Words of a text, as ids: as many as fit.

use qibu::decode::Vocabulary;

/// Characters of all words.
const CHARACTERS: usize = 128;

/// Words as ids, one behind the other.
pub(crate) struct Words {
    ids: [i32; CHARACTERS],
    /// Where each word ends.
    ends: [u8; Words::MOST],
    count: usize,
}

impl Words {
    /// Most words.
    pub const MOST: usize = 32;

    /// No words.
    pub fn new() -> Self {
        Self {
            ids: [0; CHARACTERS],
            ends: [0; Self::MOST],
            count: 0,
        }
    }

    /// Reads the words of `text`, which blanks part; `None` where there is no room for them. A word
    /// with a character that the vocabulary does not have is left out: no poem has it.
    pub fn read(&mut self, text: &str, vocabulary: Vocabulary<'_>) -> Option<()> {
        let mut end = 0usize;
        for word in text.split_whitespace() {
            let start = end;
            let mut known = true;
            for character in word.chars() {
                let id = vocabulary.id(character);
                known &= id.is_some();
                *self.ids.get_mut(end)? = id.unwrap_or(0) as i32;
                end = end.checked_add(1)?;
            }
            if known {
                *self.ends.get_mut(self.count)? = end as u8;
                self.count = self.count.checked_add(1)?;
            } else {
                end = start;
            }
        }
        Some(())
    }

    /// The words, in `room`.
    pub fn slices<'w>(&'w self, room: &'w mut [&'w [i32]; Self::MOST]) -> &'w [&'w [i32]] {
        let mut start = 0;
        for (slot, &end) in room.iter_mut().zip(&self.ends).take(self.count) {
            *slot = self.ids.get(start..end.into()).unwrap_or(&[]);
            start = end.into();
        }
        room.get(..self.count).unwrap_or(&[])
    }
}
