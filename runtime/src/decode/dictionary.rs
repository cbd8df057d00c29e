//! A user dictionary as score bias: tag sequences that read its words become better, or worse.
//!
//! ```text
//! push(character, emission):
//!     it waits, and the words that may start at it are all
//!     for each waiting character s, in the order of the text:
//!         narrow its words to those that go on with this character     two binary searches
//!         one of them ends here: a word from s to here, its bias is added (⊕):
//!             to tag B of s, M of those inside, E of this one; to S where it is one character
//!     the oldest are handed on, up to the first at which a longer word may have started
//! ```
//!
//! Words that overlap or contain each other all count. A character waits while a word that started
//! at it or before it may go on, so for at most `LONGEST` − 1 characters, and not at all where no
//! word starts.
//!
//! ```
//! use qibu::decode::crf::{Crf, Stream, fixed};
//! use qibu::decode::dictionary::{Dictionary, Entry, Roles};
//!
//! const WORDS: &[Entry] = &[Entry { word: "山水", bias: 3 << 16 }]; // three nats
//!
//! // Tags B M E S; a word is B M … M E or S.
//! let no = f32::NEG_INFINITY;
//! let table = [
//!     0.0, no, no, 0.0, // start
//!     no, 0.0, 0.0, no, // from B
//!     no, 0.0, 0.0, no, // from M
//!     0.0, no, no, 0.0, // from E
//!     0.0, no, no, 0.0, // from S
//!     no, no, 0.0, 0.0, // end
//! ].map(fixed);
//! let crf = Crf::new(4, &table).ok_or("a table of another size")?;
//! let mut stream = Stream::<4, 64>::new(crf).ok_or("too many tags")?;
//! let roles = Roles { begin: 0, middle: 1, end: 2, single: 3 };
//! let mut dictionary = Dictionary::<_, 4, 8>::new(WORDS, roles, 4)?;
//!
//! let mut tags = Vec::new();
//! let mut result = Ok(());
//! let mut next = |scores: &[i32]| {
//!     result = result.and(stream.push(scores, &mut |tag| tags.push(tag)));
//! };
//! for character in "看山水".chars() {
//!     // The network would have every character alone.
//!     dictionary.push(character, &[0.0, 0.0, 0.0, 1.0].map(fixed), &mut next)?;
//! }
//! dictionary.finish(&mut next);
//! result?;
//! stream.finish(&mut |tag| tags.push(tag))?;
//! assert_eq!(tags, [3, 0, 2]);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod words;

#[cfg(test)]
mod tests;

use super::crf::{CrfError, FORBIDDEN, Score, has};
use words::Range;
pub use words::{DictionaryError, Entry, Words};

/// The tags of a word's characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Of the first of several.
    pub begin: u8,
    /// Of those between.
    pub middle: u8,
    /// Of the last of several.
    pub end: u8,
    /// Of the only one.
    pub single: u8,
}

/// A character that waits.
#[derive(Clone, Copy)]
struct Waiting<const TAGS: usize> {
    scores: [i32; TAGS],
    /// The words that may start here.
    words: Range,
}

/// Adds the biases of a dictionary to a stream of emissions, of at most `TAGS` tags, for words of at
/// most `LONGEST` characters.
///
/// `LONGEST · (4 · TAGS + 12)` bytes and a few, on a 32-bit chip; the words stay where they are.
pub struct Dictionary<'d, W: Words + ?Sized, const TAGS: usize, const LONGEST: usize> {
    words: &'d W,
    roles: Roles,
    tags: usize,
    ring: [Waiting<TAGS>; LONGEST],
    oldest: usize,
    waiting: usize,
}

