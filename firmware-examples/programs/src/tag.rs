//! Words of the lines that arrive: `今天天气很好` in, `今天 天气 很好` out.
//!
//! ```text
//! bytes → Line:  until a line end, or until it is full
//! Line  → network → Viterbi → Line once more: each character with its tag, blanks between words
//! ```
//!
//! The output is that of `qibu tag` in its format `words`, except that every line ends with a line
//! feed, and that bytes which are no UTF-8 become U+FFFD.

mod decoder;
mod line;
mod roles;

use crate::{Board, Error, ModelFile, Text};
use core::convert::Infallible;
use core::fmt::Write;
use decoder::Decoder;
use line::{Event, Line};
use qibu::tag::{Emitter, Tagger};

/// Ids that one run of the network may read: a window of 96 characters with 16 on either side.
const IDS: usize = 128;
/// Tags of a model: those that cut words.
const TAGS: usize = 4;
/// Characters that Viterbi looks ahead, as `qibu tag` does.
const BUFFER: usize = 128;
/// Bytes of a line that wait for their tags: those of one window and of Viterbi's buffer, and more.
const LINE: usize = 1024;

/// Says `# ready`, then reads lines from the serial line and writes their words, with single blanks
/// between them.
///
/// The byte ENQ (5) asks for one line of figures:
///
/// ```text
/// # model BYTES arena BYTES stack BYTES load TIME window TIME UNIT
/// ```
///
/// where `window` is the most that one character took: those that fill the network's window make it
/// run. On silicon, what arrives while a line is
/// worked on may be lost: a sender waits for the answer.
///
/// # Errors
/// The model is no tag model, or too large for the program's memory.
pub fn tag<B: Board>(
    board: &mut B,
    file: ModelFile,
    arena: &mut [u8],
) -> Result<Infallible, Error> {
    let start = board.now();
    let model = file.load()?;
    let load = board.now().wrapping_sub(start);
    let tagger = Tagger::new(&model)?;
    let mut emitter: Emitter<'_, '_, IDS> = tagger.emitter(arena)?;
    let mut decoder = Decoder::<TAGS, BUFFER>::new(&tagger)?;
    let mut line = Line::<LINE>::new();
    board.put("# ready\n");
    loop {
        let Some(byte) = board.get() else {
            continue;
        };
        match line.take(byte) {
            Event::Wait => {}
            Event::Full => {
                decoder.push(&mut line, false, &mut emitter, board)?;
                if !line.forget() {
                    // Nothing is decided as yet, or there is only white space: the text is cut here.
                    decoder.cut(&mut line, &mut emitter, board)?;
                    line.cut();
                }
            }
            Event::End => {
                decoder.push(&mut line, true, &mut emitter, board)?;
                decoder.finish(&mut line, &mut emitter, board)?;
                line.clear();
                board.put("\n");
            }
            Event::Enquiry => {
                let (model, arena, stack) = (file.bytes.len(), tagger.arena(), board.stack_used());
                let _ = writeln!(
                    Text(board),
                    "# model {model} arena {arena} stack {stack} load {load} window {} {}",
                    decoder.most(),
                    B::UNIT
                );
            }
        }
    }
}
