//! What somebody wishes of a poem, in words, as the runtime's rules.

use super::text;
use crate::error::{Error, Result};
use qibu::decode::prosody::{Pattern, RHYME_NAMES};
use qibu::poem::{Meter, Rules};

/// Wishes as a user types them; nothing where left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// First characters of the lines.
    pub acrostic: Option<&'a str>,
    /// Characters by position, `?` where open.
    pub fix: Option<&'a str>,
    /// A rhyme group, by its name or by a character of it.
    pub rhyme: Option<&'a str>,
    /// Which regulated pattern.
    pub meter: Meter,
    /// Words that must not occur.
    pub avoid: &'a [String],
}

/// Wishes in ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    meter: Meter,
    rhyme: Option<u8>,
    fixed: Vec<i32>,
    avoided: Vec<Vec<i32>>,
}

/// What a model knows of characters.
pub trait Known {
    /// Id of a character.
    fn id(&self, character: char) -> Option<i32>;
    /// Level rhyme groups of a character.
    fn rhymes(&self, character: char) -> Vec<u8>;
    /// Characters of a line, and of a poem.
    fn form(&self) -> [usize; 2];
}

/// Of a position that is open.
const OPEN: i32 = -1;

impl Wishes {
    /// The wishes that `words` express.
    ///
    /// # Errors
    /// A character is unknown, there are too many, two wishes want different characters in one place,
    /// or the rhyme is none.
    pub fn new(words: &Words<'_>, known: &impl Known) -> Result<Self> {
        let [line, positions] = known.form();
        let mut fixed = vec![OPEN; positions];
        if let Some(text) = words.fix {
            for (position, character) in by_position(text, positions)? {
                set(
                    &mut fixed,
                    position,
                    known_id(known, character, "--fix")?,
                    text,
                )?;
            }
        }
        if let Some(text) = words.acrostic {
            let heads = places(text);
            let lines = positions / line;
            if heads.is_empty() || heads.len() > lines {
                return Err(Error::usage(format!(
                    "--acrostic {text:?} has {} characters for {lines} lines",
                    heads.len()
                ))
                .hint("give one character for each line, or fewer"));
            }
            for (index, &head) in heads
                .iter()
                .enumerate()
                .filter(|(_, head)| !is_open(**head))
            {
                let id = known_id(known, head, "--acrostic")?;
                set(&mut fixed, index * line, id, text)?;
            }
        }
        let avoided = words.avoid.iter().map(|word| {
            let characters = word.chars().filter(|&c| !text::is_mark(c));
            // A word with a character that the model does not know cannot occur.
            let ids: Option<Vec<i32>> = characters.map(|c| known.id(c)).collect();
            ids.filter(|ids| !ids.is_empty())
        });
        Ok(Self {
            meter: words.meter,
            rhyme: words.rhyme.map(|rhyme| group(rhyme, known)).transpose()?,
            fixed,
            avoided: avoided.flatten().collect(),
        })
    }

    /// The words to avoid, as [`Wishes::rules`] takes them.
    #[must_use]
    pub fn avoided(&self) -> Vec<&[i32]> {
        self.avoided.iter().map(Vec::as_slice).collect()
    }

    /// The runtime's rules.
    #[must_use]
    pub fn rules<'a>(&'a self, avoided: &'a [&'a [i32]]) -> Rules<'a> {
        Rules {
            meter: self.meter,
            rhyme: self.rhyme,
            fixed: &self.fixed,
            avoided,
        }
    }
}

/// Positions and characters of a text with `?` where a position is open.
fn by_position(text: &str, positions: usize) -> Result<Vec<(usize, char)>> {
    let places = places(text);
    if places.len() > positions {
        return Err(Error::usage(format!(
            "--fix {text:?} has {} places, a poem of this model {positions}",
            places.len()
        ))
        .hint("write ? for open positions; those behind the last one are open, too"));
    }
    let places = places.into_iter().enumerate();
    Ok(places.filter(|&(_, c)| !is_open(c)).collect())
}

/// Characters of `text` and what stands for open ones, without marks.
fn places(text: &str) -> Vec<char> {
    let kept = text.chars().filter(|&c| is_open(c) || !text::is_mark(c));
    kept.collect()
}

/// Whether `character` leaves its place open.
fn is_open(character: char) -> bool {
    matches!(character, '?' | '？' | '*' | '＊' | '·' | '_' | '□')
}

fn known_id(known: &impl Known, character: char, flag: &str) -> Result<i32> {
    known.id(character).ok_or_else(|| {
        Error::usage(format!(
            "{flag}: {character} is not in the model's vocabulary"
        ))
        .hint("use another, more common character (simplified for models of simplified text)")
    })
}

fn set(fixed: &mut [i32], position: usize, id: i32, text: &str) -> Result<()> {
    match fixed.get_mut(position) {
        Some(place) if *place == OPEN || *place == id => {
            *place = id;
            Ok(())
        }
        _ => Err(Error::usage(format!(
            "--fix and --acrostic {text:?} want different characters at position {}",
            position + 1
        ))
        .hint("leave that position open in --fix")),
    }
}

