//! A latent and rules in, a poem that keeps them out.

use crate::handle::{self, Kind};
use crate::memory::{self, Answer, Region, status};
use crate::model::{loaded, qibu_model};
use crate::poet::qibu_poet_sizes;
use crate::rules::{Asked, NO_VERSE};
use crate::run::arena;
use crate::status::qibu_status;
use core::ffi::{c_char, c_void};
use qibu::poem::{Composer, Verse};

/// Words of a `qibu_composer`.
pub const QIBU_COMPOSER_WORDS: usize = 44;

/// A poem model that keeps rules, in the caller's memory. It may be copied, and owns nothing; it does
/// not need the `qibu_model` any more, but the model's bytes.
#[repr(C)]
pub struct qibu_composer {
    opaque: [usize; QIBU_COMPOSER_WORDS],
}

/// Which tones a poem keeps: a pattern by the types of its lines, in five characters `A *ZPPZ`,
/// `B PP*ZP`, `C *PPZZ`, `D *ZZPP` (P level, Z oblique).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum qibu_meter {
    /// Those of the best pattern.
    Any = 0,
    /// Pattern ABCD; of a couplet the first two lines, as of all.
    Abcd = 1,
    /// Pattern DBCD.
    Dbcd = 2,
    /// Pattern CDAB.
    Cdab = 3,
    /// Pattern BDAB.
    Bdab = 4,
    /// None, and no rhyme unless one is given.
    Free = 5,
}

/// A rule that leaves a position without a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum qibu_rule {
    /// None does.
    None = 0,
    /// The pattern's tone.
    Tone = 1,
    /// The rhyme.
    Rhyme = 2,
    /// The fixed character is not in the vocabulary.
    Fixed = 3,
    /// Avoided words.
    Avoided = 4,
}

/// What a poem has to keep. All zero, it is a regulated verse of the best pattern and rhyme.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct qibu_rules {
    /// A `qibu_meter`.
    pub meter: i32,
    /// 0, or the rhyme: 1 for 一东 to 30 for 十五咸, in the order of the Pingshui book's level groups.
    pub rhyme: i32,
    /// Characters by position, UTF-8: `?` leaves one open, as does the end of the text. May be null.
    pub fixed: *const c_char,
    /// Its bytes.
    pub fixed_length: usize,
    /// First characters of the lines, in the same way. May be null.
    pub heads: *const c_char,
    /// Its bytes.
    pub heads_length: usize,
    /// Words that no line may have, UTF-8, with blanks between them. May be null.
    pub avoided: *const c_char,
    /// Its bytes.
    pub avoided_length: usize,
}

/// A poem, or why there is none.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct qibu_verse {
    /// The pattern that it keeps: a `qibu_meter`.
    pub meter: i32,
    /// Its rhyme, 1…30, or 0.
    pub rhyme: i32,
    /// 1 where no poem was found without a character that stands twice, else 0.
    pub repeats: i32,
    /// With `QIBU_STATUS_UNSATISFIABLE`, what none suits: a `qibu_rule`.
    pub rule: i32,
    /// And where: characters before it.
    pub position: usize,
    /// Log-probability by the network, in nats: it ranks poems of different latents.
    pub likelihood: f32,
}

#[derive(Clone, Copy)]
struct Writer {
    composer: Composer<'static>,
    bytes: Region,
}

impl Kind for Writer {
    type Storage = qibu_composer;
    const MARK: usize = 0x6f62_6971;
}

/// Finds the composer in `model`: a function `compose` and what belongs to it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_composer_new(
    composer: *mut qibu_composer,
    model: *const qibu_model,
) -> qibu_status {
    let make = || {
        // SAFETY: the caller's promises are ours.
        let loaded = unsafe { loaded(model) }?;
        let composer = Composer::new(&loaded.model).ok_or(qibu_status::NoComposer)?;
        let bytes = loaded.bytes;
        Ok(Writer { composer, bytes })
    };
    // SAFETY: the caller's promises are ours.
    status(unsafe { handle::put::<Writer>(composer, make) })
}

/// What the composer needs and gives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_composer_describe(
    composer: *const qibu_composer,
    sizes: *mut qibu_poet_sizes,
) -> qibu_status {
    let describe = || {
        // SAFETY: the caller's promises are ours.
        let composer = unsafe { handle::get::<Writer>(composer) }?.composer;
        let found = qibu_poet_sizes {
            arena: composer.arena(),
            latent: composer.latent(),
            characters: composer.positions(),
            temperature: composer.temperature(),
        };
        // SAFETY: as before.
        unsafe { memory::put(sizes, found) }
    };
    status(describe())
}

/// Draws the latent of `seed`: `count` Gaussians times `temperature`, as `qibu_poet_sample` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_composer_sample(
    composer: *const qibu_composer,
    seed: u64,
    temperature: f32,
    latent: *mut f32,
    count: usize,
) -> qibu_status {
    let sample = || {
        // SAFETY: the caller's promises are ours.
        let composer = unsafe { handle::get::<Writer>(composer) }?.composer;
        if count != composer.latent() {
            return Err(qibu_status::Length);
        }
        // SAFETY: as before.
        let latent = unsafe { memory::slice_mut(latent, count) }?;
        for (slot, value) in latent.iter_mut().zip(composer.sample(seed, temperature)) {
            *slot = value;
        }
        Ok(())
    };
    status(sample())
}

/// Writes the poem of `latent`, `count` floats, that keeps `rules` to `text`: UTF-8, without a NUL
/// behind it.
///
/// `rules` may be null, and is all zero then. `verse` may be null; else it says what the poem keeps, or,
/// with `QIBU_STATUS_UNSATISFIABLE`, which position and rule leave no character. `QIBU_STATUS_LENGTH`:
/// the latent has another length, or more is fixed than a poem has, or more avoided than 128 characters
/// in 32 words. Arena, text and length are as of `qibu_poet_couplet`; the latent does not lie in the
/// arena.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_composer_compose(
    composer: *const qibu_composer,
    latent: *const f32,
    count: usize,
    rules: *const qibu_rules,
    arena: *mut c_void,
    arena_length: usize,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
    verse: *mut qibu_verse,
) -> qibu_status {
    let answer = || {
        let mut found = NO_VERSE;
        // SAFETY: the caller's promises are ours.
        let writer = unsafe { handle::get::<Writer>(composer) }?;
        let region = Region::bytes(arena, arena_length)?;
        region.apart(writer.bytes)?;
        region.apart(Region::new(composer, 1))?;
        Region::given(latent, count)?.apart(region)?;
        // SAFETY: as before. Texts become ids before the arena is written to.
        let asked = unsafe { Asked::read(&writer.composer, rules, &mut found) };
        let composed = asked.and_then(|asked| {
            // SAFETY: as before.
            let latent = unsafe { memory::slice(latent, count) }?;
            // SAFETY: as before, and the latent is apart from the arena.
            let arena = unsafe { self::arena(arena, arena_length) }?;
            asked.compose(&writer.composer, latent, arena, &mut found)
        });
        if !verse.is_null() {
            // SAFETY: as before.
            unsafe { memory::put(verse, found) }?;
        }
        // SAFETY: as before.
        unsafe { write(&writer.composer, &composed?, text, capacity, length) }
    };
    status(answer())
}

/// # Safety
/// Pointers are valid and quiet; the arena is not in use any more.
unsafe fn write(
    composer: &Composer<'_>,
    verse: &Verse,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Answer {
    let write = |put: &mut dyn FnMut(&str)| composer.write(&verse.ids, put);
    // SAFETY: as promised.
    unsafe { memory::put_text(write, text, capacity, length) }
}
