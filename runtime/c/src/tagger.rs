//! A tag model: what it needs, and its labels.

use crate::handle::{self, Kind};
use crate::memory::{self, Answer, Region, status};
use crate::model::{loaded, qibu_model, qibu_text};
use crate::status::qibu_status;
use qibu::tag::Tagger;

/// Words of a `qibu_tagger`.
pub const QIBU_TAGGER_WORDS: usize = 54;

/// A tag model with its vocabulary and tables, in the caller's memory. It may be copied, and owns
/// nothing; it does not need the `qibu_model` any more, but the model's bytes.
#[repr(C)]
pub struct qibu_tagger {
    opaque: [usize; QIBU_TAGGER_WORDS],
}

#[derive(Clone, Copy)]
pub(crate) struct Checked {
    pub tagger: Tagger<'static>,
    pub bytes: Region,
}

impl Kind for Checked {
    type Storage = qibu_tagger;
    const MARK: usize = 0x7462_6971;
}

/// What a tagger needs.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct qibu_tagger_sizes {
    /// Bytes of arena.
    pub arena: usize,
    /// Ids that one run of the network reads: at most `QIBU_STREAM_IDS`, or `QIBU_WIDE_STREAM_IDS`.
    pub ids: usize,
    /// Tags: at most `QIBU_STREAM_TAGS`, or `QIBU_WIDE_STREAM_TAGS`.
    pub tags: usize,
}

/// Finds the tagger in `model`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_tagger_new(
    tagger: *mut qibu_tagger,
    model: *const qibu_model,
) -> qibu_status {
    let make = || {
        // SAFETY: the caller's promises are ours.
        let loaded = unsafe { loaded(model) }?;
        let tagger = Tagger::new(&loaded.model)?;
        let bytes = loaded.bytes;
        Ok(Checked { tagger, bytes })
    };
    // SAFETY: the caller's promises are ours.
    status(unsafe { handle::put::<Checked>(tagger, make) })
}

/// # Safety
/// The handle is valid, quiet, and keeps the promise on handles.
pub(crate) unsafe fn checked<'a>(tagger: *const qibu_tagger) -> Answer<&'a Checked> {
    // SAFETY: as promised.
    unsafe { handle::get::<Checked>(tagger) }
}

/// What the tagger needs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_tagger_describe(
    tagger: *const qibu_tagger,
    sizes: *mut qibu_tagger_sizes,
) -> qibu_status {
    let describe = || {
        // SAFETY: the caller's promises are ours.
        let tagger = unsafe { checked(tagger) }?.tagger;
        let found = qibu_tagger_sizes {
            arena: tagger.arena(),
            ids: tagger.ids(),
            tags: tagger.tags(),
        };
        // SAFETY: as before.
        unsafe { memory::put(sizes, found) }
    };
    status(describe())
}

/// Name of `tag`, from 0; `QIBU_STATUS_INDEX` behind the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_tagger_label(
    tagger: *const qibu_tagger,
    tag: u32,
    label: *mut qibu_text,
) -> qibu_status {
    let find = || {
        // SAFETY: the caller's promises are ours.
        let tagger = unsafe { checked(tagger) }?.tagger;
        let tag = u8::try_from(tag).map_err(|_| qibu_status::Index)?;
        let found = tagger.label(tag).ok_or(qibu_status::Index)?;
        // SAFETY: as before.
        unsafe { memory::put(label, found.into()) }
    };
    status(find())
}
