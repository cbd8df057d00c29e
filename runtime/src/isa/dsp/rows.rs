//! One column against four rows at a time ([`Layout::Tile4`]): what is left of a fully connected layer,
//! whose weights no second column shares.
//!
//! ```text
//! block: columns one behind the other, as pairs
//! for each tile:
//!     four sums = biases
//!     for each quad: 1 load of four words of weights, 1 of two words of the column,
//!                    for each row 2 extensions and 2 SMLAD
//!     requantise and store the four
//! ```
//!
//! 18 instructions for 16 multiply-accumulates; 11 where the weights are wide, whose pairs need no
//! extension. Rows behind the last whole tile are multiplied in Rust.

use super::super::{Block, Place, Tile};
use super::{Order, Store, is_quick, prepare, slowly, target};
use crate::format::layout::QUAD;
use crate::format::{DType, Layout};
use crate::kernels::sink::{Out, Sink};
use core::arch::naked_asm;

/// Weights in tiles of four rows.
pub(crate) struct Rows<const WIDE: bool>;

/// Rows of a tile.
const ROWS: usize = 4;

impl<const WIDE: bool> Tile for Rows<WIDE> {
    const LAYOUT: Layout = Layout::Tile4;
    const WEIGHTS: DType = if WIDE { DType::I16 } else { DType::I8 };

    fn name() -> &'static str {
        "dsp"
    }

    fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
        prepare::narrow(part, block, (place.column * place.quads + quad) * 8, 8);
    }

    fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
        prepare::wide(part, block, (place.column * place.quads + quad) * 8, 8);
    }

    fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply::<WIDE>(block, sink, first);
    }

    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply::<WIDE>(block, sink, first);
    }
}

/// What the assembly works with, at these offsets.
#[repr(C)]
struct Job {
    out: *mut u8,
    bias: *const i32,
    scales: *const u32,
    weights: *const i8,
    column: *const u8,
    behind: *const u8,
    /// Tiles that are left.
    tiles: usize,
    /// Twice the zero point, plus one.
    zero: i32,
    low: i32,
    high: i32,
    store: Store,
}

fn multiply<const WIDE: bool>(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
    let rows = block.bias.len();
    let rust = |range: (usize, usize), sink: &mut Sink<'_>| {
        let order = Order {
            tile: ROWS,
            stride: 1,
            column: block.quads,
        };
        let slowly = if WIDE { slowly::<8> } else { slowly::<QUAD> };
        let done = slowly(block, range, &order, sink, first);
        debug_assert_eq!(done, Some(()));
    };
    let tiles = rows / ROWS;
    let width = if WIDE { 2 } else { 1 };
    let words = block.quads.checked_mul(QUAD);
    let sound = block.scales.len() == rows
        && words
            .and_then(|row| row.checked_mul(tiles * ROWS * width))
            .is_some_and(|needed| needed <= block.weights.len())
        && words
            .and_then(|row| row.checked_mul(2 * block.count))
            .is_some_and(|needed| needed <= block.prepared.len())
        && block.quads != 0
        && tiles != 0
        && (!matches!(sink.out, Out::I8(_)) || block.scales.iter().all(|&scale| is_quick(scale)))
        && block.weights.as_ptr().addr().is_multiple_of(4)
        && block.prepared.as_ptr().addr().is_multiple_of(4);
    for c in 0..block.count {
        let Some(target) = target(sink, first + c * rows, rows).filter(|_| sound) else {
            return rust((0, rows), sink);
        };
        let length = block.quads * 8;
        let column = block.prepared.as_ptr().wrapping_add(c * length);
        let mut job = Job {
            out: target.out,
            bias: block.bias.as_ptr(),
            scales: block.scales.as_ptr(),
            weights: block.weights.as_ptr(),
            column,
            behind: column.wrapping_add(length),
            tiles,
            zero: 2 * sink.zero_point + 1,
            low: sink.low,
            high: sink.high,
            store: target.store,
        };
        // SAFETY: four biases and scale words for each tile, all tiles and a column of `quads` are
        // there, aligned; so are four results for each tile.
        unsafe { multiply_tiles::<WIDE>(&mut job) };
    }
    if tiles * ROWS < rows {
        rust((tiles * ROWS, rows), sink);
    }
}

