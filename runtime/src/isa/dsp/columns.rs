//! Four columns against one row at a time ([`Layout::Tile1`]).
//!
//! ```text
//! block: for each quad the pairs of column 0, 1, 2, 3
//! for each row:
//!     four sums = bias
//!     for each quad: 1 load and 2 extensions of weights, 2 loads of eight words of columns, 8 SMLAD
//!     requantise and store the four
//! ```
//!
//! 13 instructions for 16 multiply-accumulates, 11 where the weights are wide, whose pairs need no
//! extension; and about 10 for each result. Blocks with room for
//! fewer than four columns have the same order; they are multiplied in Rust.

use super::super::{Block, Place, Tile};
use super::{Order, Store, prepare, slowly, target};
use crate::format::layout::QUAD;
use crate::format::{DType, Layout};
use crate::kernels::sink::Sink;
use core::arch::naked_asm;

/// Weights in rows.
pub(crate) struct Columns<const WIDE: bool>;

/// Columns that the assembly multiplies.
const COLUMNS: usize = 4;

impl<const WIDE: bool> Tile for Columns<WIDE> {
    const LAYOUT: Layout = Layout::Tile1;
    const WEIGHTS: DType = if WIDE { DType::I16 } else { DType::I8 };

    fn name() -> &'static str {
        "dsp"
    }

    fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
        let start = (quad * place.columns + place.column) * 8;
        prepare::narrow(part, block, start, place.columns * 8);
    }

    fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
        let start = (quad * place.columns + place.column) * 8;
        prepare::wide(part, block, start, place.columns * 8);
    }

    fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply::<WIDE>(block, sink, first);
    }

    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply::<WIDE>(block, sink, first);
    }
}

/// What the assembly works with, at these offsets. Pointers are to what lies behind the last row, so
/// that one negative row number serves all of them.
#[repr(C)]
struct Job {
    /// Results of the four columns.
    out: [*mut u8; COLUMNS],
    bias: *const i32,
    /// Rows that are left, negative.
    row: isize,
    scales: *const u32,
    /// Twice the zero point, plus one.
    zero: i32,
    prepared: *const u8,
    quads: usize,
    weights: *const i8,
    store: Store,
    low: i32,
    high: i32,
}

fn multiply<const WIDE: bool>(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
    let rows = block.bias.len();
    let rust = |range: (usize, usize), sink: &mut Sink<'_>| {
        let order = Order {
            tile: 1,
            stride: block.columns,
            column: 1,
        };
        let slowly = if WIDE { slowly::<8> } else { slowly::<QUAD> };
        let done = slowly(block, range, &order, sink, first);
        debug_assert_eq!(done, Some(()));
    };
    let width = if WIDE { 2 } else { 1 };
    let words = block.quads.checked_mul(QUAD);
    let sound = block.scales.len() == rows
        && words.and_then(|row| row.checked_mul(rows * width)) == Some(block.weights.len())
        && words
            .and_then(|row| row.checked_mul(2 * COLUMNS))
            .is_some_and(|needed| needed <= block.prepared.len())
        && block.quads != 0
        && block.columns == COLUMNS
        && block.weights.as_ptr().addr().is_multiple_of(4)
        && block.prepared.as_ptr().addr().is_multiple_of(4);
    let mut done = 0;
    while done < rows {
        let results = block.count * rows - done;
        let Some(target) = target(sink, first + done, results).filter(|_| sound) else {
            return rust((done, rows), sink);
        };
        let left = rows - done;
        // Columns that are not there write where column 0 does, before it.
        let out = |column: usize| {
            let column = if column < block.count { column } else { 0 };
            target
                .out
                .wrapping_add((column * rows + left) * target.size)
        };
        let mut job = Job {
            out: [out(0), out(1), out(2), out(3)],
            bias: block.bias.as_ptr_range().end,
            row: -(left as isize),
            scales: block.scales.as_ptr_range().end,
            zero: 2 * sink.zero_point + 1,
            prepared: block.prepared.as_ptr(),
            quads: block.quads,
            weights: block
                .weights
                .as_ptr()
                .wrapping_add(done * block.quads * QUAD * width),
            store: target.store,
            low: sink.low,
            high: sink.high,
        };
        // SAFETY: as many biases, scale words and weights as rows are left end where the pointers say,
        // aligned; the block holds four columns of `quads`, aligned; the results of each column that
        // is there end at its pointer, inside the sink, as `target` found for the first and the last.
        unsafe { multiply_rows::<WIDE>(&mut job) };
        done = rows - job.row.unsigned_abs();
        if done < rows {
            // The row at which the assembly stopped.
            rust((done, done + 1), sink);
            done += 1;
        }
    }
}

