//! Text of any length in, a tag for each character out, in bounded memory.
//!
//! ```text
//! character → id, pair id      Tagger: binary search in the file's own text and tables
//! ids → scores                 Emitter: the network over a window that slides along the text
//! scores → tags                TagStream: Viterbi over all windows, `decode::crf::Stream`;
//!                              DictionaryStream: with a user's words
//! ```
//!
//! A tag model has a function `emit`: ids int32 of W + 2·R elements and, optionally, pairs int32 of
//! W + 2·R − 1 → emissions f32 `[…, W, T]`. Emission i depends on ids i…i + 2·R only, so that every
//! window gives the same bits. [`crate::format::spec`] has the whole contract.
//!
//! ```no_run
//! use qibu::tag::{Event, Tagger};
//! # fn show(_: Option<&str>) {}
//! # fn tag(file: &[u8], texts: &str) -> Result<(), Box<dyn core::error::Error>> {
//!
//! let model = qibu::Model::load(file)?;
//! let tagger = Tagger::new(&model)?;
//! let mut arena = qibu::Arena::<16384>::new(); // at least `tagger.arena()` bytes
//! // At least `tagger.ids()` ids and `tagger.tags()` tags; how many tags may wait for what follows.
//! let mut stream = tagger.stream::<40, 4, 128>(arena.bytes())?;
//! let mut sink = |event| match event {
//!     Event::Tag(tag) => show(tagger.label(tag)), // one for each character, in order
//!     Event::End { .. } => show(None),            // one for each text
//! };
//! for line in texts.lines() {
//!     for character in line.chars() {
//!         stream.push(character, &mut sink)?;
//!     }
//!     stream.end(&mut sink)?; // its last tags may wait for the next text
//! }
//! stream.flush(&mut sink)?; // what waits comes out
//! # Ok(())
//! # }
//! ```

mod dictionary;
mod emitter;
mod error;
mod stream;

pub use dictionary::DictionaryStream;
pub use emitter::{Emission, Emitter};
pub use error::TaggerError;
pub use stream::{Event, TagStream};

use crate::decode::SortedVocabulary;
pub use crate::decode::crf::MAX_TAGS;

use crate::decode::crf::Crf;
use crate::format::text::words;
use crate::format::{DType, Tensor};
use crate::model::{Function, Model};

/// Id of the padding around a text.
pub const PAD: i32 = 0;
/// Id of characters outside the vocabulary.
pub const UNKNOWN: i32 = 1;
/// Id of the first character of the vocabulary.
pub const FIRST_CHARACTER: i32 = 2;
/// Most ids, specials included: ids and the mark of a text's end share 16 bits.
pub const MAX_IDS: usize = 65_535;

/// Pairs of characters by their ids, as compressed sparse rows.
#[derive(Clone, Copy)]
struct Pairs<'m> {
    /// Where the pairs of a first id start, and behind the last one where they end.
    first: &'m [i32],
    /// Second ids, ascending within a first id.
    second: &'m [u16],
}

/// A tag model with its vocabulary and tables, checked once.
#[derive(Clone, Copy)]
pub struct Tagger<'m> {
    emit: Function<'m>,
    vocabulary: SortedVocabulary<'m>,
    labels: &'m str,
    pairs: Option<Pairs<'m>>,
    crf: Crf<'m, i32>,
    window: usize,
    reach: usize,
    tags: usize,
}

impl<'m> Tagger<'m> {
    /// The tagger in `model`.
    ///
    /// # Errors
    /// What the model lacks.
    pub fn new(model: &Model<'m>) -> Result<Self, TaggerError> {
        let emit = model.function("emit").ok_or(TaggerError::Function)?;
        let (window, reach, tags) = shape(&emit)?;
        let labels = model.metadata().get("labels").unwrap_or("");
        let named = words(labels, b' ').count();
        if named != tags || tags > MAX_TAGS {
            return Err(TaggerError::Labels);
        }
        let vocabulary = model.metadata().get("vocab");
        let vocabulary = vocabulary.and_then(SortedVocabulary::new);
        let vocabulary = vocabulary
            .filter(|vocabulary| vocabulary.len() <= MAX_IDS - FIRST_CHARACTER as usize)
            .ok_or(TaggerError::Vocabulary)?;
        let table = model.table("crf").ok_or(TaggerError::Transitions)?;
        let fits = table.shape() == [tags as u32 + 2, tags as u32];
        let table = table.i32().filter(|_| fits).ok_or(TaggerError::Crf)?;
        let pairs = match emit.inputs().len() {
            1 => None,
            _ => Some(pairs(model, vocabulary.len()).ok_or(TaggerError::Pairs)?),
        };
        Ok(Self {
            emit,
            vocabulary,
            labels,
            pairs,
            crf: Crf::new(tags, table).ok_or(TaggerError::Crf)?,
            window,
            reach,
            tags,
        })
    }

    /// Bytes of arena that an [`Emitter`] needs.
    #[must_use]
    pub fn arena(&self) -> usize {
        self.emit.arena()
    }

    /// Characters that one run of the network scores.
    #[must_use]
    pub fn window(&self) -> usize {
        self.window
    }

    /// Characters on either side that a score depends on.
    #[must_use]
    pub fn reach(&self) -> usize {
        self.reach
    }

