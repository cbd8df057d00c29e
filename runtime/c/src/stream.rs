//! Text of any length in, tags out through a callback; what happens inside is in `session`.

use crate::memory::{Region, slice, status};
use crate::session::{Head, InUse, Input, Sink, put_in, start};
use crate::status::qibu_status;
use crate::tagger::qibu_tagger;
use core::ffi::{c_char, c_void};

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
pub const QIBU_STREAM_NUMBERS: usize = 104;
/// Numbers in a `qibu_wide_stream` behind its stream.
pub const QIBU_WIDE_STREAM_NUMBERS: usize = 1222;

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

/// Starts a stream of `tagger` over `arena`. The storage is zero, or that of a stream: one that is
/// running answers `QIBU_STATUS_BUSY`.
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
        let stream = unsafe { InUse::new(stream) }?;
        Region::given(text, length)?.apart(stream.arena())?;
        // SAFETY: as before, and the text is apart from the arena.
        let text = unsafe { slice(text.cast::<u8>(), length) }?;
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
