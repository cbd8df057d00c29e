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
/// Returns how many labels were decided by force.
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
    let mut engine = engine(file, &tagger, wishes, &mut arena)?;
    let mut gone = false;
    for (number, source) in sources.iter().enumerate() {
        let name = source.name();
        engine.consumer().start((sources.len() > 1).then_some(name.as_str()));
        let mut write = |engine: &mut dyn Engine<Writer>, least: usize| -> Result<()> {
            let out = &mut engine.consumer().out;
            if out.len() < least.max(1) {
                return Ok(());
            }
            gone = !put(out)?;
            out.clear();
            match gone {
                true => Err(Error::environment("nobody reads the output")),
                false => Ok(()),
            }
        };
        let last = number + 1 == sources.len();
        let mut line: u64 = 1;
        let mut take = |piece: Piece| -> Result<()> {
            let piece = if last { piece } else { ended(piece) };
            if piece == Piece::Mark {
                engine.consumer().mark();
            }
            let taken = engine.piece(piece);
            taken.map_err(|error| error.within(format!("{name}: line {line}")))?;
            let end = matches!(piece, Piece::End(_));
            line += u64::from(end);
            if end && wishes.by_line {
                engine.finish(Ending::Lf)?;
                return write(&mut *engine, 0);
            }
            write(&mut *engine, HELD)
        };
        let read = source.open().and_then(|mut input| Pieces::new().read(&name, &mut *input, &mut take));
        let written = match gone {
            true => return Ok(engine.forced()),
            false => engine.finish(Ending::Lf).and_then(|()| write(&mut *engine, 0)),
        };
        match (read, written) {
            _ if gone => return Ok(engine.forced()),
            (Err(error), _) | (_, Err(error)) => return Err(error),
            (Ok(()), Ok(())) => {}
        }
    }
    Ok(engine.forced())
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
