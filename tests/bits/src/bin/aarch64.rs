//! Linux on a processor that QEMU emulates: `aarch64 BUNDLE ARENA`, a file and a length.

use std::io::{BufWriter, Write};

/// 16 bytes on their boundary.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Chunk([u8; 16]);

/// `length` zeros on a 16-byte boundary.
fn zeros(length: usize) -> Vec<Chunk> {
    vec![Chunk([0; 16]); length.div_ceil(16)]
}

/// The bytes of `chunks`.
fn bytes(chunks: &mut [Chunk]) -> &mut [u8] {
    // SAFETY: a chunk is sixteen bytes without padding, and any bytes are a chunk.
    unsafe { std::slice::from_raw_parts_mut(chunks.as_mut_ptr().cast(), chunks.len() * 16) }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().expect("a bundle and the arena's length");
    let file = std::fs::read(argument()).expect("a bundle");
    let mut bundle = zeros(file.len());
    bytes(&mut bundle)[..file.len()].copy_from_slice(&file);
    let mut arena = zeros(argument().parse().expect("a length"));
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (bundle, arena) = (bytes(&mut bundle), bytes(&mut arena));
    programs::bits(bundle, arena, qibu::kernels::ALL, &mut |text| {
        out.write_all(text.as_bytes()).expect("standard output");
    });
}
