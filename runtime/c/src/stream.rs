//! Text of any length in, tags out through a callback.
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

use crate::memory::{Answer, Region, check, slice, status};
use crate::run::arena;
use crate::status::qibu_status;
use crate::tagger::{checked, qibu_tagger};
use crate::utf8::Decoder;
use core::ffi::{c_char, c_void};
use qibu::InputError;
use qibu::tag::{Event, TagStream};

/// Ids that a `qibu_stream` has room for.
pub const QIBU_STREAM_IDS: usize = 128;
/// Tags that a `qibu_stream` has room for.
pub const QIBU_STREAM_TAGS: usize = 4;
/// Ids that a `qibu_wide_stream` has room for.
pub const QIBU_WIDE_STREAM_IDS: usize = 1024;
/// Tags that a `qibu_wide_stream` has room for.
pub const QIBU_WIDE_STREAM_TAGS: usize = 64;
/// Characters that a stream looks ahead before it decides a tag by force.
pub const QIBU_STREAM_BUFFER: usize = 128;

/// Words of a `qibu_stream`, each as wide as a pointer.
pub const QIBU_STREAM_WORDS: usize = 84;
/// Numbers in a `qibu_stream`.
pub const QIBU_STREAM_NUMBERS: usize = 122;
/// Numbers in a `qibu_wide_stream` behind its stream.
pub const QIBU_WIDE_STREAM_NUMBERS: usize = 1224;

/// Tags of texts, one behind the other, in the caller's memory. It keeps the arena for itself as long
/// as it is used, and stays where it is: a copy answers `QIBU_STATUS_UNINITIALISED`. It owns nothing,
/// and may be started again at any time.
#[repr(C)]
pub struct qibu_stream {
    opaque_numbers: [u64; QIBU_STREAM_NUMBERS],
    opaque_words: [usize; QIBU_STREAM_WORDS],
}

/// A stream for taggers with more ids or tags. `qibu_stream_start_wide` starts it, and all other
/// functions take its `stream`.
#[repr(C)]
pub struct qibu_wide_stream {
    /// The stream.
    pub stream: qibu_stream,
    opaque_numbers: [u64; QIBU_WIDE_STREAM_NUMBERS],
}

/// What comes out of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct qibu_event {
    /// Tag of the next character, from 0; -1 where the text ended.
    pub tag: i32,
    /// At the end: how many tags of this text were decided by force, for want of buffer or because
    /// the model allows none there.
    pub forced: u32,
}

/// Hears what comes out of a stream, in order: one event for each character, one for each end. It
/// returns normally (no `longjmp`, no exception); calls to its own stream answer `QIBU_STATUS_BUSY`.
pub type qibu_sink = Option<unsafe extern "C" fn(user: *mut c_void, event: *const qibu_event)>;

/// The caller's callback.
#[derive(Clone, Copy)]
struct Sink {
    function: unsafe extern "C" fn(*mut c_void, *const qibu_event),
    user: *mut c_void,
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
enum Input {
    Character(char),
    End,
    Flush,
}

/// The start of the storage.
#[repr(C)]
struct Head {
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

/// Starts a stream of `tagger` over `arena`.
///
/// The arena starts on a 16-byte boundary, has at least the bytes that `qibu_tagger_describe` says,
/// and belongs to the stream as long as that is used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_stream_start(
    stream: *mut qibu_stream,
    tagger: *const qibu_tagger,
    arena: *mut c_void,
    arena_length: usize,
) -> qibu_status {
    let (head, storage) = (stream.cast::<Head>(), Region::new(stream, 1));
    // SAFETY: the caller's promises are ours; the storage is a `qibu_stream`.
    status(unsafe {
        start::<QIBU_STREAM_IDS, QIBU_STREAM_TAGS>(head, storage, tagger, arena, arena_length)
    })
}

/// `qibu_stream_start` for taggers with more ids or tags.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_stream_start_wide(
    stream: *mut qibu_wide_stream,
    tagger: *const qibu_tagger,
    arena: *mut c_void,
    arena_length: usize,
) -> qibu_status {
    let (head, storage) = (stream.cast::<Head>(), Region::new(stream, 1));
    // SAFETY: the caller's promises are ours; the storage is a `qibu_wide_stream`.
    status(unsafe {
        start::<QIBU_WIDE_STREAM_IDS, QIBU_WIDE_STREAM_TAGS>(
            head,
            storage,
            tagger,
            arena,
            arena_length,
        )
    })
}

