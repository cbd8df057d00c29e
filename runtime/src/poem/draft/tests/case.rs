//! Candidates of random scores, and a check of what is made of them.

use crate::decode::pairs::Pairs;
use crate::decode::prosody::{Groups, LEVEL, LineType, NONE, OBLIQUE, Tone};
use crate::poem::draft::Form;
use crate::poem::lists::{Lists, lists_of_line};
use crate::poem::{Draft, Rules, Verse};
use crate::random::Random;
use std::vec::Vec;

/// A vocabulary of 96 characters and the scores of all positions.
pub struct Case {
    groups: Vec<u16>,
    pub ids: Vec<i32>,
    scores: Vec<i32>,
    /// Of the network, `[positions, V]`.
    pub all: Vec<Vec<i32>>,
    line: usize,
    lines: usize,
    k: usize,
}

/// Three rhymes, oblique characters, some of two groups, some without a known rhyme or any group.
pub fn groups_of(id: usize) -> [u8; 2] {
    match id % 12 {
        0..=2 => [(id % 3) as u8, NONE],
        3 => [0, 1],
        4..=8 => [OBLIQUE, NONE],
        9 => [2, OBLIQUE],
        10 => [LEVEL, NONE],
        _ => [NONE, NONE],
    }
}

pub fn has(id: usize, tone: Tone) -> bool {
    Groups(u16::from_le_bytes(groups_of(id))).suit(tone)
}

impl Case {
    /// Scores are random; `k` candidates of each list.
    pub fn new(line: usize, lines: usize, k: usize, seed: u64) -> Self {
        let count = 96;
        let mut random = Random::new(seed);
        let mut row = || {
            (0..count)
                .map(|_| (random.next_u32() % 1000) as i32 * 4096)
                .collect()
        };
        let all: Vec<Vec<i32>> = (0..line * lines).map(|_| row()).collect();
        let mut case = Self {
            groups: (0..count)
                .map(|id| u16::from_le_bytes(groups_of(id)))
                .collect(),
            ids: Vec::new(),
            scores: Vec::new(),
            all,
            line,
            lines,
            k,
        };
        // What `TopKGroups` keeps.
        for (position, scores) in case.all.iter().enumerate() {
            let is_last = position % line == line - 1;
            let lists = if is_last { 31 } else { 2 };
            for list in 0..lists {
                let mut members: Vec<(i32, i32)> = (0..count)
                    .filter(|&id| match (is_last, list) {
                        (true, list) => groups_of(id).contains(&(list as u8)),
                        (false, 0) => has(id, Tone::Level),
                        (false, _) => has(id, Tone::Oblique),
                    })
                    .map(|id| (-scores[id], id as i32))
                    .collect();
                members.sort_unstable();
                members.resize(k.max(members.len()), (i32::MAX, -1));
                members.truncate(k);
                case.ids.extend(members.iter().map(|&(_, id)| id));
                let scores = members.iter().map(|&(score, _)| score.checked_neg());
                case.scores
                    .extend(scores.map(|score| score.unwrap_or(i32::MIN)));
            }
        }
        assert_eq!(case.ids.len(), lines * lists_of_line(line) * k);
        case
    }

    pub fn draft(&self) -> Draft<'_> {
        self.draft_with(None)
    }

    pub fn draft_with<'d>(&'d self, pairs: Option<Pairs<'d>>) -> Draft<'d> {
        Draft {
            form: Form {
                groups: &self.groups,
                pairs,
                scale: 1.0 / 65536.0,
                unit: 1.0 / 65536.0,
                shift: 0,
                line: self.line,
                lines: self.lines,
            },
            lists: Lists {
                ids: &self.ids,
                scores: &self.scores,
                k: self.k,
                line: self.line,
            },
        }
    }

    /// Whether `verse` keeps `rules`, told from the groups alone.
    pub fn check(&self, verse: &Verse, rules: &Rules<'_>) {
        let ids: Vec<usize> = verse.ids.iter().map(|&id| id as usize).collect();
        assert_eq!(ids.len(), self.line * self.lines);
        let fixed = |position: usize| rules.fixed.get(position).copied().filter(|&id| id >= 0);
        let mut score = 0i64;
        for (position, &id) in ids.iter().enumerate() {
            let (line, at) = (position / self.line, position % self.line);
            if let Some(pattern) = verse.pattern {
                let head = line * self.line + self.line - 5;
                let rescued = fixed(head).is_some_and(|id| !has(id as usize, Tone::Level));
                let kind = match pattern.line(line) {
                    LineType::B if rescued => LineType::Rescued,
                    kind => kind,
                };
                assert!(has(id, kind.tone(self.line, at)));
            }
            let rhymes = verse
                .pattern
                .map_or(line % 2 == 1, |pattern| pattern.rhymes(self.lines, line));
            if let Some(rhyme) = verse.rhyme
                && rhymes
                && at == self.line - 1
            {
                assert!(groups_of(id).contains(&rhyme));
            }
            if let Some(fixed) = fixed(position) {
                assert_eq!(id, fixed as usize);
                continue;
            }
            let listed = (0..96).filter(|&id| {
                let codes = groups_of(id);
                codes[0] != NONE && (at != self.line - 1 || codes != [LEVEL, NONE])
            });
            let best = listed.map(|id| self.all[position][id]).max().unwrap();
            score += i64::from(self.all[position][id] - best);
            let twice = |other: usize| ids[other] == id && other != position;
            assert!(verse.repeats || !(0..ids.len()).any(twice));
        }
        for line in verse.ids.chunks(self.line) {
            for word in rules.avoided {
                assert!(!line.windows(word.len()).any(|window| window == *word));
            }
        }
        assert_eq!(i64::from(verse.score), score);
    }
}
