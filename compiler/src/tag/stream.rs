//! Pieces of text through network and decoder, in bounded memory.
//!
//! ```text
//! piece → waiting:  a character with whether a gap stands before it, or a line end
//! character → emitter; its scores come when the window is full
//! scores    → Viterbi stream, behind a gap with the tags that begin a word only
//! tag       → the consumer gets the first character that waits
//! line end  → emitter; when it comes out, Viterbi decides the rest, the consumer gets the line end
//!
//! a decoder of whole lines: characters are held until the line ends, and enter the network then;
//!                           one too many drops them, before the network has seen any
//! ```
//!
//! 1. Lines share windows: what waits is at most one window and one decoder buffer long.
//! 2. Where a gap's constraint leaves no tag, it is dropped; where the model itself leaves none, the
//!    line is cut there and counted as forced. So every text has its tags.

use super::dictionary::{Dictionary, Favour};
use super::file::TagFile;
use super::labels::Labels;
use super::line;
use super::output::Token;
use super::text::{Ending, Piece};
use crate::error::{Error, Result};
use qibu::decode::crf;
use qibu::tag::{Emission, Emitter, Tagger};
use std::collections::VecDeque;

/// Most ids that a network may read at once here.
pub const IDS: usize = 8192;
/// Characters that the decoder looks ahead.
pub const BUFFER: usize = 128;

/// Hears what was found.
pub trait Consumer {
    /// The next character of the line.
    fn token(&mut self, token: Token);
    /// The line ends.
    fn end(&mut self, ending: Ending);
}

/// What becomes of scores.
pub trait Decode {
    /// Who hears of it.
    type Consumer;
    /// The scores of the next character.
    fn scores(&mut self, scores: &[i32]);
    /// The line ends.
    fn end(&mut self);
    /// A character enters the network; `gap` where white space stands before it.
    fn character(&mut self, character: char, gap: bool);
    /// A line end enters the network.
    fn ending(&mut self, ending: Ending);
    /// Most characters of a line, where it is decoded as a whole.
    fn longest(&self) -> Option<usize>;
    /// Who hears of it.
    fn consumer(&mut self) -> &mut Self::Consumer;
    /// Labels that were decided by force.
    fn forced(&self) -> u64;
}

/// Network, decoder and consumer, whatever the number of labels.
pub trait Engine<C> {
    /// Takes the next piece of the text.
    ///
    /// # Errors
    /// The network refuses the text; the line is longer than the decoder takes.
    fn piece(&mut self, piece: Piece) -> Result<()>;
    /// Everything that waits comes out; a line that has begun ends with `ending`.
    ///
    /// # Errors
    /// As [`Engine::piece`].
    fn finish(&mut self, ending: Ending) -> Result<()>;
    /// Who hears of it.
    fn consumer(&mut self) -> &mut C;
    /// Labels that were decided by force.
    fn forced(&self) -> u64;
}

/// An engine that decodes as the scores come.
///
/// # Errors
/// The model's window is longer, or its labels are more, than is run here.
pub fn streaming<'r, C: Consumer + 'r>(
    file: &'r TagFile,
    tagger: &Tagger<'r>,
    dictionary: Option<&'r Dictionary>,
    arena: &'r mut [u8],
    consumer: C,
) -> Result<Box<dyn Engine<C> + 'r>> {
    let (name, labels) = (file.name(), file.labels()?);
    // The less room for labels, the faster the decoder.
    macro_rules! with_room {
        ($($tags:literal)*) => {
            $(if tagger.tags() <= $tags {
                let decode = Streaming::<_, $tags>::new(tagger, &labels, dictionary, consumer);
                return Ok(Box::new(Texts::new(tagger, name, arena, decode?)?));
            })*
        };
    }
    with_room!(4 16 64);
    Err(too_many(tagger))
}

fn too_many(tagger: &Tagger<'_>) -> Error {
    Error::input(format!("{} labels; at most 64 are decoded", tagger.tags()))
}

