//! The prosody table: which tone each character has, and with which others it rhymes.

mod compose;

pub use compose::{COMPOSE, Groups, TABLE, TABLES};
pub use qibu::decode::prosody::RHYME_NAMES as RHYMES;

use crate::error::{Error, Result};
use crate::input_file;
use std::collections::BTreeMap;
use std::path::Path;

/// Code of the oblique tone.
const OBLIQUE: u8 = 30;
/// Code of a level tone whose rhyme group is not known.
const LEVEL: u8 = 31;
/// Code of nothing.
const NONE: u8 = 255;
/// Codes of an entry in no group.
const NOTHING: u16 = u16::from_le_bytes([NONE; 2]);

/// Tone of a character in classical verse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// 平, `P` in the file.
    Level,
    /// 仄, `Z`.
    Oblique,
    /// Read in both, `B`.
    Either,
}

/// Tones and rhyme groups of all characters that a table knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prosody {
    entries: BTreeMap<char, Entry>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    tone: Tone,
    /// Level rhyme groups as places in [`RHYMES`], in the file's order.
    rhymes: Vec<u8>,
}

impl Prosody {
    /// Reads a table of lines `character TAB P|Z|B TAB rhyme groups`; lines that start with # are
    /// comments. Rhyme groups are separated by commas and may be missing; those that are not level
    /// are passed over.
    ///
    /// # Errors
    /// The file is unreadable, empty, or has a line of another form: the line is named.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let text = input_file::read_text(path, LINES)?;
        Self::parse(&text).map_err(|error| error.within(name))
    }

    /// Reads the text of a table.
    ///
    /// # Errors
    /// As [`Prosody::read`].
    pub fn parse(text: &str) -> Result<Self> {
        let mut entries = BTreeMap::new();
        let lines = text.trim_start_matches('\u{FEFF}').lines();
        for (line, number) in lines.zip(1..) {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let (character, entry) = entry(line)
                .ok_or_else(|| bad(format!("line {number}: expected character TAB P, Z or B")))?;
            if entries.insert(character, entry).is_some() {
                return Err(bad(format!(
                    "line {number}: {character} for the second time"
                )));
            }
        }
        match entries.is_empty() {
            true => Err(bad("no character in the prosody table".into())),
            false => Ok(Self { entries }),
        }
    }

    /// Tone of `character`, where the table knows it.
    #[must_use]
    pub fn tone(&self, character: char) -> Option<Tone> {
        self.entries.get(&character).map(|entry| entry.tone)
    }

    /// Level rhyme groups of `character`, as places in [`RHYMES`], in the table's order; none where
    /// it has none that is known.
    #[must_use]
    pub fn rhymes(&self, character: char) -> &[u8] {
        let entry = self.entries.get(&character);
        entry.map_or(&[], |entry| &entry.rhymes)
    }

    /// The groups in which a character may stand, as a file's table `prosody` holds them: one code in
    /// the low byte, a second one in the high byte. 0…29 are level rhyme groups, 30 is oblique, 31
    /// level without a known group, 255 none.
    #[must_use]
    pub fn codes(&self, character: char) -> u16 {
        let rhymes = self.rhymes(character);
        let rhyme = rhymes.first().copied().unwrap_or(LEVEL);
        u16::from_le_bytes(match self.tone(character) {
            Some(Tone::Level) => [rhyme, rhymes.get(1).copied().unwrap_or(NONE)],
            Some(Tone::Oblique) => [OBLIQUE, NONE],
            Some(Tone::Either) => [rhyme, OBLIQUE],
            None => return NOTHING,
        })
    }

    /// Whether `character` can stand where `tone` is asked for. One that the table does not know
    /// stands nowhere.
    #[must_use]
    pub fn fits(&self, character: char, tone: Tone) -> bool {
        self.tone(character)
            .is_some_and(|found| found == tone || found == Tone::Either)
    }

    /// The tone rule: positions 2, 4, … alternate within a line and oppose across the two lines,
    /// whichever tone comes first. A character of either tone counts as the one that is asked for,
    /// with one choice for the whole couplet.
    #[must_use]
    pub fn alternates(&self, couplet: &[char]) -> bool {
        let (upper, lower) = couplet.split_at(couplet.len() / 2);
        [(Tone::Level, Tone::Oblique), (Tone::Oblique, Tone::Level)]
            .iter()
            .any(|&(first, second)| {
                let line = |line: &[char], tones: [Tone; 2]| {
                    let even = line.iter().skip(1).step_by(2);
                    even.zip(tones.into_iter().cycle())
                        .all(|(&c, tone)| self.fits(c, tone))
                };
                line(upper, [first, second]) && line(lower, [second, first])
            })
    }

    /// The line ends: oblique, then level.
    #[must_use]
    pub fn ends(&self, couplet: &[char]) -> bool {
        let (upper, lower) = couplet.split_at(couplet.len() / 2);
        let last = |line: &[char], tone| line.last().is_some_and(|&c| self.fits(c, tone));
        last(upper, Tone::Oblique) && last(lower, Tone::Level)
    }
}

