//! The best tags of a text of any length, as it comes, in bounded memory.
//!
//! The survivors are the best paths to each tag of the newest character. Looking back, they soon
//! share their past; what all share is the best path of the whole text, whatever follows.
//!
//! ```text
//! push(emission):
//!     one Viterbi step, see step.rs
//!     no tag is left: an error, and everything is as before
//!     for each survivor: its ancestor, the tag at the oldest undecided character
//!     the ring is full and the ancestors differ (a forced decision, counted):
//!         survivors whose ancestor is not that of the best one, the lowest of equals, die
//!     the ring is full: the oldest character has the one ancestor left as its tag
//!     the pointers of the step enter the ring
//!     all ancestors are equal:
//!         go back to the newest character at which all survivors agree; up to there tags are decided
//! finish():
//!     the best survivor with end scores, the lowest of equals, decides the rest
//! ```
//!
//! A character is decided at the latest when `BUFFER` more have come. While no decision is forced,
//! the tags are those of [`viterbi()`](super::viterbi()), ties and constraints included. After a
//! forced one they are still a path that the table allows, the best one with the tags decided so far.

#[cfg(test)]
mod tests;

use super::error::CrfError;
use super::score::{FORBIDDEN, Score};
use super::step;
use super::table::{ALL, Crf};

/// A streaming decoder of at most `TAGS` tags that keeps at most `BUFFER` characters.
///
/// `TAGS · (BUFFER + 5)` bytes and a few.
///
/// ```
/// use qibu::decode::crf::{Crf, Stream, fixed};
///
/// // Two tags; changing costs half a nat.
/// let table = [0.0, 0.0, 0.0, -0.5, -0.5, 0.0, 0.0, 0.0].map(fixed);
/// let crf = Crf::new(2, &table).ok_or("a table of another size")?;
/// let mut stream = Stream::<2, 32>::new(crf).ok_or("too many tags")?;
/// let mut tags = Vec::new();
/// for margin in [1.0, 1.0, -0.2, 1.0, -3.0, -1.0] {
///     stream.push(&[fixed(margin), 0], &mut |tag| tags.push(tag))?;
/// }
/// stream.finish(&mut |tag| tags.push(tag))?;
/// assert_eq!(tags, [0, 0, 0, 0, 1, 1]);
/// assert_eq!(stream.forced(), 0);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stream<'a, const TAGS: usize, const BUFFER: usize> {
    crf: Crf<'a, i32>,
    /// Of the survivors; those that died are forbidden.
    scores: [i32; TAGS],
    /// Tag of each survivor at the oldest undecided character.
    ancestors: [u8; TAGS],
    /// Pointers of the undecided characters; the oldest one's are not read.
    ring: [[u8; TAGS]; BUFFER],
    /// Slot of the oldest undecided character.
    oldest: usize,
    undecided: usize,
    /// Characters of this text so far.
    position: usize,
    /// Sum of the subtracted maxima of this text.
    total: i64,
    forced: u32,
}

impl<'a, const TAGS: usize, const BUFFER: usize> Stream<'a, TAGS, BUFFER> {
    /// A stream of `crf`; `None` where that has more than `TAGS` tags, or `BUFFER` is 0.
    #[must_use]
    pub fn new(crf: Crf<'a, i32>) -> Option<Self> {
        (crf.tags() <= TAGS && BUFFER > 0).then_some(Self {
            crf,
            scores: [FORBIDDEN; TAGS],
            ancestors: [0; TAGS],
            ring: [[0; TAGS]; BUFFER],
            oldest: 0,
            undecided: 0,
            position: 0,
            total: 0,
            forced: 0,
        })
    }

    /// The next character, with a score for each tag; `sink` receives the tags that are decided,
    /// in order.
    ///
    /// # Errors
    /// There are not as many scores as tags, or no tag is left. The character is not taken then:
    /// everything is as before, another emission may be pushed, or [`Stream::cut`] ends the text.
    pub fn push(&mut self, emission: &[i32], sink: &mut impl FnMut(u8)) -> Result<(), CrfError> {
        self.push_allowed(emission, ALL, sink)
    }

