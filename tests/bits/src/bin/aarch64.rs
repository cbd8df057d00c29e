//! Linux on a processor that QEMU emulates: `aarch64 BUNDLE ARENA`, a file and a length.

use std::alloc::{Layout, alloc_zeroed};
use std::io::{BufWriter, Write};
use std::slice::from_raw_parts_mut;

/// `length` zeros on a 16-byte boundary, for as long as the process lives.
fn zeros(length: usize) -> &'static mut [u8] {
    let layout = Layout::from_size_align(length.max(16), 16).expect("a length");
    // SAFETY: the layout's size is not zero.
    let start = unsafe { alloc_zeroed(layout) };
    assert!(!start.is_null(), "no memory of {length} bytes");
    // SAFETY: these bytes are initialised, and nobody else's.
    unsafe { from_raw_parts_mut(start, length) }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().expect("a bundle and the arena's length");
    let file = std::fs::read(argument()).expect("a bundle");
    let bundle = zeros(file.len());
    bundle.copy_from_slice(&file);
    let arena = zeros(argument().parse().expect("a length"));
    let mut out = BufWriter::new(std::io::stdout().lock());
    programs::bits(bundle, arena, qibu::kernels::ALL, &mut |text| {
        out.write_all(text.as_bytes()).expect("standard output");
    });
}
