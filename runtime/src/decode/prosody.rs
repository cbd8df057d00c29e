//! Tones, rhymes and the patterns of regulated verse, as data.
//!
//! ```text
//! line types    A  *ZPPZ    B  PP*ZP    C  *PPZZ    D  *ZZPP      P level, Z oblique, * either
//! patterns      ABCD    DBCD    CDAB    BDAB
//! ```
//!
//! Lines of seven characters have two more in front, the second of a tone other than that of the
//! fourth. Couplets are the first two lines of a pattern. B and D rhyme, all in one level rhyme group;
//! A and C end oblique. In B a lone level tone would be left where the caller fixes its first character
//! (of seven, its third) to one that is not level: it becomes `*PPZP`.

use crate::kernels::divide;

/// Level rhyme groups of Pingshui, in the order of the book.
pub const RHYMES: usize = 30;
/// Group of all oblique characters.
pub const OBLIQUE: u8 = 30;
/// Group of level characters whose rhyme is not known.
pub const LEVEL: u8 = 31;
/// No group.
pub const NONE: u8 = 255;

/// Names of the level rhyme groups.
pub const RHYME_NAMES: [&str; RHYMES] = [
    "一东",
    "二冬",
    "三江",
    "四支",
    "五微",
    "六鱼",
    "七虞",
    "八齐",
    "九佳",
    "十灰",
    "十一真",
    "十二文",
    "十三元",
    "十四寒",
    "十五删",
    "一先",
    "二萧",
    "三肴",
    "四豪",
    "五歌",
    "六麻",
    "七阳",
    "八庚",
    "九青",
    "十蒸",
    "十一尤",
    "十二侵",
    "十三覃",
    "十四盐",
    "十五咸",
];

/// Groups of a vocabulary entry: at most two. An element of table `prosody`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups(
    /// The first in the lower byte, the second in the higher one.
    pub u16,
);

impl Groups {
    /// The groups, first and second.
    #[must_use]
    pub fn codes(self) -> [u8; 2] {
        self.0.to_le_bytes()
    }

    /// Whether one is `code`.
    #[must_use]
    pub fn has(self, code: u8) -> bool {
        self.codes().contains(&code)
    }

    /// Whether the entry may be read in a level tone.
    #[must_use]
    pub fn is_level(self) -> bool {
        let codes = self.codes();
        codes.iter().any(|&code| code < OBLIQUE || code == LEVEL)
    }

    /// Whether the entry may stand where `tone` is asked for.
    #[must_use]
    pub fn suit(self, tone: Tone) -> bool {
        match tone {
            Tone::Level => self.is_level(),
            Tone::Oblique => self.has(OBLIQUE),
            Tone::Either => true,
        }
    }
}

/// What a position asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Level (平).
    Level,
    /// Oblique (仄).
    Oblique,
    /// Either.
    Either,
}

/// Tones of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineType {
    /// `*ZPPZ`
    A,
    /// `PP*ZP`
    B,
    /// `*PPZZ`
    C,
    /// `*ZZPP`
    D,
    /// `*PPZP`: B where its first character, or third of seven, is not level.
    Rescued,
}

/// Lines of seven characters by type; those of five are their ends.
const TONES: [&[u8; 7]; 5] = [b"*P*ZPPZ", b"*ZPP*ZP", b"*Z*PPZZ", b"*P*ZZPP", b"*Z*PPZP"];

impl LineType {
    /// Tone of character `at` in a line of `length` characters, five or seven.
    #[must_use]
    pub fn tone(self, length: usize, at: usize) -> Tone {
        let missing = 7usize.saturating_sub(length);
        let tones = TONES.get(self as usize);
        match tones.and_then(|tones| tones.get(at.checked_add(missing)?)) {
            Some(b'P') => Tone::Level,
            Some(b'Z') => Tone::Oblique,
            _ => Tone::Either,
        }
    }

    /// Whether the line ends in the rhyme.
    #[must_use]
    pub fn rhymes(self) -> bool {
        !matches!(self, Self::A | Self::C)
    }
}

/// The four patterns, called after the types of their lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// In five characters: oblique start, first line unrhymed.
    Abcd,
    /// In five characters: oblique start, first line rhymed.
    Dbcd,
    /// In five characters: level start, first line unrhymed.
    Cdab,
    /// In five characters: level start, first line rhymed.
    Bdab,
}

