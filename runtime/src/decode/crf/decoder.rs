//! Decoders that bring their own memory, sized at compile time.

use super::error::CrfError;
use super::score::Score;
use super::table::Crf;
use super::viterbi::{self, Scratch};
use heapless::Vec;

/// The best tags of texts of at most `LENGTH` characters, of at most `TAGS` tags.
///
/// `LENGTH · (TAGS + 1)` bytes and a few. See [`super`] for an example.
#[derive(Clone, Debug)]
pub struct Decoder<'a, S: Score, const TAGS: usize, const LENGTH: usize> {
    crf: Crf<'a, S>,
    scores: [[S; TAGS]; 2],
    pointers: [[u8; TAGS]; LENGTH],
}

impl<'a, S: Score, const TAGS: usize, const LENGTH: usize> Decoder<'a, S, TAGS, LENGTH> {
    /// A decoder of `crf`; `None` where that has more than `TAGS` tags.
    #[must_use]
    pub fn new(crf: Crf<'a, S>) -> Option<Self> {
        (crf.tags() <= TAGS).then_some(Self {
            crf,
            scores: [[S::ZERO; TAGS]; 2],
            pointers: [[0; TAGS]; LENGTH],
        })
    }

    /// The score of the best tags, and these; see [`viterbi()`](super::viterbi()).
    ///
    /// # Errors
    /// A slice has the wrong length, the text is longer than `LENGTH`, or no path is allowed.
    pub fn viterbi(
        &mut self,
        emissions: &[S],
        allowed: Option<&[u64]>,
    ) -> Result<(S::Total, Vec<u8, LENGTH>), CrfError> {
        let length = viterbi::positions(self.crf.tags(), emissions, allowed)?;
        let mut tags = Vec::new();
        let room = tags.resize(length, 0);
        room.map_err(|_| CrfError::Scratch { needed: length })?;
        let scratch = Scratch {
            scores: self.scores.as_flattened_mut(),
            pointers: self.pointers.as_flattened_mut(),
        };
        let total = viterbi::viterbi(&self.crf, emissions, allowed, scratch, &mut tags)?;
        Ok((total, tags))
    }
}
