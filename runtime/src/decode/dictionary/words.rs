//! Sorted words: what makes them valid, and how those with a common beginning are found.
//!
//! ```text
//! range = all words, nothing read
//! narrow(range, character):
//!     the words of the range that go on with the character behind what was read: they are neighbours
//!     the first of them ends there: it is a word, and leaves the range
//! ```

use crate::decode::crf::FORBIDDEN;
use core::cmp::Ordering;
use core::fmt;

/// A word and the score that its occurrences add to each of their tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The word.
    pub word: &'a str,
    /// Fixed-point score, see [`crate::decode::crf::fixed`]; negative ones disfavour the word.
    pub bias: i32,
}

/// Words in strictly ascending order of their bytes: a slice of entries, or anything that finds an
/// entry by its number.
pub trait Words {
    /// Number of words.
    fn count(&self) -> usize;
    /// Word `index`, from 0.
    fn entry(&self, index: usize) -> Option<Entry<'_>>;
}

impl Words for [Entry<'_>] {
    fn count(&self) -> usize {
        self.len()
    }

    fn entry(&self, index: usize) -> Option<Entry<'_>> {
        self.get(index).copied()
    }
}

/// Why a dictionary is refused. `index` is that of the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DictionaryError {
    /// The word is not behind the one before in the order of bytes.
    Unsorted {
        /// Of the later word.
        index: usize,
    },
    /// The word is there twice.
    Duplicate {
        /// Of the second.
        index: usize,
    },
    /// The word is empty.
    Empty {
        /// Of the word.
        index: usize,
    },
    /// The word has more characters than the dictionary has room for.
    Long {
        /// Of the word.
        index: usize,
    },
    /// The bias is [`FORBIDDEN`].
    Bias {
        /// Of the word.
        index: usize,
    },
    /// More tags than the dictionary has room for, or a role that is none of them.
    Tags,
}

impl fmt::Display for DictionaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsorted { index } => write!(f, "word {index} is not behind the one before it"),
            Self::Duplicate { index } => write!(f, "word {index} is the one before it"),
            Self::Empty { index } => write!(f, "word {index} is empty"),
            Self::Long { index } => write!(f, "word {index} is too long"),
            Self::Bias { index } => write!(f, "the bias of word {index} is out of range"),
            Self::Tags => f.write_str("too many tags, or a role that is none of them"),
        }
    }
}

impl core::error::Error for DictionaryError {}

/// That all words are valid, in order, and have at most `longest` characters.
pub(super) fn check<W: Words + ?Sized>(words: &W, longest: usize) -> Result<(), DictionaryError> {
    let mut before: Option<Entry<'_>> = None;
    for (index, entry) in (0..words.count()).filter_map(|index| Some((index, words.entry(index)?)))
    {
        if entry.word.is_empty() {
            return Err(DictionaryError::Empty { index });
        }
        if entry.word.chars().count() > longest {
            return Err(DictionaryError::Long { index });
        }
        if entry.bias == FORBIDDEN {
            return Err(DictionaryError::Bias { index });
        }
        match before.map(|before| before.word.cmp(entry.word)) {
            Some(Ordering::Greater) => return Err(DictionaryError::Unsorted { index }),
            Some(Ordering::Equal) => return Err(DictionaryError::Duplicate { index }),
            Some(Ordering::Less) | None => before = Some(entry),
        }
    }
    Ok(())
}

/// The words that begin with what was read, and are longer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Range {
    low: usize,
    high: usize,
    /// Bytes that were read.
    bytes: usize,
}

impl Range {
    /// All words; nothing was read.
    pub fn all<W: Words + ?Sized>(words: &W) -> Self {
        Self {
            low: 0,
            high: words.count(),
            bytes: 0,
        }
    }

    /// Whether no word is left.
    pub fn is_empty(&self) -> bool {
        self.low >= self.high
    }

    /// Reads `character`; the bias of the word that ends with it, if there is one.
    pub fn narrow<W: Words + ?Sized>(&mut self, words: &W, character: char) -> Option<i32> {
        let mut buffer = [0; 4];
        let next = character.encode_utf8(&mut buffer).as_bytes();
        let compare = |index| {
            let entry = words.entry(index);
            let word = entry.map_or(&[][..], |entry| entry.word.as_bytes());
            let rest = word.get(self.bytes..).unwrap_or(&[]);
            rest.get(..next.len()).unwrap_or(rest).cmp(next)
        };
        let low = first(self.low, self.high, |index| compare(index).is_ge());
        let high = first(low, self.high, |index| compare(index).is_gt());
        let bytes = self.bytes.saturating_add(next.len());
        *self = Self { low, high, bytes };
        // Shorter words come before those that they begin.
        let entry = words.entry(low).filter(|_| !self.is_empty())?;
        if entry.word.len() != bytes {
            return None;
        }
        self.low = low.saturating_add(1);
        Some(entry.bias)
    }
}

/// The first index of `low..high` from which on `holds`, else `high`.
fn first(mut low: usize, mut high: usize, holds: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle.saturating_add(1);
        }
    }
    low
}
