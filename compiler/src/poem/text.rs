//! What a user types ↔ ids.

use crate::error::{Error, Result};

/// Marks that may stand between or behind the lines of a poem.
const MARKS: [char; 14] = [
    '，', '。', ',', '.', '、', '；', '！', '？', '：', ';', '!', '?', ':', '/',
];

/// Fewest characters of four lines, as the runtime has it: what has fewer is a couplet.
const QUATRAIN: usize = 20;

/// Characters of a line of a poem of `positions` characters.
#[must_use]
pub fn line_of(positions: usize) -> usize {
    let lines = if positions < QUATRAIN { 2 } else { 4 };
    (positions / lines).max(1)
}

/// Whether `character` may stand between characters of a poem without being one.
#[must_use]
pub fn is_mark(character: char) -> bool {
    character.is_whitespace() || MARKS.contains(&character)
}

/// The form of a poem of `positions` characters in words.
fn form(positions: usize) -> String {
    let line = line_of(positions);
    match positions < QUATRAIN {
        true => format!("a couplet of {line} and {line}"),
        false => format!("a quatrain: four lines of {line}"),
    }
}

/// Ids of the poem `text`, which may carry punctuation, blanks and line breaks.
///
/// # Errors
/// The text has another number of characters, or characters that `id` does not know: all of them
/// are named, with their positions.
pub fn parse(text: &str, positions: usize, id: impl Fn(char) -> Option<i32>) -> Result<Vec<i32>> {
    let characters: Vec<char> = text.chars().filter(|&c| !is_mark(c)).collect();
    if characters.len() != positions {
        return Err(Error::usage(format!(
            "\"{text}\" has {} characters; expected {}",
            characters.len(),
            form(positions)
        ))
        .hint(match positions {
            10 => "write it as 白日依山尽，黄河入海流。",
            14 => "write it as 两个黄鹂鸣翠柳，一行白鹭上青天。",
            20 => "write it as 白日依山尽，黄河入海流。欲穷千里目，更上一层楼。",
            28 => "write it as 朝辞白帝彩云间，千里江陵一日还。两岸猿声啼不住，轻舟已过万重山。",
            _ => "write all lines, with or without ， and 。",
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

/// A poem as `XXXXX，XXXXX。`, each couplet so.
#[must_use]
pub fn format(characters: &[char]) -> String {
    marked(characters, |_, character| character.to_string())
}

/// A poem with its marks; `show` writes the character at a position.
pub(super) fn marked(characters: &[char], show: impl Fn(usize, char) -> String) -> String {
    let line = line_of(characters.len());
    let mut text = String::new();
    for (position, &character) in characters.iter().enumerate() {
        text += &show(position, character);
        let end = position + 1;
        if end % (2 * line) == 0 {
            text.push('。');
        } else if end % line == 0 {
            text.push('，');
        }
    }
    text
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
        let error = parse("白日依山尽，黄河入海流。", 20, id).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("has 10 characters; expected a quatrain: four lines of 5"),
            "{text}"
        );
    }

    /// A poem of each form, with its marks.
    const POEMS: [&str; 4] = [
        "白日依山尽，黄河入海流。",
        "两个黄鹂鸣翠柳，一行白鹭上青天。",
        "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。",
        "朝辞白帝彩云间，千里江陵一日还。两岸猿声啼不住，轻舟已过万重山。",
    ];

    #[test]
    fn poems_of_every_form_come_back() {
        for poem in POEMS {
            let bare = poem.replace(['，', '。'], "");
            let characters: Vec<char> = bare.chars().collect();
            assert_eq!(format(&characters), poem);
            let number = |character: char| Some(character as i32);
            let expected: Vec<i32> = characters.iter().map(|&c| c as i32).collect();
            let lines = poem.replace('，', "\n").replace('。', "\r\n");
            for text in [poem, &bare, &lines] {
                assert_eq!(parse(text, characters.len(), number).unwrap(), expected);
            }
        }
    }
}