    /// The next character, with the set of tags that it may have, like [`Stream::push`].
    ///
    /// # Errors
    /// As those of [`Stream::push`].
    pub fn push_allowed(
        &mut self,
        emission: &[i32],
        allowed: u64,
        sink: &mut impl FnMut(u8),
    ) -> Result<(), CrfError> {
        let needed = self.crf.tags();
        if emission.len() != needed {
            return Err(CrfError::Length { needed });
        }
        let (mut scores, mut pointers) = ([FORBIDDEN; TAGS], [0; TAGS]);
        let best = if self.position == 0 {
            step::first(&self.crf, emission, allowed, &mut scores)
        } else {
            let from = &self.scores;
            step::next(
                &self.crf,
                emission,
                allowed,
                from,
                &mut scores,
                &mut pointers,
            )
        };
        if best.is_forbidden() {
            let position = self.position;
            return Err(CrfError::NoPath { position });
        }
        best.add_to(&mut self.total);
        self.position = self.position.saturating_add(1);
        self.scores = scores;
        self.inherit(&pointers);
        if self.undecided == BUFFER {
            self.make_room(sink);
            self.enter(pointers);
            self.decide(sink);
        } else {
            self.enter(pointers);
            if self.common(&self.ancestors).is_some() {
                self.decide(sink);
            }
        }
        Ok(())
    }

    /// The text ends here: `sink` receives the rest of its tags, the next character starts another
    /// text. The result is the score of all tags of the text.
    ///
    /// # Errors
    /// No tag that is left may end a text. Everything is as before, as if this had not been called.
    pub fn finish(&mut self, sink: &mut impl FnMut(u8)) -> Result<i64, CrfError> {
        let position = self.position;
        let mut total = self.total;
        if position > 0 {
            let best = step::last(&self.scores, self.crf.ends());
            let (tag, score) = best.ok_or(CrfError::NoPath { position })?;
            score.add_to(&mut total);
            self.settle(tag, self.undecided, sink);
        }
        self.reset();
        Ok(total)
    }

    /// The text is cut off here, like [`Stream::finish`] but without end scores: the best survivor
    /// decides. It always succeeds.
    pub fn cut(&mut self, sink: &mut impl FnMut(u8)) {
        self.settle(self.best(), self.undecided, sink);
        self.reset();
    }

    /// Forgets the text so far; undecided characters get no tags.
    pub fn reset(&mut self) {
        self.scores = [FORBIDDEN; TAGS];
        (self.oldest, self.undecided) = (0, 0);
        (self.position, self.total) = (0, 0);
    }

    /// Forced decisions since [`Stream::new`].
    #[must_use]
    pub fn forced(&self) -> u32 {
        self.forced
    }

    /// Characters without a tag as yet; at most `BUFFER`.
    #[must_use]
    pub fn undecided(&self) -> usize {
        self.undecided
    }

    /// The field.
    #[must_use]
    pub fn crf(&self) -> Crf<'a, i32> {
        self.crf
    }

    /// The lowest of the best survivors.
    fn best(&self) -> usize {
        let best = self.scores.iter().position(|&score| score == 0);
        best.unwrap_or(0)
    }

    /// Ancestors of the new survivors, by those of the old ones.
    fn inherit(&mut self, pointers: &[u8; TAGS]) {
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
    fn common(&self, tags: &[u8; TAGS]) -> Option<u8> {
        let mut alive = tags.iter().zip(&self.scores);
        let mut alive = alive.by_ref().filter(|(_, score)| !score.is_forbidden());
        let (&first, _) = alive.next()?;
        alive.all(|(&tag, _)| tag == first).then_some(first)
    }

    /// Decides the oldest character, by force if it must be.
    fn make_room(&mut self, sink: &mut impl FnMut(u8)) {
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
    fn enter(&mut self, pointers: [u8; TAGS]) {
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
    fn decide(&mut self, sink: &mut impl FnMut(u8)) {
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
    fn settle(&mut self, tag: usize, count: usize, sink: &mut impl FnMut(u8)) {
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
