//! A [`TagStream`](super::TagStream) with a user's dictionary between network and decoder.
//!
//! ```text
//! character  → waits; into the emitter
//! Scores     → with the character that has waited longest into the dictionary, from there into Viterbi
//! End        → the dictionary's rest into Viterbi, end scores, Event::End
//! ```

use super::stream::Decoder;
use super::{Emission, Emitter, Event, Tagger, TaggerError};
use crate::decode::dictionary::{Dictionary, Words};
use crate::error::InputError;
use heapless::Deque;

/// Tags of texts, one behind the other, with words that the user would rather have, or not have.
pub struct DictionaryStream<
    'm,
    'r,
    'd,
    W: Words + ?Sized,
    const IDS: usize,
    const TAGS: usize,
    const BUFFER: usize,
    const LONGEST: usize,
> {
    emitter: Emitter<'m, 'r, IDS>,
    rest: Rest<'m, 'd, W, IDS, TAGS, BUFFER, LONGEST>,
}

/// What comes behind the network.
struct Rest<
    'm,
    'd,
    W: Words + ?Sized,
    const IDS: usize,
    const TAGS: usize,
    const BUFFER: usize,
    const LONGEST: usize,
> {
    /// Characters in the emitter's window.
    waiting: Deque<char, IDS>,
    dictionary: Dictionary<'d, W, TAGS, LONGEST>,
    decoder: Decoder<'m, TAGS, BUFFER>,
}

impl<
    'm,
    'r,
    'd,
    W: Words + ?Sized,
    const IDS: usize,
    const TAGS: usize,
    const BUFFER: usize,
    const LONGEST: usize,
> DictionaryStream<'m, 'r, 'd, W, IDS, TAGS, BUFFER, LONGEST>
{
    /// Decodes what `emitter` gives with the biases of `dictionary`, from the start of a text on.
    ///
    /// # Errors
    /// The tagger has more than `TAGS` tags, or others than the dictionary; `BUFFER` is 0.
    pub fn new(
        emitter: Emitter<'m, 'r, IDS>,
        dictionary: Dictionary<'d, W, TAGS, LONGEST>,
    ) -> Result<Self, TaggerError> {
        let tagger = emitter.tagger();
        if dictionary.tags() != tagger.tags() {
            return Err(TaggerError::Decoder);
        }
        let rest = Rest {
            waiting: Deque::new(),
            dictionary,
            decoder: Decoder::new(tagger)?,
        };
        Ok(Self { emitter, rest })
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
        let rest = &mut self.rest;
        // The window has fewer characters than slots: there is room.
        let _ = rest.waiting.push_back(character);
        self.emitter
            .push(character, &mut |emission| rest.take(emission, sink))
    }

    /// The text ends here. Its last tags, and [`Event::End`], may wait for what follows.
    ///
    /// # Errors
    /// As [`Emitter::push`].
    pub fn end(&mut self, sink: &mut impl FnMut(Event)) -> Result<(), InputError> {
        let rest = &mut self.rest;
        self.emitter.end(&mut |emission| rest.take(emission, sink))
    }

    /// Everything that waits comes out now; a text that has begun ends here.
    ///
    /// # Errors
    /// As [`Emitter::push`].
    pub fn flush(&mut self, sink: &mut impl FnMut(Event)) -> Result<(), InputError> {
        let rest = &mut self.rest;
        self.emitter
            .flush(&mut |emission| rest.take(emission, sink))
    }
}

impl<
    W: Words + ?Sized,
    const IDS: usize,
    const TAGS: usize,
    const BUFFER: usize,
    const LONGEST: usize,
> Rest<'_, '_, W, IDS, TAGS, BUFFER, LONGEST>
{
    fn take(&mut self, emission: Emission<'_>, sink: &mut impl FnMut(Event)) {
        let decoder = &mut self.decoder;
        match emission {
            Emission::Scores(scores) => {
                let character = self.waiting.pop_front().unwrap_or('\0');
                let mut on = |scores: &[i32]| decoder.take(Emission::Scores(scores), sink);
                if self.dictionary.push(character, scores, &mut on).is_err() {
                    // Of a window that could not be run: no word goes over it.
                    self.dictionary.finish(&mut on);
                    on(scores);
                }
            }
            Emission::End => {
                let mut on = |scores: &[i32]| decoder.take(Emission::Scores(scores), sink);
                self.dictionary.finish(&mut on);
                decoder.take(Emission::End, sink);
            }
        }
    }
}