/// Multiplies tiles until none is left.
///
/// # Safety
/// See `multiply`: everything that `job` points to is there, quads and `tiles` are not zero, scale
/// words are quick.
#[unsafe(naked)]
unsafe extern "C" fn multiply_tiles<const WIDE: bool>(job: &mut Job) {
    naked_asm!(
        super::cpu!(),
        ".macro qibu_row weights, sum",
        "sxtb16 r3, \\weights",
        "sxtb16 \\weights, \\weights, ror #8",
        "smlad \\sum, r3, r8, \\sum",
        "smlad \\sum, \\weights, r9, \\sum",
        ".endm",
        ".macro qibu_quad",
        "ldmia r1!, {{r4, r5, r6, r7}}",
        "ldmia r2!, {{r8, r9}}",
        ".if {wide}",
        "smlad r10, r4, r8, r10",
        "smlad r11, r6, r8, r11",
        "smlad r10, r5, r9, r10",
        "smlad r11, r7, r9, r11",
        "ldmia r1!, {{r4, r5, r6, r7}}",
        "smlad r12, r4, r8, r12",
        "smlad lr, r6, r8, lr",
        "smlad r12, r5, r9, r12",
        "smlad lr, r7, r9, lr",
        ".else",
        "qibu_row r4, r10",
        "qibu_row r5, r11",
        "qibu_row r6, r12",
        "qibu_row r7, lr",
        ".endif",
        ".endm",
        ".macro qibu_scaled word, sum",
        "uxtb r3, \\word",
        "sub r3, #33",
        "bic \\word, #255",
        "smmul \\sum, \\sum, \\word",
        "asr \\sum, r3",
        "add \\sum, r9",
        ".endm",
        // Any shift, for results without zero point: see `columns`.
        ".macro qibu_exact word, sum",
        "uxtb r3, \\word",
        "bic \\word, #255",
        "subs r3, #33",
        "blo 13f",
        "smmul \\sum, \\sum, \\word",
        "asr \\sum, r3",
        "add \\sum, #1",
        "asr \\sum, #1",
        "b 12f",
        "13:",
        "smull r9, \\sum, \\sum, \\word",
        "adds r3, #1",
        "bpl 14f",
        "adds r9, r9, r9",
        "adc \\sum, \\sum, \\sum",
        "14:",
        "adds r9, r9, r9",
        "adc \\sum, \\sum, #0",
        "12:",
        ".endm",
        ".macro qibu_clamped sum",
        "cmp \\sum, r4",
        "it lt",
        "movlt \\sum, r4",
        "cmp \\sum, r5",
        "it gt",
        "movgt \\sum, r5",
        "strh \\sum, [r8], #2",
        ".endm",
        "push {{r4, r5, r6, r7, r8, r9, r10, r11, r12, lr}}",
        "ldr r1, [r0, #12]", // weights
        "2:",
        "ldr r3, [r0, #4]", // bias
        "ldmia r3!, {{r10, r11, r12, lr}}",
        "str r3, [r0, #4]",
        "ldr r2, [r0, #16]", // column
        // Into a round of four quads, so far that the last round is whole.
        "ldr r3, [r0, #20]",
        "sub r3, r2, r3",
        "ubfx r3, r3, #3, #2",
        "tbb [pc, r3]",
        "3:",
        ".byte (4f - 3b) / 2, (5f - 3b) / 2, (6f - 3b) / 2, (16f - 3b) / 2",
        "4:",
        "qibu_quad",
        "5:",
        "qibu_quad",
        "6:",
        "qibu_quad",
        "16:",
        "qibu_quad",
        "ldr r3, [r0, #20]",
        "cmp r2, r3",
        "bne 4b",
        "ldr r3, [r0, #8]", // scale words
        "ldmia r3!, {{r4, r5, r6, r7}}",
        "str r3, [r0, #8]",
        "ldr r8, [r0]",      // out
        "ldr r3, [r0, #40]", // store
        "cmp r3, #0",
        "bne 8f",
        "ldr r9, [r0, #28]", // zero
        "qibu_scaled r4, r10",
        "qibu_scaled r5, r11",
        "qibu_scaled r6, r12",
        "qibu_scaled r7, lr",
        "ssat r10, #8, r10, asr #1",
        "ssat r11, #8, r11, asr #1",
        "ssat r12, #8, r12, asr #1",
        "ssat lr, #8, lr, asr #1",
        "strb r10, [r8], #1",
        "strb r11, [r8], #1",
        "strb r12, [r8], #1",
        "strb lr, [r8], #1",
        "9:",
        "str r8, [r0]",
        "ldr r3, [r0, #24]", // tiles
        "subs r3, #1",
        "str r3, [r0, #24]",
        "bne 2b",
        "pop {{r4, r5, r6, r7, r8, r9, r10, r11, r12, pc}}",
        "8:",
        "qibu_exact r4, r10",
        "qibu_exact r5, r11",
        "qibu_exact r6, r12",
        "qibu_exact r7, lr",
        "ldr r3, [r0, #40]",
        "cmp r3, #1",
        "beq 7f",
        "stmia r8!, {{r10, r11, r12, lr}}",
        "b 9b",
        "7:",
        "ldr r4, [r0, #32]", // low
        "ldr r5, [r0, #36]", // high
        "qibu_clamped r10",
        "qibu_clamped r11",
        "qibu_clamped r12",
        "qibu_clamped lr",
        "b 9b",
        ".purgem qibu_row",
        ".purgem qibu_quad",
        ".purgem qibu_scaled",
        ".purgem qibu_exact",
        ".purgem qibu_clamped",
        wide = const WIDE as usize,
    )
}
