//! Loading a file, and what it says of itself.

use crate::handle::{self, Kind};
use crate::memory::{self, Answer, Region, status};
use crate::place::qibu_place;
use crate::status::qibu_status;
use core::ffi::{c_char, c_void};
use qibu::kernels::Kernel;
use qibu::{Limits, Model};

/// Number of this interface. A program that finds another one in `qibu_abi` was built with the
/// header of another library.
pub const QIBU_ABI: u32 = 1;

/// Words of a `qibu_model`.
pub const QIBU_MODEL_WORDS: usize = 20;

/// A loaded model, in the caller's memory. Its bytes must stay unchanged as long as it, or what was
/// made of it, is used. It may be copied, and owns nothing: there is nothing to free.
#[repr(C)]
pub struct qibu_model {
    opaque: [usize; QIBU_MODEL_WORDS],
}

/// Text in a model: `length` bytes of UTF-8, without a NUL behind them.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct qibu_text {
    /// The first byte, in the model's bytes.
    pub data: *const c_char,
    /// Bytes.
    pub length: usize,
}

impl From<&'static str> for qibu_text {
    fn from(text: &'static str) -> Self {
        Self {
            data: text.as_ptr().cast(),
            length: text.len(),
        }
    }
}

/// A model and where its bytes are.
#[derive(Clone, Copy)]
pub(crate) struct Loaded {
    pub model: Model<'static>,
    pub bytes: Region,
}

impl Kind for Loaded {
    type Storage = qibu_model;
    const MARK: usize = 0x6d62_6971;
}

/// The number of the library's interface: `QIBU_ABI` of the header that belongs to it.
#[unsafe(no_mangle)]
pub extern "C" fn qibu_abi() -> u32 {
    QIBU_ABI
}

/// Checks `length` bytes of a model file whole and makes `model` a view of them.
///
/// The bytes start on a 16-byte boundary (`QIBU_ALIGNED`). After `QIBU_STATUS_OK` nothing that is
/// run with the model reads or writes outside it and its arena, or fails to end. Where the file is
/// refused, `place` says where it is wrong; `place` may be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_model_load(
    model: *mut qibu_model,
    bytes: *const c_void,
    length: usize,
    place: *mut qibu_place,
) -> qibu_status {
    // SAFETY: the caller's promises are ours.
    status(unsafe { load(model, bytes, length, place, Model::load) })
}

/// `qibu_model_load`, which also refuses a model where one run of a function takes more work than
/// `macs`: multiply-accumulates, and elements written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_model_load_within(
    model: *mut qibu_model,
    bytes: *const c_void,
    length: usize,
    macs: u64,
    place: *mut qibu_place,
) -> qibu_status {
    let within = |bytes| Model::load_within(bytes, Limits { macs });
    // SAFETY: the caller's promises are ours.
    status(unsafe { load(model, bytes, length, place, within) })
}

/// `qibu_model_load` for the `count` kernels in `kernels` and no others, so that a program links only
/// them: `const qibu_kernel *const SET[] = {&qibu_kernel_dense_i16_i8, …};`.
///
/// `cargo run -p qibu-c --example kernels -- MODEL.qibu` writes the set of a model. A step without
/// kernel is `QIBU_STATUS_FILE_STEP`, with `QIBU_FAULT_KERNEL` at its place. The array must stay
/// unchanged as long as the model's bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_model_load_with(
    model: *mut qibu_model,
    bytes: *const c_void,
    length: usize,
    kernels: *const *const Kernel,
    count: usize,
    place: *mut qibu_place,
) -> qibu_status {
    let with = || {
        // SAFETY: the caller's promises are ours.
        let pointers = unsafe { memory::slice(kernels, count) }?;
        if pointers.iter().any(|kernel| kernel.is_null()) {
            return Err(qibu_status::Null);
        }
        // SAFETY: none is null, and each points to one of the kernels that the header declares.
        let set = unsafe { memory::slice(kernels.cast::<&'static Kernel>(), count) }?;
        let with = |bytes| Model::load_with(bytes, set);
        // SAFETY: the caller's promises are ours.
        unsafe { load(model, bytes, length, place, with) }
    };
    status(with())
}

/// # Safety
/// Pointers are valid and quiet; the bytes as long as the model is used.
unsafe fn load(
    model: *mut qibu_model,
    bytes: *const c_void,
    length: usize,
    place: *mut qibu_place,
    load: impl FnOnce(&'static [u8]) -> Result<Model<'static>, qibu::LoadError>,
) -> Answer {
    let make = || {
        // SAFETY: as promised.
        unsafe { memory::put_if_wanted(place, qibu_place::NONE) }?;
        if bytes.is_null() {
            return Err(qibu_status::Null);
        }
        let bytes = bytes.cast::<u8>();
        // SAFETY: as promised; the model keeps this view, hence the promise for as long as it is used.
        let view = unsafe { memory::slice(bytes, length) }?;
        match load(view) {
            Ok(model) => Ok(Loaded {
                model,
                bytes: Region::new(bytes, length),
            }),
            Err(error) => {
                // SAFETY: as promised.
                unsafe { memory::put_if_wanted(place, qibu_place::of(error)) }?;
                Err(error.into())
            }
        }
    };
    // SAFETY: as promised.
    unsafe { handle::put::<Loaded>(model, make) }
}

/// # Safety
/// The handle is valid, quiet, and keeps the promise on handles.
pub(crate) unsafe fn loaded<'a>(model: *const qibu_model) -> Answer<&'a Loaded> {
    // SAFETY: as promised.
    unsafe { handle::get::<Loaded>(model) }
}

/// `QIBU_STATUS_OK` where the weights match their checksum, else `QIBU_STATUS_WEIGHTS`. Loading
/// leaves them out, as nothing unsafe can come of them; this takes time in proportion to the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_model_verify_weights(model: *const qibu_model) -> qibu_status {
    // SAFETY: the caller's promises are ours.
    status(
        unsafe { loaded(model) }.and_then(|loaded| match loaded.model.verify_weights() {
            true => Ok(()),
            false => Err(qibu_status::Weights),
        }),
    )
}

/// Finds the value of the metadata called `key`: `task`, `vocab`, `licence` and the like.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_model_metadata(
    model: *const qibu_model,
    key: *const c_char,
    key_length: usize,
    value: *mut qibu_text,
) -> qibu_status {
    let find = || {
        // SAFETY: the caller's promises are ours.
        let (loaded, key) = unsafe { (loaded(model)?, memory::name(key, key_length)?) };
        let found = loaded.model.metadata().get(key);
        let found = found.ok_or(qibu_status::NotFound)?;
        // SAFETY: as before.
        unsafe { memory::put(value, found.into()) }
    };
    status(find())
}

/// Key and value of metadata entry `index`, in file order from 0; `QIBU_STATUS_INDEX` behind the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_model_metadata_entry(
    model: *const qibu_model,
    index: usize,
    key: *mut qibu_text,
    value: *mut qibu_text,
) -> qibu_status {
    let find = || {
        // SAFETY: the caller's promises are ours.
        let mut entries = unsafe { loaded(model) }?.model.metadata().entries();
        let (name, text) = entries.nth(index).ok_or(qibu_status::Index)?;
        // SAFETY: as before.
        unsafe {
            memory::put(key, name.into())?;
            memory::put(value, text.into())
        }
    };
    status(find())
}
