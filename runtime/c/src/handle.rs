//! Rust values in the caller's storage, behind a mark that tells what they are.
//!
//! ```text
//! storage:  mark │ value │ unused words
//! ```
//!
//! 1. A failed initialisation clears the mark, so that a handle is never half a value.
//! 2. Handles own nothing: initialising one again just replaces it, and none needs to be freed.
//! 3. Storage is words; its size is in the header, and constants below prove that the value fits on
//!    this target.
//!
//! The caller's promise, at the top of the header: **Handle**: storage that was not initialised by
//! its own function is zero, or at least is not what such a function left for another storage. Streams,
//! which have a mark for being in use, ask for it before their first start, too: a chip that was reset
//! while one ran would find that mark again on its stack.

use crate::memory::{Answer, check};
use crate::status::qibu_status;

/// A value that lives in storage of type [`Kind::Storage`].
pub(crate) trait Kind: Copy {
    /// What the header calls it.
    type Storage;
    /// Tells it from other kinds, and from what stands in memory by chance.
    const MARK: usize;
    /// The value, and its mark, fit into the storage.
    const FITS: () = assert!(
        size_of::<Slot<Self>>() <= size_of::<Self::Storage>()
            && align_of::<Slot<Self>>() <= align_of::<Self::Storage>()
    );
}

/// The layout of storage.
#[repr(C)]
struct Slot<T> {
    mark: usize,
    value: T,
}

/// Puts what `make` returns into `storage`; where that is an error the storage holds nothing.
///
/// # Safety
/// The storage is valid and quiet.
pub(crate) unsafe fn put<T: Kind>(
    storage: *mut T::Storage,
    make: impl FnOnce() -> Answer<T>,
) -> Answer {
    const { T::FITS };
    check(storage)?;
    let slot = storage.cast::<Slot<T>>();
    // SAFETY: the storage is aligned, valid (the caller's promise) and large enough (`FITS`).
    unsafe { (&raw mut (*slot).mark).write(0) };
    let value = make()?;
    let mark = T::MARK;
    // SAFETY: as before.
    unsafe { slot.write(Slot { mark, value }) };
    Ok(())
}

/// The value in `storage`.
///
/// # Safety
/// The storage is valid, quiet for `'a`, and keeps the promise on handles.
pub(crate) unsafe fn get<'a, T: Kind>(storage: *const T::Storage) -> Answer<&'a T> {
    const { T::FITS };
    check(storage)?;
    let slot = storage.cast::<Slot<T>>();
    // SAFETY: the storage is aligned, valid (the caller's promise) and large enough (`FITS`).
    if unsafe { (&raw const (*slot).mark).read() } != T::MARK {
        return Err(qibu_status::Uninitialised);
    }
    // SAFETY: only `put` leaves this mark, and with it a value.
    Ok(unsafe { &(*slot).value })
}

/// [`get`] to write to.
///
/// # Safety
/// As of [`get`].
pub(crate) unsafe fn get_mut<'a, T: Kind>(storage: *mut T::Storage) -> Answer<&'a mut T> {
    // SAFETY: the caller's promise is ours.
    unsafe { get::<T>(storage) }?;
    // SAFETY: `get` found a value; nobody else uses the storage during the call.
    Ok(unsafe { &mut (*storage.cast::<Slot<T>>()).value })
}