fn entry(line: &str) -> Option<(char, Entry)> {
    let mut fields = line.split('\t');
    let mut characters = fields.next()?.chars();
    let tone = match fields.next()?.trim_end() {
        "P" => Tone::Level,
        "Z" => Tone::Oblique,
        "B" => Tone::Either,
        _ => return None,
    };
    let character = characters.next()?;
    let groups = fields.next().unwrap_or("").trim_end().split(',');
    let place = |group: &str| RHYMES.iter().position(|&rhyme| rhyme == group.trim());
    let rhymes = groups
        .filter_map(|group| Some(place(group)? as u8))
        .collect();
    let entry = Entry { tone, rhymes };
    characters.next().is_none().then_some((character, entry))
}

/// What a prosody table looks like.
const LINES: &str = "the prosody table has lines `东 TAB P TAB 一东`: a character, its tone \
    (P level, Z oblique, B either), rhyme groups";

fn bad(message: String) -> Error {
    Error::input(message).hint(LINES)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Tones of 白日依山尽，黄河入海流。 and 欲穷千里目，更上一层楼。, and of 看, which has both.
    pub(crate) fn table() -> Prosody {
        let mut text = String::from("# character\ttone\trhyme\n");
        for (characters, tone) in [
            ("依山黄河流穷千层楼", "P"),
            ("白日尽入海欲里目更上一", "Z"),
            ("看", "B"),
        ] {
            for character in characters.chars() {
                text += &format!("{character}\t{tone}\t-\n");
            }
        }
        Prosody::parse(&text).unwrap()
    }

    fn characters(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn rules_on_a_famous_couplet() {
        let prosody = table();
        // 日 Z 山 P / 河 P 海 Z; 尽 Z, 流 P.
        let good = characters("白日依山尽黄河入海流");
        assert!(prosody.alternates(&good) && prosody.ends(&good));
        // 日 Z 目 Z: no alternation. 山 P at the first line's end.
        let bad = characters("白日依目山黄河入海流");
        assert!(!prosody.alternates(&bad) && !prosody.ends(&bad));
        // Both lines Z P: no opposition.
        assert!(!prosody.alternates(&characters("白日依山尽黄日入山流")));
        // The other order.
        assert!(prosody.alternates(&characters("黄河入海流白日依山尽")));
        assert!(!prosody.ends(&characters("黄河入海流白日依山尽")));
    }

    #[test]
    fn either_tone_fits_once_for_the_couplet_and_unknown_never() {
        let prosody = table();
        assert!(prosody.alternates(&characters("白日依看尽黄看入看流")));
        assert!(prosody.ends(&characters("白日依山看黄河入海看")));
        // 看 cannot be P for 日 Z and Z for 河 P's line at once: 日 Z, 看 P, 日 Z breaks opposition.
        assert!(!prosody.alternates(&characters("白日依看尽黄日入看流")));
        assert!(!prosody.alternates(&characters("白日依某尽黄河入海流")));
    }

    #[test]
    fn seven_characters_alternate_three_times() {
        let prosody = table();
        assert!(!prosody.alternates(&characters("黄河白日依海尽白日黄河入海流")));
        // Positions 2, 4, 6: 河 P 日 Z 山 P / 日 Z 河 P 海 Z.
        assert!(prosody.alternates(&characters("黄河白日山山尽白日黄河白海流")));
    }

    #[test]
    fn groups_become_codes() {
        let text = "东\tP\t一东\n先\tP\t五咸,一先,十五咸,一东\n峰\tP\t-\n日\tZ\t入声四质\n\
            看\tB\t十四寒,十五翰\n过\tB\n";
        let prosody = Prosody::parse(text).unwrap();
        assert_eq!(prosody.rhymes('先'), [15, 29, 0]);
        assert!(prosody.rhymes('某').is_empty());
        for (character, codes) in [
            ('东', [0, 255]),
            ('先', [15, 29]),
            ('峰', [31, 255]),
            ('日', [30, 255]),
            ('看', [13, 30]),
            ('过', [31, 30]),
            ('某', [255, 255]),
        ] {
            assert_eq!(prosody.codes(character).to_le_bytes(), codes, "{character}");
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, line) in [
            ("东\tP\n西\tX\n", 2),
            ("东西\tP\n", 1),
            ("东\n", 1),
            ("东\tP\n东\tP\n", 2),
        ] {
            let error = Prosody::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("line {line}: ")), "{error}");
        }
        assert!(Prosody::parse("# nothing\n").is_err());
        assert_eq!(
            Prosody::parse("\u{FEFF}东\tP\r\n").unwrap().tone('东'),
            Some(Tone::Level)
        );
    }
}
