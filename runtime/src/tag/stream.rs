//! Tags of texts of any length: an [`Emitter`] and a [`Stream`] of Viterbi, joined.
//!
//! ```text
//! Scores  → Viterbi's next step; tags come out once all surviving paths agree on them
//! End     → end scores, the rest of the tags, Event::End
//! ```
//!
//! There is one tag for each character, always. Where transitions or scores leave no path, the path
//! ends before that character and starts anew with it; a character that no tag may start with has
//! tag 0. Each time counts as a forced decision.

use super::{Emission, Emitter, Tagger, TaggerError};
use crate::decode::crf::Stream;
use crate::error::InputError;

/// What comes out of a [`TagStream`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Tag of the next character.
    Tag(u8),
    /// The text ended.
    End {
        /// How often a tag of this text was decided before all paths agreed, for want of buffer, or
        /// because no path was left. With none, the tags are those of Viterbi over the whole text.
        forced: u32,
    },
}

/// Tags of texts, one behind the other.
///
/// On a 32-bit chip it takes `TAGS · BUFFER + 2 · IDS` bytes and less than 480 beside, most of them the
/// views of the model: `TagStream<128, 4, 128>` has 1,232. The arena is the caller's.
pub struct TagStream<'m, 'r, const IDS: usize, const TAGS: usize, const BUFFER: usize> {
    emitter: Emitter<'m, 'r, IDS>,
    decoder: Decoder<'m, TAGS, BUFFER>,
}

/// Viterbi, and what it had to force before the current text.
pub(super) struct Decoder<'m, const TAGS: usize, const BUFFER: usize> {
    stream: Stream<'m, TAGS, BUFFER>,
    /// How often no path was left.
    broken: u32,
    /// All forced decisions of the texts before.
    forced: u32,
}

impl<'m, 'r, const IDS: usize, const TAGS: usize, const BUFFER: usize>
    TagStream<'m, 'r, IDS, TAGS, BUFFER>
{
    /// Decodes what `emitter` gives, from the start of a text on.
    ///
    /// # Errors
    /// The tagger has more than `TAGS` tags, or `BUFFER` is 0.
    pub fn new(emitter: Emitter<'m, 'r, IDS>) -> Result<Self, TaggerError> {
        let decoder = Decoder::new(emitter.tagger())?;
        Ok(Self { emitter, decoder })
    }

    /// The tagger.
    #[must_use]
    pub fn tagger(&self) -> &Tagger<'m> {
        self.emitter.tagger()
    }

    /// The next character of the text. Tags of characters before it may come out.
    ///
    /// # Errors
    /// As [`Emitter::push`].
    pub fn push(
        &mut self,
        character: char,
        sink: &mut impl FnMut(Event),
    ) -> Result<(), InputError> {
        let decoder = &mut self.decoder;
        self.emitter
            .push(character, &mut |emission| decoder.take(emission, sink))
    }

    /// The text ends here. Its last tags, and [`Event::End`], may wait for what follows.
    ///
    /// # Errors
    /// As [`Emitter::push`].
    pub fn end(&mut self, sink: &mut impl FnMut(Event)) -> Result<(), InputError> {
        let decoder = &mut self.decoder;
        self.emitter
            .end(&mut |emission| decoder.take(emission, sink))
    }

    /// Everything that waits comes out now; a text that has begun ends here.
    ///
    /// # Errors
    /// As [`Emitter::push`].
    pub fn flush(&mut self, sink: &mut impl FnMut(Event)) -> Result<(), InputError> {
        let decoder = &mut self.decoder;
        self.emitter
            .flush(&mut |emission| decoder.take(emission, sink))
    }
}

impl<'m, const TAGS: usize, const BUFFER: usize> Decoder<'m, TAGS, BUFFER> {
    pub(super) fn new(tagger: &Tagger<'m>) -> Result<Self, TaggerError> {
        Ok(Self {
            stream: Stream::new(tagger.crf()).ok_or(TaggerError::Decoder)?,
            broken: 0,
            forced: 0,
        })
    }

    pub(super) fn take(&mut self, emission: Emission<'_>, sink: &mut impl FnMut(Event)) {
        match emission {
            Emission::Scores(scores) => self.step(scores, &mut |tag| sink(Event::Tag(tag))),
            Emission::End => {
                self.finish(&mut |tag| sink(Event::Tag(tag)));
                let forced = self.stream.forced().saturating_add(self.broken);
                let before = core::mem::replace(&mut self.forced, forced);
                sink(Event::End {
                    forced: forced.saturating_sub(before),
                });
            }
        }
    }

    fn step(&mut self, scores: &[i32], sink: &mut impl FnMut(u8)) {
        if !self.stream.push_anyway(scores, sink) {
            self.broken = self.broken.saturating_add(1);
        }
    }

    fn finish(&mut self, sink: &mut impl FnMut(u8)) {
        if !self.stream.finish_anyway(sink) {
            self.broken = self.broken.saturating_add(1);
        }
    }
}