/// # Safety
/// Pointers are valid and quiet, the storage is that of a stream of this size, and the arena is the
/// stream's as long as it is used.
unsafe fn start<const IDS: usize, const TAGS: usize>(
    head: *mut Head,
    storage: Region,
    tagger: *const qibu_tagger,
    memory: *mut c_void,
    length: usize,
) -> Answer {
    check(head)?;
    // SAFETY: not null, aligned, and valid as promised.
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
    let slot = head.cast::<Slot<TagStream<'static, 'static, IDS, TAGS, QIBU_STREAM_BUFFER>>>();
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
struct InUse(*mut Head);

impl InUse {
    /// # Safety
    /// The stream is valid, quiet but for its sink, and keeps the promise on handles.
    unsafe fn new(stream: *mut qibu_stream) -> Answer<Self> {
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

    fn step(&self, input: Input, sink: Sink) -> Result<(), InputError> {
        // SAFETY: `new` found the mark of a started stream.
        let step = unsafe { (*self.0).step };
        // SAFETY: `start` wrote the function of this stream's size, and this is its only user.
        unsafe { step(self.0, input, sink) }
    }

    /// Decodes bytes, or, where there are none, what has begun; then goes on with `last`.
    fn decode(&self, bytes: Option<&[u8]>, last: Option<Input>, sink: Sink) -> Answer {
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
unsafe fn put_in(
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

/// The next bytes of the text, UTF-8: any number, whole characters or not. Tags of characters before
/// them may come out. Each malformed sequence counts as one U+FFFD. Line ends and blanks are
/// characters like any other: a caller leaves them out, and ends the text with `qibu_stream_end`.
///
/// `QIBU_STATUS_ID`: the network's tables have fewer rows than the vocabulary has characters.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_stream_push_bytes(
    stream: *mut qibu_stream,
    text: *const c_char,
    length: usize,
    sink: qibu_sink,
    user: *mut c_void,
) -> qibu_status {
    let push = || {
        let function = sink.ok_or(qibu_status::Null)?;
        // SAFETY: the caller's promises are ours.
        let (stream, text) = unsafe { (InUse::new(stream)?, slice(text.cast::<u8>(), length)?) };
        // SAFETY: a started stream.
        let arena = unsafe { (*stream.0).arena };
        Region::new(text.as_ptr(), length).apart(arena)?;
        stream.decode(Some(text), None, Sink { function, user })
    };
    status(push())
}

/// The next character of the text, a Unicode scalar value. Tags of characters before it may come out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_stream_push(
    stream: *mut qibu_stream,
    character: u32,
    sink: qibu_sink,
    user: *mut c_void,
) -> qibu_status {
    let push = || {
        let character = char::from_u32(character).ok_or(qibu_status::Value)?;
        // SAFETY: the caller's promises are ours.
        unsafe { put_in(stream, Input::Character(character), sink, user) }
    };
    status(push())
}

/// The text ends here. Its last tags and its end may wait for what follows.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_stream_end(
    stream: *mut qibu_stream,
    sink: qibu_sink,
    user: *mut c_void,
) -> qibu_status {
    // SAFETY: the caller's promises are ours.
    status(unsafe { put_in(stream, Input::End, sink, user) })
}

/// Everything that waits comes out now; a text that has begun ends here.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_stream_flush(
    stream: *mut qibu_stream,
    sink: qibu_sink,
    user: *mut c_void,
) -> qibu_status {
    // SAFETY: the caller's promises are ours.
    status(unsafe { put_in(stream, Input::Flush, sink, user) })
}