/// The group that `rhyme` names: 东, 一东, or any character that rhymes in one group only.
fn group(rhyme: &str, known: &impl Known) -> Result<u8> {
    let named = |name: &str| name == rhyme || name.ends_with(rhyme);
    let found = RHYME_NAMES.iter().position(|name| named(name));
    if let (false, Some(group)) = (rhyme.is_empty(), found) {
        return Ok(group as u8);
    }
    let mut characters = rhyme.chars();
    let groups = match (characters.next(), characters.next()) {
        (Some(character), None) => known.rhymes(character),
        _ => Vec::new(),
    };
    match *groups {
        [group] => Ok(group),
        [] => Err(Error::usage(format!("--rhyme {rhyme:?} is no level rhyme"))
            .hint(format!("the level rhymes: {}", RHYME_NAMES.join(" ")))),
        _ => {
            let names = groups
                .iter()
                .filter_map(|&g| RHYME_NAMES.get(usize::from(g)));
            let names: Vec<&str> = names.copied().collect();
            Err(
                Error::usage(format!("--rhyme {rhyme}: rhymes in several groups"))
                    .hint(format!("give one of {}", names.join(", "))),
            )
        }
    }
}

/// The meter of a word of the command line: `any`, `free`, or a pattern by the types of its lines.
///
/// # Errors
/// It is none of them; they are listed.
pub fn meter(word: &str) -> std::result::Result<Meter, String> {
    let pattern = |pattern: &Pattern| name(*pattern).eq_ignore_ascii_case(word);
    match word {
        "any" => Ok(Meter::Any),
        "free" => Ok(Meter::Free),
        _ => match Pattern::ALL.iter().find(|&other| pattern(other)) {
            Some(&pattern) => Ok(Meter::Pattern(pattern)),
            None => Err("expected any, free, abcd, dbcd, cdab or bdab".into()),
        },
    }
}

/// A pattern by the types of its lines.
#[must_use]
pub fn name(pattern: Pattern) -> &'static str {
    match pattern {
        Pattern::Abcd => "abcd",
        Pattern::Dbcd => "dbcd",
        Pattern::Cdab => "cdab",
        Pattern::Bdab => "bdab",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Few;

    impl Known for Few {
        fn id(&self, character: char) -> Option<i32> {
            "春夏秋冬风中"
                .chars()
                .position(|known| known == character)
                .map(|id| id as i32)
        }
        fn rhymes(&self, character: char) -> Vec<u8> {
            match character {
                '风' => vec![0],
                '论' => vec![10, 12],
                _ => vec![],
            }
        }
        fn form(&self) -> [usize; 2] {
            [5, 20]
        }
    }

    fn of(words: Words<'_>) -> std::result::Result<Wishes, String> {
        Wishes::new(&words, &Few).map_err(|error| error.to_string())
    }

    #[test]
    fn heads_and_places_are_fixed() {
        let wishes = of(Words {
            acrostic: Some("春夏，秋冬"),
            fix: Some("春???风，?中"),
            ..Words::default()
        })
        .unwrap();
        let fixed = wishes.fixed.iter().enumerate();
        let fixed: Vec<_> = fixed.filter(|&(_, &id)| id != OPEN).collect();
        assert_eq!(
            fixed,
            [(0, &0), (4, &4), (5, &1), (6, &5), (10, &2), (15, &3)]
        );
    }

    #[test]
    fn heads_may_be_open() {
        let wishes = of(Words {
            acrostic: Some("春?秋"),
            ..Words::default()
        });
        let fixed = wishes.unwrap().fixed;
        assert_eq!(
            [fixed[0], fixed[5], fixed[10], fixed[15]],
            [0, OPEN, 2, OPEN]
        );
    }

    #[test]
    fn wishes_that_no_poem_can_have_are_refused() {
        for (acrostic, fix, part) in [
            (Some("春夏秋冬春"), None, "5 characters for 4 lines"),
            (Some("囧"), None, "囧 is not in the model's vocabulary"),
            (Some("春"), Some("夏"), "different characters at position 1"),
            (None, Some("?????????????????????"), "has 21 places"),
        ] {
            let words = Words {
                acrostic,
                fix,
                ..Words::default()
            };
            let error = of(words).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_rhyme_has_a_name_or_a_character() {
        let of_rhyme = |rhyme| {
            of(Words {
                rhyme: Some(rhyme),
                ..Words::default()
            })
        };
        assert_eq!(of_rhyme("东").unwrap().rhyme, Some(0));
        assert_eq!(of_rhyme("十五咸").unwrap().rhyme, Some(29));
        assert_eq!(of_rhyme("风").unwrap().rhyme, Some(0));
        assert!(
            of_rhyme("论")
                .unwrap_err()
                .contains("one of 十一真, 十三元")
        );
        for none in ["", "月", "东冬"] {
            assert!(of_rhyme(none).unwrap_err().contains("一东 二冬"), "{none}");
        }
    }

    #[test]
    fn avoided_words_need_known_characters() {
        let words = ["春风".to_string(), "囧".into(), String::new()];
        let wishes = of(Words {
            avoid: &words,
            ..Words::default()
        });
        assert_eq!(wishes.unwrap().avoided(), [&[0, 4][..]]);
    }

    #[test]
    fn patterns_go_by_their_lines() {
        for pattern in Pattern::ALL {
            assert_eq!(meter(name(pattern)), Ok(Meter::Pattern(pattern)));
        }
        assert_eq!(meter("free"), Ok(Meter::Free));
        assert!(meter("aabb").is_err());
    }
}
