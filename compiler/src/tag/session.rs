//! From sources to output: what `qibu tag` does.
//!
//! ```text
//! for each source: pieces → network and decoder → writer → output, 64 KiB at a time
//!                  at its end everything comes out, so that JSON can name the next one
//! a fault:         the line that has begun ends there, everything comes out, then the error
//! ```

use super::dictionary::Dictionary;
use super::explain::Look;
use super::file::TagFile;
use super::labels::Labels;
use super::line::Lines;
use super::output::{Format, Token, Writer};
use super::source::Source;
use super::stream::{self, Consumer, Engine, Texts};
use super::text::{Ending, Piece, Pieces};
use crate::aligned::AlignedBytes;
use crate::error::{Error, Result};
use qibu::tag::Tagger;

/// Output that is held before it is written.
const HELD: usize = 64 << 10;

#[cfg(test)]
pub(crate) mod tests;

/// Most readings of a line.
pub const MAX_PATHS: usize = 100;

/// What is asked for.
pub struct Wishes {
    /// Form of the output.
    pub format: Format,
    /// Probabilities of labels.
    pub marginals: bool,
    /// How many readings of a line.
    pub nbest: Option<usize>,
    /// Words to prefer.
    pub dictionary: Option<Dictionary>,
    /// Draw probabilities instead of a format.
    pub explain: Option<Look>,
    /// Write every line at once.
    pub by_line: bool,
}

impl Wishes {
    /// Whether lines are needed as a whole.
    fn whole(&self, labels: &Labels) -> bool {
        let labels_behind_tokens = self.format == Format::Json && !labels.are_words();
        self.marginals || self.nbest.is_some() || self.explain.is_some() || labels_behind_tokens
    }
}

/// Tags `sources` with the model in `file`; `put` writes text, and is false where nobody reads it.
/// Returns how many labels were decided by force, as the text that settles them lies too far ahead or
/// the model allows none there.
///
/// # Errors
/// A source cannot be read, is no UTF-8, or has a line too long for what is asked for; everything
/// before that is written. What `put` says.
pub fn run(
    file: &TagFile,
    wishes: &Wishes,
    sources: &[Source],
    put: &mut dyn FnMut(&str) -> Result<bool>,
) -> Result<u64> {
    let tagger = file.tagger()?;
    let mut arena = AlignedBytes::zeros(tagger.arena());
    let engine = engine(file, &tagger, wishes, &mut arena)?;
    let mut session = Session {
        engine,
        by_line: wishes.by_line,
        put,
        gone: false,
    };
    for (number, source) in sources.iter().enumerate() {
        let name = source.name();
        let shown = (sources.len() > 1).then_some(name.as_str());
        session.engine.consumer().start(shown);
        let done = session.text(source, &name, number + 1 == sources.len());
        match done {
            _ if session.gone => break,
            Err(error) => return Err(error),
            Ok(()) => {}
        }
    }
    Ok(session.engine.forced())
}

struct Session<'s> {
    engine: Box<dyn Engine<Writer> + 's>,
    by_line: bool,
    put: &'s mut dyn FnMut(&str) -> Result<bool>,
    /// Nobody reads the output any more.
    gone: bool,
}

impl Session<'_> {
    /// Tags one text.
    fn text(&mut self, source: &Source, name: &str, last: bool) -> Result<()> {
        let mut line: u64 = 1;
        let mut input = source.open()?;
        let read = Pieces::new().read(name, &mut *input, &mut |piece| {
            let piece = if last { piece } else { ended(piece) };
            if piece == Piece::Mark {
                self.engine.consumer().mark();
            }
            let taken = self.engine.piece(piece);
            taken.map_err(|error| error.within(format!("{name}: line {line}")))?;
            let end = matches!(piece, Piece::End(_));
            line += u64::from(end);
            if end && self.by_line {
                self.engine.finish(Ending::Lf)?;
                return self.write(0);
            }
            self.write(HELD)
        });
        if self.gone {
            return read;
        }
        // A line that is too long has been reported, and is left out.
        let finished = self.engine.finish(Ending::Lf);
        let written = self.write(0);
        read.and(finished).and(written)
    }

    /// Writes what is held, where that is more than `least`.
    fn write(&mut self, least: usize) -> Result<()> {
        let out = &mut self.engine.consumer().out;
        if out.len() <= least {
            return Ok(());
        }
        self.gone = !(self.put)(out)?;
        out.clear();
        match self.gone {
            true => Err(Error::environment("nobody reads the output")),
            false => Ok(()),
        }
    }
}

/// Lines of different files stay apart: the last one of a file ends as the others do.
fn ended(piece: Piece) -> Piece {
    match piece {
        Piece::End(Ending::Nothing) => Piece::End(Ending::Lf),
        Piece::End(Ending::Cr) => Piece::End(Ending::CrLf),
        other => other,
    }
}

impl Consumer for Writer {
    fn token(&mut self, token: Token) {
        self.token(token);
    }

    fn end(&mut self, ending: Ending) {
        self.end(ending);
    }
}

/// What suits the model and what is asked for.
fn engine<'r>(
    file: &'r TagFile,
    tagger: &Tagger<'r>,
    wishes: &'r Wishes,
    arena: &'r mut [u8],
) -> Result<Box<dyn Engine<Writer> + 'r>> {
    let labels = file.labels()?;
    let writer = Writer::new(wishes.format, labels.clone());
    if !wishes.whole(&labels) {
        return stream::streaming(file, tagger, wishes.dictionary.as_ref(), arena, writer);
    }
    let lines = Lines::new(tagger.crf(), labels, wishes, writer)?;
    Ok(Box::new(Texts::new(tagger, file.name(), arena, lines)?))
}
