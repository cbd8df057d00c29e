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
//! A character costs T² sums, and at the most `BUFFER` · T steps back, where each one decides its
//! oldest: on common text, whose survivors soon agree, a few.
//!
//! A character is decided at the latest when `BUFFER` more have come. While no decision is forced,
//! the tags are those of [`viterbi()`](super::viterbi()), ties and constraints included. After a
//! forced one they are still a path that the table allows, the best one with the tags decided so far.

mod ring;
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

    /// [`Stream::push`] for a text that must go on: where no path does, what was before stands and the
    /// path starts anew with this character; where none starts, its tag is 0. False where so.
    pub fn push_anyway(&mut self, emission: &[i32], sink: &mut impl FnMut(u8)) -> bool {
        if self.push(emission, sink).is_ok() {
            return true;
        }
        self.cut(sink);
        if self.push(emission, sink).is_err() {
            sink(0);
        }
        false
    }

    /// [`Stream::finish`], or [`Stream::cut`] where no tag that is left may end a text: false then.
    pub fn finish_anyway(&mut self, sink: &mut impl FnMut(u8)) -> bool {
        let ends = self.finish(sink).is_ok();
        if !ends {
            self.cut(sink);
        }
        ends
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
}
