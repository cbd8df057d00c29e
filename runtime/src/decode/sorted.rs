//! A vocabulary in the order of code points: from character to id without an index of its own.
//!
//! ```text
//! new:   characters of one width in UTF-8 stand together, since wider ones have larger code points
//! index: n = width of the character; binary search among the group's entries of n bytes each
//! ```

/// Widths of a character in UTF-8: 1…4 bytes.
const WIDTHS: usize = 4;

/// Characters of one width.
#[derive(Clone, Copy, Debug, Default)]
struct Group<'m> {
    text: &'m str,
    /// Index of the first one in the vocabulary.
    first: usize,
    length: usize,
}

/// Characters sorted by code point, none twice; read in place.
#[derive(Clone, Copy, Debug)]
pub struct SortedVocabulary<'m> {
    groups: [Group<'m>; WIDTHS],
}

impl<'m> SortedVocabulary<'m> {
    /// A vocabulary of the characters of `text`; `None` where they are not strictly ascending.
    #[must_use]
    pub fn new(text: &'m str) -> Option<Self> {
        let mut lengths = [0usize; WIDTHS];
        let mut last = None;
        for character in text.chars() {
            if last >= Some(character) {
                return None;
            }
            last = Some(character);
            let length = lengths.get_mut(character.len_utf8().wrapping_sub(1))?;
            *length = length.wrapping_add(1);
        }
        let mut groups = [Group::default(); WIDTHS];
        let (mut rest, mut first, mut width) = (text, 0usize, 1usize);
        for (group, length) in groups.iter_mut().zip(lengths) {
            let bytes = length.checked_mul(width)?;
            *group = Group {
                text: rest.get(..bytes)?,
                first,
                length,
            };
            rest = rest.get(bytes..)?;
            first = first.checked_add(length)?;
            width = width.wrapping_add(1);
        }
        Some(Self { groups })
    }

    /// Number of characters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups
            .iter()
            .fold(0, |sum, group| group.length.wrapping_add(sum))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Index of `character`.
    #[must_use]
    pub fn index(&self, character: char) -> Option<usize> {
        let width = character.len_utf8();
        let group = self.groups.get(width.wrapping_sub(1))?;
        let (mut low, mut high) = (0usize, group.length);
        while low < high {
            let middle = low.wrapping_add(high) / 2;
            let other = entry(group, middle, width)?;
            if other == character {
                return group.first.checked_add(middle);
            }
            if other < character {
                low = middle.wrapping_add(1);
            } else {
                high = middle;
            }
        }
        None
    }

    /// The character at `index`.
    #[must_use]
    pub fn character(&self, index: usize) -> Option<char> {
        for (group, width) in self.groups.iter().zip(1..) {
            let within = index.checked_sub(group.first);
            if let Some(within) = within.filter(|&within| within < group.length) {
                return entry(group, within, width);
            }
        }
        None
    }
}

/// Entry `index` of characters of `width` bytes.
fn entry(group: &Group<'_>, index: usize, width: usize) -> Option<char> {
    let tail = group.text.get(index.checked_mul(width)?..)?;
    tail.chars().next()
}

#[cfg(test)]
mod tests {
    use super::SortedVocabulary;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::string::String;
    use std::vec::Vec;

    /// Characters of every width, dense enough that random ones meet.
    fn character() -> impl Strategy<Value = char> {
        prop_oneof![
            proptest::char::range('\0', '\u{7F}'),
            proptest::char::range('\u{70}', '\u{90}'),
            proptest::char::range('\u{7F0}', '\u{810}'),
            proptest::char::range('\u{4E00}', '\u{4E60}'),
            proptest::char::range('\u{FFF0}', '\u{10010}'),
            proptest::char::any(),
        ]
    }

    #[test]
    fn a_character_that_is_there_twice_is_refused() {
        for text in ["aa", "éé", "山山", "𠀀𠀀", "aab", "aéé"] {
            assert!(SortedVocabulary::new(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn finds_what_a_walk_finds(
            set in proptest::collection::btree_set(character(), 0..80),
            asked in proptest::collection::vec(character(), 0..80),
        ) {
            let text: String = set.iter().collect();
            let vocabulary = SortedVocabulary::new(&text).unwrap();
            prop_assert_eq!(vocabulary.len(), set.len());
            for &character in set.iter().chain(&asked) {
                let walked = text.chars().position(|other| other == character);
                prop_assert_eq!(vocabulary.index(character), walked);
            }
            let all: Vec<char> = (0..).map_while(|index| vocabulary.character(index)).collect();
            prop_assert_eq!(all.into_iter().collect::<String>(), text);
        }

        #[test]
        fn other_orders_are_refused(characters in proptest::collection::vec(character(), 0..6)) {
            let sorted: BTreeSet<char> = characters.iter().copied().collect();
            let ascending = sorted.into_iter().eq(characters.iter().copied());
            let text: String = characters.into_iter().collect();
            prop_assert_eq!(SortedVocabulary::new(&text).is_some(), ascending);
        }
    }
}