impl<'d, W: Words + ?Sized, const TAGS: usize, const LONGEST: usize>
    Dictionary<'d, W, TAGS, LONGEST>
{
    /// The dictionary of `words`, in strictly ascending order of their bytes, which is that of their
    /// code points, for emissions of `tags` tags.
    ///
    /// # Errors
    /// A word is empty, has more than `LONGEST` characters, a forbidden bias, or does not follow the
    /// one before; a role is none of the tags, or these are more than `TAGS`.
    pub fn new(words: &'d W, roles: Roles, tags: usize) -> Result<Self, DictionaryError> {
        words::check(words, LONGEST)?;
        let Roles {
            begin,
            middle,
            end,
            single,
        } = roles;
        let named = [begin, middle, end, single];
        if tags > TAGS || named.iter().any(|&tag| usize::from(tag) >= tags) {
            return Err(DictionaryError::Tags);
        }
        let nothing = Waiting {
            scores: [0; TAGS],
            words: Range::default(),
        };
        Ok(Self {
            words,
            roles,
            tags,
            ring: [nothing; LONGEST],
            oldest: 0,
            waiting: 0,
        })
    }

    /// The next character, with a score for each tag; `sink` receives the scores of the characters
    /// whose biases are complete, in order.
    ///
    /// # Errors
    /// There are not as many scores as tags; the character is not taken.
    pub fn push(
        &mut self,
        character: char,
        emission: &[i32],
        sink: &mut impl FnMut(&[i32]),
    ) -> Result<(), CrfError> {
        let needed = self.tags;
        if emission.len() != needed {
            return Err(CrfError::Length { needed });
        }
        if LONGEST == 0 {
            sink(emission);
            return Ok(());
        }
        let slot = self.slot(self.waiting);
        if let Some(waiting) = self.ring.get_mut(slot) {
            for (score, &given) in waiting.scores.iter_mut().zip(emission) {
                *score = given;
            }
            waiting.words = Range::all(self.words);
        }
        self.waiting = self.waiting.saturating_add(1);
        for start in 0..self.waiting {
            self.extend(start, character);
        }
        while self.waiting > 0 && self.oldest().is_none_or(|oldest| oldest.words.is_empty()) {
            self.hand_on(sink);
        }
        Ok(())
    }

    /// The text ends here: `sink` receives the scores of all characters that wait, the next
    /// character starts another text.
    pub fn finish(&mut self, sink: &mut impl FnMut(&[i32])) {
        while self.waiting > 0 {
            self.hand_on(sink);
        }
    }

    /// Number of tags.
    #[must_use]
    pub fn tags(&self) -> usize {
        self.tags
    }

    /// Characters that wait; at most `LONGEST` − 1.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// The newest character goes on the words that started at character `start` of the ring.
    fn extend(&mut self, start: usize, character: char) {
        let slot = self.slot(start);
        let Some(waiting) = self.ring.get_mut(slot) else {
            return;
        };
        if waiting.words.is_empty() {
            return;
        }
        let Some(bias) = waiting.words.narrow(self.words, character) else {
            return;
        };
        let newest = self.waiting.saturating_sub(1);
        if start == newest {
            return self.add(start, self.roles.single, bias);
        }
        self.add(start, self.roles.begin, bias);
        for inside in start.saturating_add(1)..newest {
            self.add(inside, self.roles.middle, bias);
        }
        self.add(newest, self.roles.end, bias);
    }

    /// Adds `bias` to the score of `tag`, unless that is forbidden.
    fn add(&mut self, offset: usize, tag: u8, bias: i32) {
        let slot = self.slot(offset);
        let waiting = self.ring.get_mut(slot);
        if let Some(score) = waiting.and_then(|waiting| waiting.scores.get_mut(usize::from(tag))) {
            *score = score.plus(bias);
        }
    }

    /// Slot of the character `offset` behind the oldest.
    fn slot(&self, offset: usize) -> usize {
        let slot = self.oldest.saturating_add(offset);
        if slot < LONGEST {
            slot
        } else {
            slot.saturating_sub(LONGEST)
        }
    }

    /// The oldest character that waits.
    fn oldest(&self) -> Option<&Waiting<TAGS>> {
        self.ring.get(self.oldest)
    }

    /// Hands on the oldest character.
    fn hand_on(&mut self, sink: &mut impl FnMut(&[i32])) {
        if let Some(scores) = self
            .oldest()
            .and_then(|oldest| oldest.scores.get(..self.tags))
        {
            sink(scores);
        }
        self.oldest = self.slot(1);
        self.waiting = self.waiting.saturating_sub(1);
    }
}

/// The emission without the tags that are not in the set `allowed`, for decoders that a dictionary
/// feeds: what is forbidden stays so under every bias.
pub fn forbid(emission: &mut [i32], allowed: u64) {
    for (tag, score) in emission.iter_mut().enumerate() {
        if !has(allowed, tag) {
            *score = FORBIDDEN;
        }
    }
}
