//! Texts of any length in rows of one length.
//!
//! ```text
//! row    PAD PAD 我 们 去 PAD PAD 他 来 PAD PAD ……        T positions between R before and R after
//!                └ text ┘         └text┘
//! ```
//!
//! Between two texts lie the R PADs that both read, so that a row's scores are each text's own. A
//! text longer than a row is cut into pieces; each keeps its true neighbours on both sides, so that
//! its scores are the whole text's, and its first and last tags score as inside.

use super::corpus::Text;
use super::model::PAD;
use super::vocabulary::Vocabulary;

/// A text as ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Ids of its characters.
    pub ids: Vec<i64>,
    /// Pair ids of its neighbours, one fewer.
    pub pairs: Vec<i64>,
    /// Tags of its characters.
    pub tags: Vec<u8>,
}

impl Encoded {
    /// `text` as ids of `vocabulary`.
    pub fn new(text: &Text, vocabulary: &Vocabulary) -> Self {
        Self {
            ids: vocabulary.ids(&text.characters),
            pairs: vocabulary.pair_ids(&text.characters),
            tags: text.tags.clone(),
        }
    }
}

impl Encoded {
    /// Pairs that are not `kept` become the unknown one.
    pub fn keep(&mut self, kept: Option<&[bool]>) {
        let Some(kept) = kept else {
            return;
        };
        for pair in &mut self.pairs {
            if kept.get(*pair as usize) != Some(&true) {
                *pair = 0;
            }
        }
    }
}

/// Characters `from..to` of a text, at position `at` of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Number of the text.
    pub text: usize,
    /// Its first character here.
    pub from: usize,
    /// The one after its last here.
    pub to: usize,
    /// Where the first one lies.
    pub at: usize,
    /// Whether the text starts here.
    pub starts: bool,
    /// Whether the text ends here.
    pub ends: bool,
}

/// The pieces of one row, from left to right.
pub type Row = Vec<Piece>;

/// Rows that are looked through for room before a new one is begun.
const OPEN: usize = 24;

/// Lays texts of the given lengths into rows of `row` positions, in the given order as far as it
/// fills them: each piece goes into the first open row with room.
pub fn lay(lengths: impl Iterator<Item = (usize, usize)>, row: usize, reach: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (text, length) in lengths {
        let mut from = 0;
        while from < length {
            let to = length.min(from + row);
            let mut piece = Piece {
                text,
                from,
                to,
                at: 0,
                starts: from == 0,
                ends: to == length,
            };
            from = to;
            let first = rows.len().saturating_sub(OPEN);
            let room = rows.iter_mut().skip(first).find_map(|row_of| {
                let last = row_of.last()?;
                // PADs serve both neighbours; true neighbours serve one.
                let gap = match last.ends && piece.starts {
                    true => reach,
                    false => 2 * reach,
                };
                let at = last.at + (last.to - last.from) + gap;
                (at + (piece.to - piece.from) <= row).then_some((row_of, at))
            });
            match room {
                Some((row_of, at)) => {
                    piece.at = at;
                    row_of.push(piece);
                }
                None => rows.push(vec![piece]),
            }
        }
    }
    rows
}

/// The ids that a network reads of some rows, position by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// Character ids `[(T + 2R) · B]`.
    pub ids: Vec<i64>,
    /// Pair ids `[(T + 2R − 1) · B]`.
    pub pairs: Vec<i64>,
}

/// Writes `rows` of `texts` into a batch of `batch` rows; missing rows are PADs.
pub fn ids(rows: &[Row], texts: &[Encoded], [row, reach, batch]: [usize; 3]) -> Ids {
    let length = row + 2 * reach;
    let mut out = Ids {
        ids: vec![PAD; length * batch],
        pairs: vec![0; (length - 1) * batch],
    };
    for (lane, pieces) in rows.iter().take(batch).enumerate() {
        for piece in pieces {
            let Some(text) = texts.get(piece.text) else {
                continue;
            };
            // With its true neighbours within reach.
            let first = piece.from - piece.from.min(reach);
            let last = text.ids.len().min(piece.to + reach);
            let start = reach + piece.at - (piece.from - first);
            let place = |at: usize| (start + at) * batch + lane;
            for (at, &id) in text.ids[first..last].iter().enumerate() {
                out.ids[place(at)] = id;
            }
            for (at, &pair) in text.pairs[first..last - 1].iter().enumerate() {
                out.pairs[place(at)] = pair;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::random::Random;

    #[test]
    fn every_character_lies_once_with_its_neighbours() {
        let mut random = Random::new(4, 4);
        let [row, reach, batch] = [32, 3, 5];
        let texts: Vec<Encoded> = (0..60)
            .map(|_| {
                let length = 1 + random.below(90) as usize;
                let ids = (0..length).map(|_| 2 + i64::from(random.below(1 << 20)));
                Encoded {
                    ids: ids.collect(),
                    pairs: (1..length as i64).collect(),
                    tags: vec![0; length],
                }
            })
            .collect();
        let lengths = texts.iter().map(|text| text.ids.len()).enumerate();
        let rows = lay(lengths, row, reach);
        let characters: usize = texts.iter().map(|text| text.ids.len()).sum();
        let mut seen: Vec<Vec<bool>> = texts
            .iter()
            .map(|text| vec![false; text.ids.len()])
            .collect();
        for rows in rows.chunks(batch) {
            let ids = ids(rows, &texts, [row, reach, batch]);
            for (lane, pieces) in rows.iter().enumerate() {
                for piece in pieces {
                    assert!(piece.at + piece.to - piece.from <= row);
                    let text = &texts[piece.text];
                    assert_eq!(piece.starts, piece.from == 0);
                    assert_eq!(piece.ends, piece.to == text.ids.len());
                    let own = &mut seen[piece.text][piece.from..piece.to];
                    for (offset, seen) in own.iter_mut().enumerate() {
                        assert!(!std::mem::replace(seen, true));
                        let at = piece.from + offset;
                        // What the network reads around this character is what the text has.
                        for offset in 0..=2 * reach {
                            let place = piece.at + (at - piece.from) + offset;
                            let there = (at + offset).checked_sub(reach);
                            let id = there.and_then(|there| text.ids.get(there).copied());
                            assert_eq!(ids.ids[place * batch + lane], id.unwrap_or(PAD));
                            if offset < 2 * reach {
                                let pair = there.and_then(|there| text.pairs.get(there).copied());
                                assert_eq!(ids.pairs[place * batch + lane], pair.unwrap_or(0));
                            }
                        }
                    }
                }
            }
        }
        assert!(seen.iter().flatten().all(|&seen| seen));
        assert!(
            characters * 10 > rows.len() * row * 6,
            "rows are mostly full"
        );
    }
}