/// Multiplies rows until none is left, or the results of one are to be had in Rust.
///
/// # Safety
/// See `multiply`: everything that `job` points to is there, `quads` and `row` are not zero.
#[unsafe(naked)]
unsafe extern "C" fn multiply_rows<const WIDE: bool>(job: &mut Job) {
    naked_asm!(
        super::cpu!(),
        ".macro qibu_quad",
        ".if {wide}",
        "ldrd r4, r5, [r1], #8",
        "ldmia r2!, {{r6, r7, r8, r9}}",
        ".else",
        "ldr r4, [r1], #4",
        "ldmia r2!, {{r6, r7, r8, r9}}",
        "sxtb16 r5, r4, ror #8",
        "sxtb16 r4, r4",
        ".endif",
        "smlad r10, r4, r6, r10",
        "smlad r11, r4, r8, r11",
        "smlad r10, r5, r7, r10",
        "smlad r11, r5, r9, r11",
        "ldmia r2!, {{r6, r7, r8, r9}}",
        "smlad r12, r4, r6, r12",
        "smlad lr, r4, r8, lr",
        "smlad r12, r5, r7, r12",
        "smlad lr, r5, r9, lr",
        ".endm",
        ".macro qibu_each op, second:vararg",
        "\\op r10, r10, \\second",
        "\\op r11, r11, \\second",
        "\\op r12, r12, \\second",
        "\\op lr, lr, \\second",
        ".endm",
        ".macro qibu_clamped sum",
        "cmp \\sum, r3",
        "it lt",
        "movlt \\sum, r3",
        "cmp \\sum, r4",
        "it gt",
        "movgt \\sum, r4",
        ".endm",
        // A shift of 32: the upper word, rounded by the highest bit of the lower one.
        ".macro qibu_rounded sum",
        "smull r5, \\sum, \\sum, r3",
        "adds r5, r5, r5",
        "adc \\sum, \\sum, #0",
        ".endm",
        // A shift of 31: twice the product first.
        ".macro qibu_doubled sum",
        "smull r5, \\sum, \\sum, r3",
        "adds r5, r5, r5",
        "adc \\sum, \\sum, \\sum",
        "adds r5, r5, r5",
        "adc \\sum, \\sum, #0",
        ".endm",
        "push {{r4, r5, r6, r7, r8, r9, r10, r11, r12, lr}}",
        "ldr r1, [r0, #40]", // weights
        "2:",
        "ldrd r4, r5, [r0, #16]", // bias, row
        "ldr r10, [r4, r5, lsl #2]",
        "mov r11, r10",
        "mov r12, r10",
        "mov lr, r10",
        "ldrd r2, r3, [r0, #32]", // block, quads
        // Into a round of four quads, so far that the last round is whole.
        "rsb r4, r3, #0",
        "and r4, #3",
        "adds r3, #3",
        "lsrs r3, #2",
        "tbb [pc, r4]",
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
        "subs r3, #1",
        "bne 4b",
        "ldrd r2, r3, [r0, #20]", // row, scales
        "ldr r3, [r3, r2, lsl #2]",
        "ldm r0, {{r6, r7, r8, r9}}", // results
        "uxtb r4, r3",
        "bic r3, #255",
        "subs r4, #33",
        "blo 11f",
        "ldr r5, [r0, #28]", // zero
        "qibu_each smmul, r3",
        "qibu_each asr, r4",
        "qibu_each add, r5",
        "ldr r5, [r0, #44]", // store
        "cmp r5, #1",
        "beq 7f",
        "bhi 8f",
        "ssat r10, #8, r10, asr #1",
        "ssat r11, #8, r11, asr #1",
        "ssat r12, #8, r12, asr #1",
        "ssat lr, #8, lr, asr #1",
        "strb lr, [r9, r2]",
        "strb r12, [r8, r2]",
        "strb r11, [r7, r2]",
        "strb r10, [r6, r2]",
        "10:",
        "adds r2, #1",
        "str r2, [r0, #20]",
        "bne 2b",
        "9:",
        "pop {{r4, r5, r6, r7, r8, r9, r10, r11, r12, pc}}",
        "7:",
        "qibu_each asr, #1",
        "14:",
        "ldrd r3, r4, [r0, #48]", // low, high
        "qibu_clamped r10",
        "qibu_clamped r11",
        "qibu_clamped r12",
        "qibu_clamped lr",
        "strh lr, [r9, r2, lsl #1]",
        "strh r12, [r8, r2, lsl #1]",
        "strh r11, [r7, r2, lsl #1]",
        "strh r10, [r6, r2, lsl #1]",
        "b 10b",
        "8:",
        "qibu_each asr, #1",
        "12:",
        "str lr, [r9, r2, lsl #2]",
        "str r12, [r8, r2, lsl #2]",
        "str r11, [r7, r2, lsl #2]",
        "str r10, [r6, r2, lsl #2]",
        "b 10b",
        "11:",
        "ldr r5, [r0, #44]", // store
        "cmp r5, #0",
        "beq 9b",
        "adds r4, #1",
        "bmi 13f",
        "qibu_rounded r10",
        "qibu_rounded r11",
        "qibu_rounded r12",
        "qibu_rounded lr",
        "b 15f",
        "13:",
        "qibu_doubled r10",
        "qibu_doubled r11",
        "qibu_doubled r12",
        "qibu_doubled lr",
        "15:",
        "ldr r5, [r0, #44]",
        "cmp r5, #1",
        "beq 14b",
        "b 12b",
        ".purgem qibu_quad",
        ".purgem qibu_each",
        ".purgem qibu_clamped",
        ".purgem qibu_rounded",
        ".purgem qibu_doubled",
        wide = const WIDE as usize,
    )
}
