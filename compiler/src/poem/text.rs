//! What a user types ↔ ids.

use crate::error::{Error, Result};

/// Marks that may stand between or behind the lines of a couplet.
const MARKS: [char; 8] = ['，', '。', ',', '.', '、', '；', '！', '？'];

/// Ids of the couplet `text`, which may carry punctuation and blanks.
///
/// # Errors
/// The text has another number of characters, or characters that `id` does not know: all of them
/// are named, with their positions.
pub fn parse(text: &str, positions: usize, id: impl Fn(char) -> Option<i32>) -> Result<Vec<i32>> {
    let plain = |character: &char| !character.is_whitespace() && !MARKS.contains(character);
    let characters: Vec<char> = text.chars().filter(plain).collect();
    let half = positions / 2;
    if characters.len() != positions {
        return Err(Error::usage(format!(
            "\"{text}\" has {} characters; expected a couplet of {half} and {half}",
            characters.len()
        ))
        .hint(match positions {
            10 => "write it as 白日依山尽，黄河入海流。",
            _ => "write both lines, with or without ， and 。",
        }));
    }
    let ids: Vec<Option<i32>> = characters.iter().map(|&character| id(character)).collect();
    let unknown: Vec<String> = characters
        .iter()
        .zip(&ids)
        .zip(1..)
        .filter(|((_, id), _)| id.is_none())
        .map(|((character, _), position)| format!("{character} (position {position})"))
        .collect();
    if unknown.is_empty() {
        return Ok(ids.into_iter().flatten().collect());
    }
    Err(Error::usage(format!(
        "\"{text}\": not in the model's vocabulary: {}",
        unknown.join(", ")
    ))
    .hint("use other, more common characters (simplified ones for models of simplified text)"))
}

/// A couplet as `XXXXX，XXXXX。`.
#[must_use]
pub fn format(characters: &[char]) -> String {
    let (first, second) = characters.split_at(characters.len() / 2);
    let line = |line: &[char]| line.iter().collect::<String>();
    format!("{}，{}。", line(first), line(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(character: char) -> Option<i32> {
        "白日依山尽黄河入海流"
            .chars()
            .position(|known| known == character)
            .map(|id| id as i32)
    }

    #[test]
    fn punctuation_is_optional() {
        let expected: Vec<i32> = (0..10).collect();
        for text in [
            "白日依山尽，黄河入海流。",
            "白日依山尽黄河入海流",
            " 白日依山尽 黄河入海流.",
        ] {
            assert_eq!(parse(text, 10, id).unwrap(), expected);
        }
    }

    #[test]
    fn all_unknown_characters_are_named_with_their_positions() {
        let error = parse("白日依天尽，黄河入地流。", 10, id).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("天 (position 4), 地 (position 9)"), "{text}");
        let error = parse("白日", 10, id).unwrap_err().to_string();
        assert!(
            error.contains("has 2 characters; expected a couplet of 5 and 5"),
            "{error}"
        );
    }

    #[test]
    fn format_sets_the_marks() {
        let characters: Vec<char> = "白日依山尽黄河入海流".chars().collect();
        assert_eq!(format(&characters), "白日依山尽，黄河入海流。");
    }
}