/// The network of a tagger and what its scores go to.
pub struct Texts<'m, 'r, D> {
    emitter: Box<Emitter<'m, 'r, IDS>>,
    /// What becomes of the scores.
    pub decode: D,
    name: &'r str,
    /// Characters of a line that is decoded as a whole, with whether a gap stands before them.
    held: Vec<(char, bool)>,
    /// The line has a character.
    open: bool,
    /// White space stands behind it.
    gap: bool,
}

impl<'m, 'r, D: Decode> Texts<'m, 'r, D> {
    /// The network of `tagger`, called `name` in errors, over `arena`.
    ///
    /// # Errors
    /// Its window is longer than this command allows.
    pub fn new(tagger: &Tagger<'m>, name: &'r str, arena: &'r mut [u8], decode: D) -> Result<Self> {
        let emitter = tagger.emitter::<IDS>(arena);
        let emitter = emitter.map_err(|error| {
            Error::input(format!("{name}: {error}")).hint(format!(
                "networks that read at most {IDS} characters at once are run here"
            ))
        })?;
        Ok(Self {
            emitter: Box::new(emitter),
            decode,
            name,
            held: Vec::new(),
            open: false,
            gap: false,
        })
    }

    fn outcome(&self, done: std::result::Result<(), qibu::InputError>) -> Result<()> {
        done.map_err(|error| {
            Error::input(format!("{}: {error}", self.name)).hint(
                "the model's tables do not fit its vocabulary: rebuild it with `qibu compile`",
            )
        })
    }

    /// A character enters the network.
    fn enter(&mut self, character: char, gap: bool) -> Result<()> {
        let decode = &mut self.decode;
        decode.character(character, gap);
        let mut sink = |emission: Emission<'_>| take(decode, emission);
        let done = self.emitter.push(character, &mut sink);
        self.outcome(done)
    }

    /// A character of a line of at most `longest` waits for the line's end.
    fn hold(&mut self, character: char, gap: bool, longest: usize) -> Result<()> {
        if self.held.len() >= longest {
            self.held = Vec::new();
            self.open = false;
            return Err(line::too_long(longest));
        }
        self.held.push((character, gap));
        Ok(())
    }
}

impl<D: Decode> Engine<D::Consumer> for Texts<'_, '_, D> {
    fn piece(&mut self, piece: Piece) -> Result<()> {
        match piece {
            Piece::Mark => Ok(()),
            Piece::Gap => {
                self.gap = self.open;
                Ok(())
            }
            Piece::Character(character) => {
                let gap = std::mem::take(&mut self.gap);
                self.open = true;
                match self.decode.longest() {
                    Some(longest) => self.hold(character, gap, longest),
                    None => self.enter(character, gap),
                }
            }
            Piece::End(ending) => {
                let mut held = std::mem::take(&mut self.held);
                for (character, gap) in held.drain(..) {
                    self.enter(character, gap)?;
                }
                self.held = held;
                let decode = &mut self.decode;
                decode.ending(ending);
                (self.open, self.gap) = (false, false);
                let done = self.emitter.end(&mut |emission| take(decode, emission));
                self.outcome(done)
            }
        }
    }

    fn finish(&mut self, ending: Ending) -> Result<()> {
        if self.open {
            self.piece(Piece::End(ending))?;
        }
        let decode = &mut self.decode;
        let done = self.emitter.flush(&mut |emission| take(decode, emission));
        self.outcome(done)
    }

    fn consumer(&mut self) -> &mut D::Consumer {
        self.decode.consumer()
    }

    fn forced(&self) -> u64 {
        self.decode.forced()
    }
}

fn take(decode: &mut impl Decode, emission: Emission<'_>) {
    match emission {
        Emission::Scores(scores) => decode.scores(scores),
        Emission::End => decode.end(),
    }
}

/// What waits for a tag, or to be passed on behind what does.
enum Waiting {
    Character(char, bool),
    End(Ending),
}

/// Viterbi as the scores come, for models of at most `TAGS` labels.
pub struct Streaming<'m, C, const TAGS: usize> {
    favour: Option<Favour<'m>>,
    /// Characters whose scores have not come, where there is a dictionary.
    entering: VecDeque<(char, bool)>,
    viterbi: Viterbi<'m, C, TAGS>,
}

