//! Scores of texts of any length, from a network over a window.
//!
//! ```text
//! the stream:  R PADs, text, END and R − 1 PADs, text, END and R − 1 PADs, …
//! slots:       a stretch of it, W + 2·R ids; the first R are the left context
//! slots full:  where a character stands in the middle W: run the network over the slots
//!              for each of the middle W:  character → its scores;  END → End;  PAD → nothing
//!              drop the first W slots
//! flush:       END and PADs until no character is left behind the context
//! ```
//!
//! 1. END is a PAD for the network. It stands where the PADs behind a text stand anyway, so that
//!    texts share their PADs, and an end takes no memory beside the ids.
//! 2. Ids are 16 bits wide here and widened on their way into the arena; pair ids exist only there.
//! 3. Scores become fixed point in the arena, in the place of the floats.

use super::{PAD, Tagger, TaggerError};
use crate::decode::crf::fixed;
use crate::error::InputError;
use crate::execute::Run;
use crate::format::DType;
use crate::kernels::rows;

/// The end of a text in the slots; a PAD for the network.
const END: u16 = u16::MAX;
const BLANK: u16 = PAD as u16;

/// What comes out of an [`Emitter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emission<'a> {
    /// Scores of the tags of the next character, in 1/65536 nat; none where its window could not be
    /// run, which is an error.
    Scores(&'a [i32]),
    /// The text ended.
    End,
}

/// The network of a tag model, sliding along texts. One run scores [`Tagger::window`] characters,
/// of one text or of several.
pub struct Emitter<'m, 'r, const IDS: usize> {
    tagger: Tagger<'m>,
    run: Run<'m, 'r>,
    slots: [u16; IDS],
    /// Slots that hold a part of the stream.
    filled: usize,
    /// Whether a character came since the last end.
    open: bool,
}

impl<'m, 'r, const IDS: usize> Emitter<'m, 'r, IDS> {
    pub(super) fn new(tagger: Tagger<'m>, arena: &'r mut [u8]) -> Result<Self, TaggerError> {
        let needed = tagger.ids();
        if IDS < needed {
            return Err(TaggerError::Slots { needed });
        }
        let run = tagger.emit().bind(arena).map_err(TaggerError::Arena)?;
        Ok(Self {
            tagger,
            // C programs forget streams: those own nothing.
            run: run.forgettable(),
            slots: [BLANK; IDS],
            filled: tagger.reach(),
            open: false,
        })
    }

    /// The tagger.
    #[must_use]
    pub fn tagger(&self) -> &Tagger<'m> {
        &self.tagger
    }

    /// The next character of the text. Scores of characters before it may come out.
    ///
    /// # Errors
    /// The network's tables have fewer rows than the vocabulary has ids. Characters of that window
    /// have no scores then.
    pub fn push(
        &mut self,
        character: char,
        sink: &mut impl FnMut(Emission<'_>),
    ) -> Result<(), InputError> {
        self.open = true;
        let id = self.tagger.id(character);
        self.append(id as u16, sink)
    }

    /// The text ends here. Its last scores, and [`Emission::End`], may wait for what follows.
    ///
    /// # Errors
    /// As [`Emitter::push`].
    pub fn end(&mut self, sink: &mut impl FnMut(Emission<'_>)) -> Result<(), InputError> {
        let mut done = self.append(END, sink);
        // Behind an empty text the PADs of the one before stand already.
        if core::mem::take(&mut self.open) {
            for _ in 1..self.tagger.reach() {
                done = done.and(self.append(BLANK, sink));
            }
        }
        done
    }

    /// Everything that waits comes out now; a text that has begun ends here.
    ///
    /// # Errors
    /// As [`Emitter::push`].
    pub fn flush(&mut self, sink: &mut impl FnMut(Emission<'_>)) -> Result<(), InputError> {
        let mut done = Ok(());
        if self.open {
            done = self.end(sink);
        }
        while self.is_waiting() {
            done = done.and(self.append(BLANK, sink));
        }
        self.slots.fill(BLANK);
        self.filled = self.tagger.reach();
        done
    }

    /// Whether a character or an end stands behind the left context.
    fn is_waiting(&self) -> bool {
        let waiting = self.slots.get(self.tagger.reach()..self.filled);
        waiting.is_some_and(|waiting| waiting.iter().any(|&slot| slot != BLANK))
    }

    fn append(&mut self, slot: u16, sink: &mut impl FnMut(Emission<'_>)) -> Result<(), InputError> {
        if let Some(free) = self.slots.get_mut(self.filled) {
            *free = slot;
        }
        self.filled = self.filled.saturating_add(1);
        if self.filled < self.tagger.ids() {
            return Ok(());
        }
        let done = self.score(sink);
        self.slide();
        done
    }

    /// Runs the network over the slots, where there is a character in the middle, and hands out what
    /// is there.
    fn score(&mut self, sink: &mut impl FnMut(Emission<'_>)) -> Result<(), InputError> {
        let (window, reach) = (self.tagger.window(), self.tagger.reach());
        let slots = self.slots.get(..self.tagger.ids()).unwrap_or(&[]);
        let middle = slots.get(reach..).and_then(|tail| tail.get(..window));
        let middle = middle.unwrap_or(&[]);
        let needed = middle.iter().any(|&slot| is_character(slot));
        let result = match needed {
            true => run(&self.tagger, &mut self.run, slots),
            false => Ok(&[][..]),
        };
        let (scores, done) = match result {
            Ok(scores) => (scores, Ok(())),
            Err(error) => (&[][..], Err(error)),
        };
        let mut scores = rows(scores, self.tagger.tags());
        for &slot in middle {
            let scores = scores.next().unwrap_or(&[]);
            match slot {
                END => sink(Emission::End),
                BLANK => {}
                _ => sink(Emission::Scores(scores)),
            }
        }
        done
    }

    /// Drops the first W slots: the last 2·R are the next window's left context and what follows.
    fn slide(&mut self) {
        let window = self.tagger.window();
        for at in 0..self.tagger.reach().wrapping_mul(2) {
            let next = self.slots.get(at.wrapping_add(window)).copied();
            if let (Some(slot), Some(next)) = (self.slots.get_mut(at), next) {
                *slot = next;
            }
        }
        self.filled = self.filled.saturating_sub(window);
    }
}

/// Scores of the middle of `slots`, row by row.
fn run<'a>(
    tagger: &Tagger<'_>,
    run: &'a mut Run<'_, '_>,
    slots: &[u16],
) -> Result<&'a [i32], InputError> {
    run.set_words(0, DType::I32, slots.iter().map(|&slot| id(slot)))?;
    if tagger.has_pairs() {
        let neighbours = slots.iter().zip(slots.iter().skip(1));
        let pair = |(&a, &b): (&u16, &u16)| tagger.pair(id(a), id(b));
        run.set_words(1, DType::I32, neighbours.map(pair))?;
    }
    run.execute()?;
    run.rewritten(0, |score| fixed(f32::from_bits(score)))
}

fn is_character(slot: u16) -> bool {
    slot != BLANK && slot != END
}

/// What the network reads for a slot.
fn id(slot: u16) -> i32 {
    match slot {
        END => PAD,
        id => id.into(),
    }
}
