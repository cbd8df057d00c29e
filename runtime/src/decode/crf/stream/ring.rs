//! The undecided characters, and what their survivors agree on.
//!
//! ```text
//! decide:  tags = the survivors' own, at the newest character
//!          until all are equal: tags = what each points to, one character before
//!          the character of the equal ones and all before it are decided
//! settle:  from a character and its tag back to the oldest, the tags take the place of pointers;
//!          then they leave, the oldest first
//! ```

use super::Stream;
use crate::decode::crf::score::{FORBIDDEN, Score};

impl<const TAGS: usize, const BUFFER: usize> Stream<'_, TAGS, BUFFER> {
    /// The lowest of the best survivors.
    pub(super) fn best(&self) -> usize {
        let best = self.scores.iter().position(|&score| score == 0);
        best.unwrap_or(0)
    }

    /// Ancestors of the new survivors, by those of the old ones.
    pub(super) fn inherit(&mut self, pointers: &[u8; TAGS]) {
        let before = self.ancestors;
        let slots = self.ancestors.iter_mut().zip(pointers).enumerate();
        for (tag, (slot, &pointer)) in slots {
            *slot = if self.undecided == 0 {
                tag as u8
            } else {
                at(&before, usize::from(pointer))
            };
        }
    }

    /// What `tags`, one for each survivor, have in common; those of dead ones do not count.
    pub(super) fn common(&self, tags: &[u8; TAGS]) -> Option<u8> {
        let mut alive = tags.iter().zip(&self.scores);
        let mut alive = alive.by_ref().filter(|(_, score)| !score.is_forbidden());
        let (&first, _) = alive.next()?;
        alive.all(|(&tag, _)| tag == first).then_some(first)
    }

    /// Decides the oldest character, by force if it must be.
    pub(super) fn make_room(&mut self, sink: &mut impl FnMut(u8)) {
        let tag = at(&self.ancestors, self.best());
        if self.common(&self.ancestors).is_none() {
            self.forced = self.forced.saturating_add(1);
            for (score, &ancestor) in self.scores.iter_mut().zip(&self.ancestors) {
                if ancestor != tag {
                    *score = FORBIDDEN;
                }
            }
        }
        sink(tag);
        self.drop_oldest(1);
    }

    /// Takes the pointers of the newest character into the ring.
    pub(super) fn enter(&mut self, pointers: [u8; TAGS]) {
        let slot = self.slot(self.undecided);
        if let Some(row) = self.ring.get_mut(slot) {
            *row = pointers;
        }
        self.undecided = self.undecided.saturating_add(1);
    }

    /// Slot of the character `offset` behind the oldest.
    fn slot(&self, offset: usize) -> usize {
        let slot = self.oldest.saturating_add(offset);
        if slot < BUFFER {
            slot
        } else {
            slot.saturating_sub(BUFFER)
        }
    }

    /// The `count` oldest characters are decided.
    fn drop_oldest(&mut self, count: usize) {
        self.oldest = self.slot(count);
        self.undecided = self.undecided.saturating_sub(count);
    }

    /// Tag before `tag` at the character `offset` behind the oldest.
    fn before(&self, offset: usize, tag: u8) -> u8 {
        let row = self.ring.get(self.slot(offset));
        row.map_or(0, |row| at(row, usize::from(tag)))
    }

    /// Decides all up to the newest character at which all survivors agree, and finds the ancestors
    /// of what is left.
    pub(super) fn decide(&mut self, sink: &mut impl FnMut(u8)) {
        let mut tags: [u8; TAGS] = core::array::from_fn(|tag| tag as u8);
        for count in (1..=self.undecided).rev() {
            if let Some(tag) = self.common(&tags) {
                self.settle(usize::from(tag), count, sink);
                return;
            }
            self.ancestors = tags;
            for tag in &mut tags {
                *tag = self.before(count.saturating_sub(1), *tag);
            }
        }
    }

    /// Decides the `count` oldest characters, the last of which has `tag`.
    pub(super) fn settle(&mut self, tag: usize, count: usize, sink: &mut impl FnMut(u8)) {
        // The first pointer of each row gives way to the tag, which is found from the last to the
        // first and needed from the first to the last.
        let mut tag = tag as u8;
        for offset in (0..count).rev() {
            let before = self.before(offset, tag);
            let slot = self.slot(offset);
            if let Some(first) = self.ring.get_mut(slot).and_then(|row| row.first_mut()) {
                *first = tag;
            }
            tag = before;
        }
        for offset in 0..count {
            sink(self.before(offset, 0));
        }
        self.drop_oldest(count);
    }
}

/// The tag in `row`; 0 behind its end, which no pointer reaches.
fn at<const TAGS: usize>(row: &[u8; TAGS], tag: usize) -> u8 {
    row.get(tag).copied().unwrap_or(0)
}