struct Viterbi<'m, C, const TAGS: usize> {
    stream: crf::Stream<'m, TAGS, BUFFER>,
    waiting: VecDeque<Waiting>,
    /// Whether a gap stands before each character that has not been scored.
    gaps: VecDeque<bool>,
    behind_gap: u64,
    cut: u64,
    consumer: C,
}

impl<'m, C: Consumer, const TAGS: usize> Streaming<'m, C, TAGS> {
    /// A decoder of `tagger`'s scores that prefers the words of `dictionary`.
    ///
    /// # Errors
    /// The tagger has more than `TAGS` labels.
    pub fn new(
        tagger: &Tagger<'m>,
        labels: &Labels,
        dictionary: Option<&'m Dictionary>,
        consumer: C,
    ) -> Result<Self> {
        let stream = crf::Stream::new(tagger.crf());
        let viterbi = Viterbi {
            stream: stream.ok_or_else(|| too_many(tagger))?,
            waiting: VecDeque::new(),
            gaps: VecDeque::new(),
            behind_gap: labels.behind_gap(),
            cut: 0,
            consumer,
        };
        let favour = dictionary.map(Dictionary::favour).transpose()?;
        Ok(Self {
            favour,
            entering: VecDeque::new(),
            viterbi,
        })
    }
}

impl<C: Consumer, const TAGS: usize> Decode for Streaming<'_, C, TAGS> {
    type Consumer = C;

    fn character(&mut self, character: char, gap: bool) {
        self.viterbi
            .waiting
            .push_back(Waiting::Character(character, gap));
        self.viterbi.gaps.push_back(gap);
        if self.favour.is_some() {
            self.entering.push_back((character, gap));
        }
    }

    fn ending(&mut self, ending: Ending) {
        self.viterbi.waiting.push_back(Waiting::End(ending));
    }

    fn scores(&mut self, scores: &[i32]) {
        let viterbi = &mut self.viterbi;
        let (Some(favour), Some((character, gap))) = (&mut self.favour, self.entering.pop_front())
        else {
            return viterbi.scores(scores);
        };
        if gap {
            favour.finish(&mut |scores| viterbi.scores(scores));
        }
        // As many scores as labels, as the dictionary has been told.
        let _ = favour.push(character, scores, &mut |scores| viterbi.scores(scores));
    }

    fn end(&mut self) {
        let viterbi = &mut self.viterbi;
        if let Some(favour) = &mut self.favour {
            favour.finish(&mut |scores| viterbi.scores(scores));
        }
        viterbi.end();
    }

    fn longest(&self) -> Option<usize> {
        None
    }

    fn consumer(&mut self) -> &mut C {
        &mut self.viterbi.consumer
    }

    fn forced(&self) -> u64 {
        u64::from(self.viterbi.stream.forced()) + self.viterbi.cut
    }
}

impl<C: Consumer, const TAGS: usize> Viterbi<'_, C, TAGS> {
    fn scores(&mut self, scores: &[i32]) {
        let (stream, waiting, consumer) = (&mut self.stream, &mut self.waiting, &mut self.consumer);
        let mut sink = |tag| tagged(waiting, consumer, tag);
        let gap = self.gaps.pop_front().unwrap_or(false);
        if gap
            && stream
                .push_allowed(scores, self.behind_gap, &mut sink)
                .is_ok()
        {
            return;
        }
        if !stream.push_anyway(scores, &mut sink) {
            self.cut += 1;
        }
    }

    fn end(&mut self) {
        let (stream, waiting, consumer) = (&mut self.stream, &mut self.waiting, &mut self.consumer);
        let mut sink = |tag| tagged(waiting, consumer, tag);
        if !stream.finish_anyway(&mut sink) {
            self.cut += 1;
        }
        if let Some(Waiting::End(ending)) = self.waiting.pop_front() {
            self.consumer.end(ending);
        }
    }
}

fn tagged(waiting: &mut VecDeque<Waiting>, consumer: &mut impl Consumer, tag: u8) {
    if let Some(Waiting::Character(character, gap)) = waiting.pop_front() {
        consumer.token(Token {
            character,
            tag,
            gap,
        });
    }
}

#[cfg(test)]
mod tests;