impl Pattern {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Abcd, Self::Dbcd, Self::Cdab, Self::Bdab];

    /// Those among which the best is chosen: of couplets only the ones with an unrhymed first line.
    #[must_use]
    pub fn choices(lines: usize) -> &'static [Self] {
        match lines {
            2 => &[Self::Abcd, Self::Cdab],
            _ => &Self::ALL,
        }
    }

    /// Type of line `line`, from 0.
    #[must_use]
    pub fn line(self, line: usize) -> LineType {
        use LineType::{A, B, C, D};
        let types = match self {
            Self::Abcd => [A, B, C, D],
            Self::Dbcd => [D, B, C, D],
            Self::Cdab => [C, D, A, B],
            Self::Bdab => [B, D, A, B],
        };
        types.get(line & 3).copied().unwrap_or(A)
    }

    /// Tone of `position` in a poem of `lines` lines of `length` characters; either behind its end.
    #[must_use]
    pub fn tone(self, length: usize, lines: usize, position: usize) -> Tone {
        match divide(position, length) {
            Some((line, at)) if line < lines => self.line(line).tone(length, at),
            _ => Tone::Either,
        }
    }

    /// Whether line `line`, from 0, of a poem of `lines` lines ends in the rhyme.
    #[must_use]
    pub fn rhymes(self, lines: usize, line: usize) -> bool {
        line < lines && self.line(line).rhymes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Patterns that a poem keeps, from the tones of its characters.
    fn kept(tones: &str) -> Vec<Pattern> {
        let lines: Vec<&str> = tones.split(' ').collect();
        let (length, count) = (lines[0].len(), lines.len());
        let tones = lines.concat();
        let keeps = |pattern: &Pattern| {
            tones.bytes().enumerate().all(|(position, read)| {
                match pattern.tone(length, count, position) {
                    Tone::Level => read == b'P',
                    Tone::Oblique => read == b'Z',
                    Tone::Either => true,
                }
            })
        };
        Pattern::ALL.into_iter().filter(keeps).collect()
    }

    #[test]
    fn famous_poems_keep_their_patterns() {
        for (tones, expected) in [
            // 白日依山尽，黄河入海流。欲穷千里目，更上一层楼。
            ("ZZPPZ PPZZP ZPPZZ ZZZPP", &[Pattern::Abcd][..]),
            // 月黑雁飞高，单于夜遁逃。欲将轻骑逐，大雪满弓刀。
            ("ZZZPP PPZZP ZPPZZ ZZZPP", &[Pattern::Dbcd]),
            // 长江悲已滞，万里念将归。况属高风晚，山山黄叶飞。
            ("PPPZZ ZZZPP ZZPPZ PPPZP", &[Pattern::Cdab]),
            // 朝辞白帝彩云间，千里江陵一日还。两岸猿声啼不住，轻舟已过万重山。
            ("PPZZZPP PZPPZZP ZZPPPZZ PPZZZPP", &[Pattern::Dbcd]),
            // 朱雀桥边野草花，乌衣巷口夕阳斜。旧时王谢堂前燕，飞入寻常百姓家。
            ("PZPPZZP PPZZZPP ZPPZPPZ PZPPZZP", &[Pattern::Bdab]),
            // 春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。
            ("PPZZZ ZZPPZ ZPPZP PZPPZ", &[]),
        ] {
            assert_eq!(kept(tones), expected, "{tones}");
        }
    }

    #[test]
    fn couplets_are_the_first_two_lines() {
        assert_eq!(kept("ZZPPZ PPZZP"), [Pattern::Abcd]);
        assert_eq!(kept("ZZZPP PPZZP"), [Pattern::Dbcd]);
        assert_eq!(kept("PPPZZ ZZZPP"), [Pattern::Cdab]);
        assert_eq!(kept("PPPZP ZZZPP"), [Pattern::Bdab]);
        assert_eq!(Pattern::Abcd.tone(5, 2, 10), Tone::Either);
        let rhymes = |line| Pattern::Dbcd.rhymes(2, line);
        assert_eq!([0, 1, 2, 3].map(rhymes), [true, true, false, false]);
        assert_eq!(Pattern::choices(2), [Pattern::Abcd, Pattern::Cdab]);
        assert_eq!(Pattern::choices(4), Pattern::ALL);
    }

    #[test]
    fn level_ends_rhyme_and_no_other() {
        let types = [
            LineType::A,
            LineType::B,
            LineType::C,
            LineType::D,
            LineType::Rescued,
        ];
        for line in types {
            for length in [5, 7] {
                let level = line.tone(length, length - 1) == Tone::Level;
                assert_eq!(line.rhymes(), level);
                // The two added characters turn the tone round.
                let (second, fourth) = (line.tone(7, 1), line.tone(7, 3));
                assert!(second != fourth && fourth != Tone::Either);
            }
        }
        assert_eq!(LineType::B.tone(5, 0), Tone::Level);
        assert_eq!(LineType::Rescued.tone(5, 0), Tone::Either);
        assert_eq!(LineType::Rescued.tone(5, 2), Tone::Level);
        assert_eq!(LineType::Rescued.tone(7, 2), Tone::Either);
        assert_eq!(LineType::Rescued.tone(7, 4), Tone::Level);
    }

    #[test]
    fn groups_tell_tones() {
        let groups = |first: u8, second: u8| Groups(u16::from_le_bytes([first, second]));
        for (groups, level, oblique) in [
            (groups(0, NONE), true, false),
            (groups(3, 29), true, false),
            (groups(LEVEL, NONE), true, false),
            (groups(OBLIQUE, NONE), false, true),
            (groups(15, OBLIQUE), true, true),
            (groups(NONE, NONE), false, false),
        ] {
            assert_eq!(groups.suit(Tone::Level), level);
            assert_eq!(groups.suit(Tone::Oblique), oblique);
            assert!(groups.suit(Tone::Either));
        }
        assert!(groups(3, 29).has(29) && !groups(3, 29).has(4));
    }
}
