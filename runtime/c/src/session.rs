//! A stream in the caller's storage.
//!
//! ```text
//! storage:  mark │ its size's function │ a character that has begun │ TagStream
//! ```
//!
//! 1. Two sizes are two instances of one generic; the handle carries the function of its own, so
//!    that a program links only what it starts.
//! 2. The mark depends on where the handle is: a stream holds its arena alone, and a copy of it
//!    would be a second holder.
//! 3. While a stream runs its mark is another one, so that a sink that calls it is refused.

use crate::memory::{Answer, Region, check};
use crate::run::arena;
use crate::status::qibu_status;
use crate::stream::*;
use crate::tagger::{checked, qibu_tagger};
use crate::utf8::Decoder;
use core::ffi::c_void;
use qibu::InputError;
use qibu::tag::{Event, TagStream};

/// The caller's callback.
#[derive(Clone, Copy)]
pub(crate) struct Sink {
    pub function: unsafe extern "C" fn(*mut c_void, *const qibu_event),
    pub user: *mut c_void,
}

impl Sink {
    fn take(self, event: Event) {
        let event = match event {
            Event::Tag(tag) => qibu_event {
                tag: tag.into(),
                forced: 0,
            },
            Event::End { forced } => qibu_event { tag: -1, forced },
        };
        // SAFETY: the caller's function, called as its type in the header says.
        unsafe { (self.function)(self.user, &raw const event) }
    }
}

/// What is put into a stream.
#[derive(Clone, Copy)]
pub(crate) enum Input {
    Character(char),
    End,
    Flush,
}

/// The start of the storage.
#[repr(C)]
pub(crate) struct Head {
    mark: usize,
    /// Puts something into the stream behind this head.
    step: unsafe fn(*mut Head, Input, Sink) -> Result<(), InputError>,
    decoder: Decoder,
    arena: Region,
}

/// The whole storage.
#[repr(C)]
struct Slot<S> {
    head: Head,
    stream: S,
}

const MARK: usize = 0x7362_6971;
const BUSY: usize = 0x6262_6971;

type Small = TagStream<'static, 'static, QIBU_STREAM_IDS, QIBU_STREAM_TAGS, QIBU_STREAM_BUFFER>;
type Wide =
    TagStream<'static, 'static, QIBU_WIDE_STREAM_IDS, QIBU_WIDE_STREAM_TAGS, QIBU_STREAM_BUFFER>;

const _: () = {
    assert!(size_of::<Slot<Small>>() <= size_of::<qibu_stream>());
    assert!(size_of::<Slot<Wide>>() <= size_of::<qibu_wide_stream>());
    assert!(align_of::<Slot<Small>>() <= align_of::<qibu_stream>());
    assert!(align_of::<Slot<Wide>>() <= align_of::<qibu_wide_stream>());
};

/// Steps the stream behind `head`.
///
/// # Safety
/// `head` is that of a `Slot` of this very size, whose stream nobody else uses.
unsafe fn step<const IDS: usize, const TAGS: usize>(
    head: *mut Head,
    input: Input,
    sink: Sink,
) -> Result<(), InputError> {
    let slot = head.cast::<Slot<TagStream<'static, 'static, IDS, TAGS, QIBU_STREAM_BUFFER>>>();
    // SAFETY: as promised; the head in front stays apart, so that a sink may look at it.
    let stream = unsafe { &mut (*slot).stream };
    let mut take = |event| sink.take(event);
    match input {
        Input::Character(character) => stream.push(character, &mut take),
        Input::End => stream.end(&mut take),
        Input::Flush => stream.flush(&mut take),
    }
}

