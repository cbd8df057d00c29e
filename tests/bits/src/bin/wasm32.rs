//! WebAssembly: the host gives a bundle and takes text.
//!
//! It calls `reserve` for the bundle's bytes and for the arena's, writes the bundle into the memory
//! there, and calls `run`, which calls the imported `put` with pieces of the output.
#![no_main]

use std::alloc::{Layout, alloc_zeroed};
use std::slice::{from_raw_parts, from_raw_parts_mut};

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Takes `length` bytes of the output.
    fn put(text: *const u8, length: usize);
}

/// `length` zeros on a 16-byte boundary, for as long as the instance lives.
#[unsafe(no_mangle)]
extern "C" fn reserve(length: usize) -> *mut u8 {
    let layout = Layout::from_size_align(length.max(16), 16).expect("a length");
    // SAFETY: the layout's size is not zero.
    unsafe { alloc_zeroed(layout) }
}

/// Runs a bundle in an arena.
///
/// # Safety
/// Both are from [`reserve`], not one, with the lengths it was given.
#[unsafe(no_mangle)]
unsafe extern "C" fn run(bundle: *const u8, length: usize, arena: *mut u8, room: usize) {
    // SAFETY: as the caller promises.
    let (bundle, arena) = unsafe {
        (
            from_raw_parts(bundle, length),
            from_raw_parts_mut(arena, room),
        )
    };
    programs::bits(bundle, arena, qibu::kernels::ALL, &mut |text| {
        // SAFETY: the host reads the text's bytes before it returns.
        unsafe { put(text.as_ptr(), text.len()) }
    });
}
