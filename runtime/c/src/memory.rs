//! Pointers from C become slices and references here, after the checks that a pointer allows.
//!
//! What no check can tell is the caller's promise, stated at the top of the header:
//!
//! - **Valid**: a pointer that is not null points to as much memory as its length, or its type, says.
//! - **Quiet**: nobody writes to memory that a call reads, or uses memory that it writes, before the
//!   call returns. Memory that a handle keeps (a model's bytes, a stream's arena) stays so as long
//!   as the handle is used; a run's arena stays valid.

use crate::status::qibu_status;
use core::ffi::{c_char, c_void};
use core::ptr::{without_provenance, without_provenance_mut};

/// Result of a call before it becomes a status.
pub(crate) type Answer<T = ()> = Result<T, qibu_status>;

/// What the function returns to C.
#[inline]
pub(crate) fn status(answer: Answer) -> qibu_status {
    match answer {
        Ok(()) => qibu_status::Ok,
        Err(status) => status,
    }
}

/// Null and alignment of a pointer to `T`.
#[inline]
pub(crate) fn check<T>(pointer: *const T) -> Answer {
    if pointer.is_null() {
        return Err(qibu_status::Null);
    }
    if !pointer.is_aligned() {
        return Err(qibu_status::Misaligned);
    }
    Ok(())
}

/// Null, alignment and length of `length` elements.
fn check_many<T>(pointer: *const T, length: usize) -> Answer {
    check(pointer)?;
    match size_in_memory(pointer, length) {
        Some(_) => Ok(()),
        None => Err(qibu_status::Length),
    }
}

/// Bytes of `length` elements at `pointer`, where an object may be as large, and end, there.
fn size_in_memory<T>(pointer: *const T, length: usize) -> Option<usize> {
    let bytes = length.checked_mul(size_of::<T>())?;
    pointer.addr().checked_add(bytes)?;
    (bytes <= isize::MAX as usize).then_some(bytes)
}

/// Where no elements are: a boundary that suits arenas, too.
const NOWHERE: usize = 16;

/// `length` elements at `pointer`, which may be null where there are none.
///
/// # Safety
/// The memory is valid and quiet for `'a`, and `T` is a number.
pub(crate) unsafe fn slice<'a, T: Copy>(pointer: *const T, length: usize) -> Answer<&'a [T]> {
    let pointer = match length {
        0 => without_provenance(NOWHERE),
        _ => pointer,
    };
    check_many(pointer, length)?;
    // SAFETY: not null, aligned and no longer than memory can be; the caller promises the rest.
    Ok(unsafe { core::slice::from_raw_parts(pointer, length) })
}

/// [`slice`] to write to.
///
/// # Safety
/// As of [`slice`], and no other reference to the memory is alive during `'a`.
pub(crate) unsafe fn slice_mut<'a, T: Copy>(pointer: *mut T, length: usize) -> Answer<&'a mut [T]> {
    let pointer = match length {
        0 => without_provenance_mut(NOWHERE),
        _ => pointer,
    };
    check_many(pointer, length)?;
    // SAFETY: not null, aligned and no longer than memory can be; the caller promises the rest.
    Ok(unsafe { core::slice::from_raw_parts_mut(pointer, length) })
}

/// UTF-8 text that C passes in, for names: what is no UTF-8 names nothing.
///
/// # Safety
/// As of [`slice`].
pub(crate) unsafe fn name<'a>(pointer: *const c_char, length: usize) -> Answer<&'a str> {
    // SAFETY: the caller's promise is ours.
    let bytes = unsafe { slice(pointer.cast::<u8>(), length) }?;
    core::str::from_utf8(bytes).map_err(|_| qibu_status::NotFound)
}

/// Writes an answer where the caller wants it.
///
/// # Safety
/// The memory is valid and quiet.
#[inline]
pub(crate) unsafe fn put<T>(pointer: *mut T, value: T) -> Answer {
    check(pointer)?;
    // SAFETY: not null and aligned; the caller promises that it is valid.
    unsafe { pointer.write(value) };
    Ok(())
}

/// [`put`] where null means that the caller does not want it.
///
/// # Safety
/// As of [`put`].
pub(crate) unsafe fn put_if_wanted<T>(pointer: *mut T, value: T) -> Answer {
    match pointer.is_null() {
        true => Ok(()),
        // SAFETY: the caller's promise is ours.
        false => unsafe { put(pointer, value) },
    }
}

/// Writes text that `write` hands over piece by piece, the same each time it is asked, and its length;
/// no text where `capacity` is less.
///
/// # Safety
/// The memory is valid and quiet.
pub(crate) unsafe fn put_text(
    write: impl Fn(&mut dyn FnMut(&str)),
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Answer {
    let mut needed = 0_usize;
    write(&mut |piece| needed = needed.saturating_add(piece.len()));
    // SAFETY: the caller's promise is ours.
    unsafe { put(length, needed) }?;
    if needed > capacity {
        return Err(qibu_status::Buffer);
    }
    // SAFETY: as before.
    let mut slots = unsafe { slice_mut(text.cast::<u8>(), needed) }?.iter_mut();
    write(&mut |piece| {
        for (byte, slot) in piece.bytes().zip(slots.by_ref()) {
            *slot = byte;
        }
    });
    Ok(())
}

/// Where some memory lies, to tell whether two overlap.
#[derive(Clone, Copy)]
pub(crate) struct Region {
    start: usize,
    bytes: usize,
}

impl Region {
    /// `length` elements at `pointer`.
    pub fn new<T>(pointer: *const T, length: usize) -> Self {
        Self {
            start: pointer.addr(),
            bytes: length.saturating_mul(size_of::<T>()),
        }
    }

    /// `length` elements that C passes in: no more than memory can be.
    pub fn given<T>(pointer: *const T, length: usize) -> Answer<Self> {
        match size_in_memory(pointer, length) {
            Some(_) => Ok(Self::new(pointer, length)),
            None => Err(qibu_status::Length),
        }
    }

    /// `length` bytes that C passes in.
    pub fn bytes(pointer: *const c_void, length: usize) -> Answer<Self> {
        Self::given(pointer.cast::<u8>(), length)
    }

    /// Refuses regions that share a byte.
    pub fn apart(self, other: Self) -> Answer {
        let end = self.start.saturating_add(self.bytes);
        let other_end = other.start.saturating_add(other.bytes);
        let empty = self.bytes == 0 || other.bytes == 0;
        match !empty && self.start < other_end && other.start < end {
            true => Err(qibu_status::Overlap),
            false => Ok(()),
        }
    }
}