/// # Safety
/// Pointers are valid and quiet, the storage is that of a stream of this size and keeps the promise on
/// handles, and the arena is the stream's as long as it is used.
pub(crate) unsafe fn start<const IDS: usize, const TAGS: usize>(
    head: *mut Head,
    storage: Region,
    tagger: *const qibu_tagger,
    memory: *mut c_void,
    length: usize,
) -> Answer {
    let slot = head.cast::<Slot<TagStream<'static, 'static, IDS, TAGS, QIBU_STREAM_BUFFER>>>();
    check(slot)?;
    // SAFETY: not null, aligned, and valid as promised; zero before the first start.
    let mark = unsafe { &mut (*head).mark };
    if *mark == BUSY ^ head.addr() {
        return Err(qibu_status::Busy);
    }
    *mark = 0;
    // SAFETY: as promised.
    let checked = unsafe { checked(tagger) }?;
    let region = Region::bytes(memory, length)?;
    region.apart(checked.bytes)?;
    region.apart(storage)?;
    // SAFETY: as promised; it is apart from all else that is known here.
    let arena = unsafe { arena(memory, length) }?;
    let stream = checked
        .tagger
        .stream::<IDS, TAGS, QIBU_STREAM_BUFFER>(arena)?;
    let head = Head {
        mark: MARK ^ head.addr(),
        step: step::<IDS, TAGS>,
        decoder: Decoder::default(),
        arena: region,
    };
    // SAFETY: the storage is large enough, as constants above prove.
    unsafe { slot.write(Slot { head, stream }) };
    Ok(())
}

/// A stream that is marked as in use; dropping this marks it as ready again.
pub(crate) struct InUse(*mut Head);

impl InUse {
    /// # Safety
    /// The stream is valid, quiet but for its sink, and keeps the promise on handles.
    pub unsafe fn new(stream: *mut qibu_stream) -> Answer<Self> {
        let head = stream.cast::<Head>();
        check(head)?;
        // SAFETY: not null, aligned, and valid as promised.
        let mark = unsafe { &mut (*head).mark };
        if *mark == BUSY ^ head.addr() {
            return Err(qibu_status::Busy);
        }
        if *mark != MARK ^ head.addr() {
            return Err(qibu_status::Uninitialised);
        }
        *mark = BUSY ^ head.addr();
        Ok(Self(head))
    }

    /// Where the stream's arena is.
    pub fn arena(&self) -> Region {
        // SAFETY: `new` found a started stream here.
        unsafe { (*self.0).arena }
    }

    fn step(&self, input: Input, sink: Sink) -> Result<(), InputError> {
        // SAFETY: `new` found the mark of a started stream.
        let step = unsafe { (*self.0).step };
        // SAFETY: `start` wrote the function of this stream's size, and this is its only user.
        unsafe { step(self.0, input, sink) }
    }

    /// Decodes bytes, or, where there are none, what has begun; then goes on with `last`.
    pub fn decode(&self, bytes: Option<&[u8]>, last: Option<Input>, sink: Sink) -> Answer {
        // SAFETY: `new` found a started stream; sinks do not reach its decoder.
        let decoder = unsafe { &mut (*self.0).decoder };
        let mut put = |character| self.step(Input::Character(character), sink);
        let mut done = Ok(());
        match bytes {
            Some(bytes) => {
                for &byte in bytes {
                    done = done.and(decoder.push(byte, &mut put));
                }
            }
            None => done = decoder.end(&mut put),
        }
        if let Some(last) = last {
            done = done.and(self.step(last, sink));
        }
        Ok(done?)
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        // SAFETY: `new` found a started stream here.
        unsafe { (*self.0).mark = MARK ^ self.0.addr() };
    }
}

/// # Safety
/// As of [`InUse::new`].
pub(crate) unsafe fn put_in(
    stream: *mut qibu_stream,
    input: Input,
    sink: qibu_sink,
    user: *mut c_void,
) -> Answer {
    let function = sink.ok_or(qibu_status::Null)?;
    // SAFETY: as promised.
    let stream = unsafe { InUse::new(stream) }?;
    stream.decode(None, Some(input), Sink { function, user })
}
