//! Random inputs, straight into the arena.

use qibu::format::{DType, Tensor};
use qibu::random::Random;

/// Bounds of int32 inputs, tried in turn. The first takes special numbers, too.
pub(super) const BOUNDS: [u32; 3] = [9, 3, 1];
/// Floats that arithmetic treats specially, one for each seed from 2 on; NaN with payload and sign;
/// halves, which noise never hits and each rounding takes its own way: −0.5 and 2.5.
const SPECIAL_FLOATS: [u32; 8] = [
    0x7F80_0000,
    0xFF80_0000,
    0xFFC0_1234,
    0x8000_0000,
    1,
    0x7F7F_FFFF,
    0xBF00_0000,
    0x4020_0000,
];
/// Integers that arithmetic treats specially.
const SPECIAL_INTEGERS: [i32; 6] = [i32::MIN, i32::MAX, -1, i32::MIN + 1, -9, 1 << 24 | 1];
/// Seeds that bring every special number.
pub const SEEDS: u32 = 2 + SPECIAL_FLOATS.len() as u32;

/// Fills an input by its element type; its first element is special where a seed asks for it.
pub(super) fn draw(
    tensor: Tensor<'_>,
    bytes: &mut [u8],
    random: &mut Random,
    special: Option<u32>,
    bound: u32,
) {
    let special = special.map(|special| special as usize);
    let first = |table: &[u32]| special.and_then(|at| table.get(at).copied());
    match tensor.dtype() {
        DType::F32 => {
            words(bytes, first(&SPECIAL_FLOATS), || {
                random.gaussian().to_bits()
            });
        }
        DType::I32 => {
            let table = SPECIAL_INTEGERS.map(|value| value as u32);
            words(bytes, first(&table), || {
                random.next_u32().checked_rem(bound).unwrap_or(0)
            });
        }
        DType::Bool => bytes.fill_with(|| (random.next_u32() & 1) as u8),
        _ => bytes.fill_with(|| random.next_u32() as u8),
    }
}

fn words(bytes: &mut [u8], first: Option<u32>, mut draw: impl FnMut() -> u32) {
    let (words, _) = bytes.as_chunks_mut::<4>();
    for word in words.iter_mut() {
        *word = draw().to_le_bytes();
    }
    if let (Some(word), Some(first)) = (words.first_mut(), first) {
        *word = first.to_le_bytes();
    }
}
