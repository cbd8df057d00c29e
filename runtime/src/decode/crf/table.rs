//! The scores that do not depend on the text: start, transitions, end, in one borrowed table.
//!
//! ```text
//! row 0           start(to)
//! rows 1 … T      transition(row − 1, to)
//! row T + 1       end(from)
//! ```

use super::score::Score;
use crate::kernels::rows;

/// Most tags: a set of them is one u64.
pub const MAX_TAGS: usize = 64;
/// The set of all tags.
pub const ALL: u64 = u64::MAX;

/// A linear-chain conditional random field over a borrowed table `[T + 2, T]`.
#[derive(Clone, Copy, Debug)]
pub struct Crf<'a, S: Score = i32> {
    tags: usize,
    start: &'a [S],
    transitions: &'a [S],
    end: &'a [S],
}

impl<'a, S: Score> Crf<'a, S> {
    /// The field of `tags` tags; `None` where they are none or more than [`MAX_TAGS`], or the
    /// table has another length than `(tags + 2) · tags`.
    #[must_use]
    pub fn new(tags: usize, table: &'a [S]) -> Option<Self> {
        if tags == 0 || tags > MAX_TAGS {
            return None;
        }
        let (start, rest) = table.split_at_checked(tags)?;
        let (transitions, end) = rest.split_at_checked(tags.checked_mul(tags)?)?;
        (end.len() == tags).then_some(Self {
            tags,
            start,
            transitions,
            end,
        })
    }

    /// Number of tags, 1 to [`MAX_TAGS`].
    #[must_use]
    pub fn tags(&self) -> usize {
        self.tags
    }

    /// Score of a text that starts with tag `to`.
    #[must_use]
    pub fn start(&self, to: usize) -> S {
        at(self.start, to)
    }

    /// Score of tag `to` behind tag `from`.
    #[must_use]
    pub fn transition(&self, from: usize, to: usize) -> S {
        if to < self.tags {
            at(
                self.transitions,
                from.saturating_mul(self.tags).saturating_add(to),
            )
        } else {
            S::FORBIDDEN
        }
    }

    /// Score of a text that ends with tag `from`.
    #[must_use]
    pub fn end(&self, from: usize) -> S {
        at(self.end, from)
    }

    /// All start scores.
    #[must_use]
    pub fn starts(&self) -> &'a [S] {
        self.start
    }

    /// For each tag the scores of those behind it.
    pub fn rows(&self) -> impl Iterator<Item = &'a [S]> + use<'a, S> {
        rows(self.transitions, self.tags)
    }

    /// All end scores.
    #[must_use]
    pub fn ends(&self) -> &'a [S] {
        self.end
    }
}

/// An element; tags that do not exist are forbidden.
fn at<S: Score>(scores: &[S], index: usize) -> S {
    scores.get(index).copied().unwrap_or(S::FORBIDDEN)
}

/// Whether the set `allowed` has `tag`.
#[inline(always)]
pub(in crate::decode) fn has(allowed: u64, tag: usize) -> bool {
    allowed.checked_shr(tag as u32).unwrap_or(0) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::crf::FORBIDDEN;

    #[test]
    fn tables_have_one_size() {
        let table = [0; 66 * 65];
        assert!(Crf::new(0, &table[..0]).is_none());
        assert!(Crf::new(65, &table[..67 * 65 - 65]).is_none());
        assert!(Crf::new(3, &table[..14]).is_none());
        assert!(Crf::new(3, &table[..16]).is_none());
        assert!(Crf::new(64, &table[..66 * 64]).is_some());
    }

    #[test]
    fn entries_are_where_they_belong() {
        let table: [i32; 15] = core::array::from_fn(|index| index as i32);
        let crf = Crf::new(3, &table).expect("15 entries");
        assert_eq!([0, 1, 2, 3].map(|to| crf.start(to)), [0, 1, 2, FORBIDDEN]);
        assert_eq!(crf.transition(1, 2), 8);
        assert_eq!(crf.transition(3, 0), FORBIDDEN);
        assert_eq!(crf.transition(0, 3), FORBIDDEN);
        assert_eq!(
            [0, 1, 2, 3].map(|from| crf.end(from)),
            [12, 13, 14, FORBIDDEN]
        );
        assert_eq!(crf.rows().nth(2), Some(&table[9..12]));
        assert_eq!(crf.rows().count(), 3);
    }
}
