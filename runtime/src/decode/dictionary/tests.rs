//! Against all occurrences of all words, found one by one.

use super::*;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

const LONGEST: usize = 4;
const ROLES: Roles = Roles {
    begin: 0,
    middle: 1,
    end: 2,
    single: 3,
};

/// Few characters of all widths, so that words and texts meet.
fn text(length: core::ops::Range<usize>) -> impl Strategy<Value = Vec<char>> {
    let character = prop::sample::select(std::vec!['a', 'é', '山', '水', '𠀀']);
    prop::collection::vec(character, length)
}

/// Adds the bias of each occurrence; the text's last character is `end`, for what is known so far.
fn naive(words: &[Entry<'_>], text: &[char], end: usize, scores: &mut [[i32; 4]]) {
    for last in 0..end {
        for start in 0..=last {
            let part: String = text[start..=last].iter().collect();
            let Some(entry) = words.iter().find(|entry| entry.word == part) else {
                continue;
            };
            for (position, scores) in scores.iter_mut().enumerate().take(last + 1).skip(start) {
                let role = match (position == start, position == last) {
                    (true, true) => ROLES.single,
                    (true, false) => ROLES.begin,
                    (false, true) => ROLES.end,
                    (false, false) => ROLES.middle,
                };
                let score = &mut scores[usize::from(role)];
                *score = score.plus(entry.bias);
            }
        }
    }
}

/// Characters before `end` whose bias does not depend on what comes.
fn complete(words: &[Entry<'_>], text: &[char], end: usize) -> usize {
    let open = |start: usize| {
        let part: String = text[start..end].iter().collect();
        let longer = |entry: &Entry<'_>| entry.word.len() > part.len();
        words
            .iter()
            .any(|entry| longer(entry) && entry.word.starts_with(&part))
    };
    (0..end).find(|&start| open(start)).unwrap_or(end)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_occurrence_counts_once_and_no_character_waits_longer_than_it_must(
        words in prop::collection::btree_map(text(1..LONGEST + 1), any::<i32>(), 0..12),
        text in text(0..24),
        seed in any::<[i32; 4]>(),
    ) {
        let words: std::collections::BTreeMap<String, i32> = words
            .into_iter()
            .map(|(word, bias)| (word.into_iter().collect(), bias.max(-i32::MAX)))
            .collect();
        let words: Vec<Entry<'_>> =
            words.iter().map(|(word, &bias)| Entry { word, bias }).collect();
        let mut dictionary =
            Dictionary::<_, 4, LONGEST>::new(&words[..], ROLES, 4).expect("valid words");
        let mut expected: Vec<[i32; 4]> = (0..text.len())
            .map(|position| seed.map(|score| score.rotate_left(position as u32)))
            .collect();
        let given = expected.clone();
        naive(&words, &text, text.len(), &mut expected);
        // Twice: a finished text leaves nothing behind.
        for _ in 0..2 {
            let mut scores: Vec<Vec<i32>> = Vec::new();
            for (position, (&character, emission)) in text.iter().zip(&given).enumerate() {
                dictionary
                    .push(character, emission, &mut |biased| scores.push(biased.to_vec()))
                    .expect("four scores");
                prop_assert_eq!(scores.len(), complete(&words, &text, position + 1));
                prop_assert_eq!(scores.len() + dictionary.waiting(), position + 1);
                prop_assert!(dictionary.waiting() < LONGEST);
            }
            dictionary.finish(&mut |biased| scores.push(biased.to_vec()));
            prop_assert_eq!(&scores, &expected);
        }
    }
}

fn refused(words: &[(&str, i32)]) -> Option<DictionaryError> {
    let words: Vec<Entry<'_>> = words
        .iter()
        .map(|&(word, bias)| Entry { word, bias })
        .collect();
    Dictionary::<_, 4, 3>::new(&words[..], ROLES, 4).err()
}

#[test]
fn bad_lists_are_named() {
    assert_eq!(refused(&[]), None);
    assert_eq!(refused(&[("a", 1), ("ab", -1), ("山水月", i32::MAX)]), None);
    assert_eq!(
        refused(&[("b", 1), ("a", 1)]),
        Some(DictionaryError::Unsorted { index: 1 })
    );
    assert_eq!(
        refused(&[("a", 1), ("b", 1), ("b", 2)]),
        Some(DictionaryError::Duplicate { index: 2 })
    );
    assert_eq!(
        refused(&[("a", 1), ("山水月山", 1)]),
        Some(DictionaryError::Long { index: 1 })
    );
    assert_eq!(
        refused(&[("", 1)]),
        Some(DictionaryError::Empty { index: 0 })
    );
    assert_eq!(
        refused(&[("a", FORBIDDEN)]),
        Some(DictionaryError::Bias { index: 0 })
    );
    let none: &[Entry<'_>] = &[];
    let roles = |tags| Dictionary::<_, 4, 3>::new(none, ROLES, tags).err();
    assert_eq!(roles(3), Some(DictionaryError::Tags));
    assert_eq!(roles(4), None);
    assert_eq!(roles(5), Some(DictionaryError::Tags));
}

#[test]
fn what_is_forbidden_stays_so() {
    let words = [Entry { word: "a", bias: 5 }];
    let mut dictionary = Dictionary::<_, 4, 1>::new(&words[..], ROLES, 4).expect("valid");
    let mut emission = [1, 2, 3, 4];
    forbid(&mut emission, 0b0111);
    let mut seen = Vec::new();
    let push = dictionary.push('a', &emission, &mut |scores| seen.extend_from_slice(scores));
    assert_eq!((push, &seen[..]), (Ok(()), &[1, 2, 3, FORBIDDEN][..]));
    // Wrong lengths are refused, the text goes on.
    let push = dictionary.push('a', &[0; 3], &mut |_| {});
    assert_eq!(push, Err(CrfError::Length { needed: 4 }));
    assert_eq!(dictionary.waiting(), 0);
}

#[test]
fn a_dictionary_without_room_passes_all_on() {
    let none: &[Entry<'_>] = &[];
    let mut dictionary = Dictionary::<_, 4, 0>::new(none, ROLES, 4).expect("no words");
    let mut seen = Vec::new();
    let push = dictionary.push('a', &[1, 2, 3, 4], &mut |scores| {
        seen.extend_from_slice(scores)
    });
    assert_eq!((push, &seen[..]), (Ok(()), &[1, 2, 3, 4][..]));
}