    /// Ids that one run of the network reads: the window and its reach on both sides.
    #[must_use]
    pub fn ids(&self) -> usize {
        self.window.wrapping_add(self.reach.wrapping_mul(2))
    }

    /// Number of tags.
    #[must_use]
    pub fn tags(&self) -> usize {
        self.tags
    }

    /// Name of `tag`.
    #[must_use]
    pub fn label(&self, tag: u8) -> Option<&'m str> {
        self.labels().nth(usize::from(tag))
    }

    /// Names of the tags, in order.
    pub fn labels(&self) -> impl Iterator<Item = &'m str> + use<'m> {
        words(self.labels, b' ')
    }

    /// The characters that the model knows; one's id is its index plus [`FIRST_CHARACTER`].
    #[must_use]
    pub fn vocabulary(&self) -> SortedVocabulary<'m> {
        self.vocabulary
    }

    /// Id of `character`.
    #[must_use]
    pub fn id(&self, character: char) -> i32 {
        match self.vocabulary.index(character) {
            Some(index) => (index as i32).wrapping_add(FIRST_CHARACTER),
            None => UNKNOWN,
        }
    }

    /// Whether the network reads pairs of characters.
    #[must_use]
    pub fn has_pairs(&self) -> bool {
        self.pairs.is_some()
    }

    /// Number of the pair of two ids, from 1 on; 0 where the model does not know it.
    #[must_use]
    pub fn pair(&self, first: i32, second: i32) -> i32 {
        let find = || {
            let pairs = self.pairs?;
            let row = usize::try_from(first).ok()?;
            let start = usize::try_from(*pairs.first.get(row)?).ok()?;
            let end = usize::try_from(*pairs.first.get(row.checked_add(1)?)?).ok()?;
            let seconds = pairs.second.get(start..end)?;
            let index = start.checked_add(place(seconds, u16::try_from(second).ok()?)?)?;
            i32::try_from(index.checked_add(1)?).ok()
        };
        find().unwrap_or(0)
    }

    /// Start, transition and end scores.
    #[must_use]
    pub fn crf(&self) -> Crf<'m, i32> {
        self.crf
    }

    /// The network over `arena`, with a window that slides along texts; `IDS` is at least
    /// [`Tagger::ids`].
    ///
    /// # Errors
    /// `IDS` or the arena is too small; the arena is misaligned.
    pub fn emitter<'r, const IDS: usize>(
        &self,
        arena: &'r mut [u8],
    ) -> Result<Emitter<'m, 'r, IDS>, TaggerError> {
        Emitter::new(*self, arena)
    }

    /// An [`Tagger::emitter`] with a decoder of `TAGS` tags or fewer that looks `BUFFER` characters
    /// ahead.
    ///
    /// # Errors
    /// A capacity or the arena is too small; the arena is misaligned.
    pub fn stream<'r, const IDS: usize, const TAGS: usize, const BUFFER: usize>(
        &self,
        arena: &'r mut [u8],
    ) -> Result<TagStream<'m, 'r, IDS, TAGS, BUFFER>, TaggerError> {
        TagStream::new(self.emitter(arena)?)
    }

    pub(crate) fn emit(&self) -> Function<'m> {
        self.emit
    }
}

/// Window, reach and tags of the network.
fn shape(emit: &Function<'_>) -> Result<(usize, usize, usize), TaggerError> {
    if emit.outputs().len() != 1 {
        return Err(TaggerError::Outputs);
    }
    let out = emit.output(0).ok_or(TaggerError::Outputs)?;
    let (window, tags) = (out.rows(), out.columns());
    if out.dtype() != DType::F32 || window == 0 || tags == 0 {
        return Err(TaggerError::Outputs);
    }
    let length = |index: usize| -> Option<usize> {
        let tensor: Tensor = emit.input(index)?;
        tensor.elements().filter(|_| tensor.dtype() == DType::I32)
    };
    let ids = length(0).ok_or(TaggerError::Inputs)?;
    let context = ids.checked_sub(window).ok_or(TaggerError::Inputs)?;
    let pairs = match emit.inputs().len() {
        1 => None,
        2 => Some(length(1).ok_or(TaggerError::Inputs)?),
        _ => return Err(TaggerError::Inputs),
    };
    if context % 2 != 0 || pairs.is_some_and(|pairs| pairs.checked_add(1) != Some(ids)) {
        return Err(TaggerError::Inputs);
    }
    Ok((window, context / 2, tags))
}

/// The tables of pairs, one row for each id.
fn pairs<'m>(model: &Model<'m>, characters: usize) -> Option<Pairs<'m>> {
    let first = model.table("pair_first")?.i32()?;
    let second = model.table("pair_second")?.u16()?;
    let rows = characters.checked_add(FIRST_CHARACTER as usize)?;
    (first.len() == rows.checked_add(1)?).then_some(Pairs { first, second })
}

/// Index of `id` in ascending `ids`. Not the standard library's search, whose answer for what is not
/// ascending depends on its version.
fn place(ids: &[u16], id: u16) -> Option<usize> {
    let (mut low, mut high) = (0usize, ids.len());
    while low < high {
        let middle = low.wrapping_add(high) / 2;
        let &other = ids.get(middle)?;
        if other == id {
            return Some(middle);
        }
        if other < id {
            low = middle.wrapping_add(1);
        } else {
            high = middle;
        }
    }
    None
}
