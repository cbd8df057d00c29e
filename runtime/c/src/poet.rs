//! A seed in, a couplet out.

use crate::handle::{self, Kind};
use crate::memory::{self, Answer, Region, status};
use crate::model::{loaded, qibu_model};
use crate::run::arena;
use crate::status::qibu_status;
use core::ffi::{c_char, c_void};
use qibu::poem::{Ids, Poet, Reading};

/// Words of a `qibu_poet`.
pub const QIBU_POET_WORDS: usize = 30;

/// Bytes that hold any poem, of two lines or four.
pub const QIBU_COUPLET_BYTES: usize = 124;
// Characters of at most four bytes, two commas and two full stops.
const _: () = assert!(QIBU_COUPLET_BYTES == qibu::poem::MAX_CHARACTERS * 4 + 12);

/// A poem model with its vocabulary, in the caller's memory. It may be copied, and owns nothing; it
/// does not need the `qibu_model` any more, but the model's bytes.
#[repr(C)]
pub struct qibu_poet {
    opaque: [usize; QIBU_POET_WORDS],
}

/// How a couplet is read off the candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum qibu_reading {
    /// No character twice, the most confident position first.
    Distinct = 0,
    /// The best character of each position.
    Greedy = 1,
}

#[derive(Clone, Copy)]
struct Writer {
    poet: Poet<'static>,
    bytes: Region,
}

impl Kind for Writer {
    type Storage = qibu_poet;
    const MARK: usize = 0x7062_6971;
}

/// What a poet needs and gives.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct qibu_poet_sizes {
    /// Bytes of arena.
    pub arena: usize,
    /// Dimensions of the latent.
    pub latent: usize,
    /// Characters of a poem.
    pub characters: usize,
    /// The temperature that the model's card recommends.
    pub temperature: f32,
}

/// Finds the poet in `model`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_poet_new(
    poet: *mut qibu_poet,
    model: *const qibu_model,
) -> qibu_status {
    let make = || {
        // SAFETY: the caller's promises are ours.
        let loaded = unsafe { loaded(model) }?;
        let poet = Poet::new(&loaded.model).ok_or(qibu_status::NoPoet)?;
        let bytes = loaded.bytes;
        Ok(Writer { poet, bytes })
    };
    // SAFETY: the caller's promises are ours.
    status(unsafe { handle::put::<Writer>(poet, make) })
}

/// What the poet needs and gives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_poet_describe(
    poet: *const qibu_poet,
    sizes: *mut qibu_poet_sizes,
) -> qibu_status {
    let describe = || {
        // SAFETY: the caller's promises are ours.
        let poet = unsafe { handle::get::<Writer>(poet) }?.poet;
        let found = qibu_poet_sizes {
            arena: poet.arena(),
            latent: poet.latent(),
            characters: poet.positions(),
            temperature: poet.temperature(),
        };
        // SAFETY: as before.
        unsafe { memory::put(sizes, found) }
    };
    status(describe())
}

/// Writes the couplet of `seed` to `text`: UTF-8, without a NUL behind it.
///
/// `temperature` is boldness, `qibu_poet_sizes.temperature` or another. The arena starts on a 16-byte
/// boundary and its contents do not matter. `length` becomes the couplet's bytes; where `capacity` is
/// smaller nothing is written to `text`, and the answer is `QIBU_STATUS_BUFFER`. `QIBU_COUPLET_BYTES`
/// are always enough.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_poet_couplet(
    poet: *const qibu_poet,
    seed: u64,
    temperature: f32,
    arena: *mut c_void,
    arena_length: usize,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> qibu_status {
    let answer = || {
        // SAFETY: the caller's promises are ours.
        let (poet, arena) = unsafe { open(poet, arena, arena_length) }?;
        let ids = poet.couplet(seed, temperature, arena)?;
        // SAFETY: as before.
        unsafe { write(poet, &ids, text, capacity, length) }
    };
    status(answer())
}

/// Draws the latent of `seed`: `count` Gaussians times `temperature`, as `qibu_poet_couplet` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_poet_sample(
    poet: *const qibu_poet,
    seed: u64,
    temperature: f32,
    latent: *mut f32,
    count: usize,
) -> qibu_status {
    let sample = || {
        // SAFETY: the caller's promises are ours.
        let poet = unsafe { handle::get::<Writer>(poet) }?.poet;
        if count != poet.latent() {
            return Err(qibu_status::Length);
        }
        // SAFETY: as before.
        let latent = unsafe { memory::slice_mut(latent, count) }?;
        for (slot, value) in latent.iter_mut().zip(poet.sample(seed, temperature)) {
            *slot = value;
        }
        Ok(())
    };
    status(sample())
}

/// Writes the couplet of `latent`, `count` floats, as `qibu_poet_couplet` does. `reading` is a
/// `qibu_reading`. The latent does not lie in the arena.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_poet_decode(
    poet: *const qibu_poet,
    latent: *const f32,
    count: usize,
    reading: i32,
    arena: *mut c_void,
    arena_length: usize,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> qibu_status {
    let answer = || {
        let reading = match reading {
            0 => Reading::Distinct,
            1 => Reading::Greedy,
            _ => return Err(qibu_status::Value),
        };
        Region::given(latent, count)?.apart(Region::bytes(arena, arena_length)?)?;
        // SAFETY: the caller's promises are ours, and the latent is apart from the arena.
        let (poet, arena) = unsafe { open(poet, arena, arena_length) }?;
        // SAFETY: as before.
        let latent = unsafe { memory::slice(latent, count) }?;
        let ids = poet.decode(latent, reading, arena)?;
        // SAFETY: as before.
        unsafe { write(poet, &ids, text, capacity, length) }
    };
    status(answer())
}

/// # Safety
/// The handle keeps the promise on handles; the arena is valid and quiet.
unsafe fn open<'a>(
    poet: *const qibu_poet,
    memory: *mut c_void,
    length: usize,
) -> Answer<(&'a Poet<'static>, &'a mut [u8])> {
    // SAFETY: as promised.
    let writer = unsafe { handle::get::<Writer>(poet) }?;
    let region = Region::bytes(memory, length)?;
    region.apart(writer.bytes)?;
    region.apart(Region::new(poet, 1))?;
    // SAFETY: as promised.
    Ok((&writer.poet, unsafe { arena(memory, length) }?))
}

/// # Safety
/// Pointers are valid and quiet; the arena is not in use any more.
unsafe fn write(
    poet: &Poet<'static>,
    ids: &Ids,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Answer {
    let write = |put: &mut dyn FnMut(&str)| poet.write(ids, put);
    // SAFETY: as promised.
    unsafe { memory::put_text(write, text, capacity, length) }
}
