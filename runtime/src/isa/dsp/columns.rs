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
//! 13 instructions for 16 multiply-accumulates, and about 11 for each result. Blocks with room for
//! fewer than four columns have the same order; they are multiplied in Rust.

use super::super::{Block, Place, Tile};
use super::{Store, is_quick, prepare, slowly, target};
use crate::format::Layout;
use crate::format::layout::QUAD;
use crate::kernels::sink::Sink;
use core::arch::naked_asm;

/// Weights in rows.
pub(crate) struct Columns;

/// Columns that the assembly multiplies.
const COLUMNS: usize = 4;

impl Tile for Columns {
    const LAYOUT: Layout = Layout::Tile1;

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
        multiply(block, sink, first);
    }

    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply(block, sink, first);
    }
}

/// What the assembly works with, at these offsets.
#[repr(C)]
struct Job {
    /// Next result of column 0, and how many bytes further those of the others are.
    out: *mut u8,
    others: [usize; 3],
    bias: *const i32,
    scales: *const u32,
    weights: *const i8,
    prepared: *const u8,
    quads: usize,
    /// Rows that are left.
    rows: usize,
    /// Twice the zero point, plus one.
    zero: i32,
    low: i32,
    high: i32,
    store: Store,
}

fn multiply(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
    let rows = block.bias.len();
    let all = |row: usize| ((row * block.quads, 1), block.columns, 1);
    let rust = |range: (usize, usize), sink: &mut Sink<'_>| {
        let ((_, step), stride, column) = all(0);
        let row_of = |n: usize| (n * block.quads, step);
        slowly(block, range, (row_of, stride, column), sink, first);
    };
    let words = block.quads.checked_mul(QUAD);
    let sound = block.scales.len() == rows
        && words.and_then(|row| row.checked_mul(rows)) == Some(block.weights.len())
        && words
            .and_then(|row| row.checked_mul(2 * COLUMNS))
            .is_some_and(|needed| needed <= block.prepared.len())
        && (block.quads, block.columns) != (0, 0)
        && block.columns == COLUMNS
        && block.weights.as_ptr().addr().is_multiple_of(4)
        && block.prepared.as_ptr().addr().is_multiple_of(4);
    let mut done = 0;
    while done < rows {
        let results = block.count * rows - done;
        let Some(target) = target(sink, first + done, results).filter(|_| sound) else {
            return rust((done, rows), sink);
        };
        // Columns that are not there write where column 0 does, before it.
        let other = |column: usize| match column < block.count {
            true => column * rows * target.size,
            false => 0,
        };
        let mut job = Job {
            out: target.out,
            others: [other(1), other(2), other(3)],
            bias: block.bias.as_ptr().wrapping_add(done),
            scales: block.scales.as_ptr().wrapping_add(done),
            weights: block
                .weights
                .as_ptr()
                .wrapping_add(done * block.quads * QUAD),
            prepared: block.prepared.as_ptr(),
            quads: block.quads,
            rows: rows - done,
            zero: 2 * sink.zero_point + 1,
            low: sink.low,
            high: sink.high,
            store: target.store,
        };
        // SAFETY: as many biases, scale words and weights as rows are left follow, aligned; the block
        // holds four columns of `quads`, aligned; the last result of each column is inside the
        // `results` elements at `out`, since `first + done` to the end of all columns is.
        unsafe { multiply_rows(&mut job) };
        done = rows - job.rows;
        if done < rows {
            // The row at which the assembly stopped.
            debug_assert!(!block.scales.get(done).copied().is_none_or(is_quick));
            rust((done, done + 1), sink);
            done += 1;
        }
    }
}

/// Multiplies rows until none is left, or one has a scale word that is not quick.
///
/// # Safety
/// See `multiply`: everything that `job` points to is there, `quads` and `rows` are not zero.
#[unsafe(naked)]
unsafe extern "C" fn multiply_rows(job: &mut Job) {
    naked_asm!(
        super::cpu!(),
        ".macro qibu_quad",
        "ldr r4, [r1], #4",
        "ldmia r2!, {{r6, r7, r8, r9}}",
        "sxtb16 r5, r4, ror #8",
        "sxtb16 r4, r4",
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
        ".macro qibu_scaled",
        "smmul r10, r10, r3",
        "smmul r11, r11, r3",
        "smmul r12, r12, r3",
        "smmul lr, lr, r3",
        "asr r10, r4",
        "asr r11, r4",
        "asr r12, r4",
        "asr lr, r4",
        "add r10, r5",
        "add r11, r5",
        "add r12, r5",
        "add lr, r5",
        // Where the results go: r6, and r7 to r9 further.
        "ldmia r0, {{r6, r7, r8, r9}}",
        ".endm",
        ".macro qibu_clamped sum",
        "asr \\sum, #1",
        "cmp \\sum, r2",
        "it lt",
        "movlt \\sum, r2",
        "cmp \\sum, r3",
        "it gt",
        "movgt \\sum, r3",
        ".endm",
        "push {{r4, r5, r6, r7, r8, r9, r10, r11, r12, lr}}",
        "ldr r1, [r0, #24]", // weights
        "2:",
        "ldr r3, [r0, #20]", // scale word
        "ldr r4, [r3]",
        "uxtb r4, r4",
        "cmp r4, #33",
        "blo 9f",
        "ldr r4, [r0, #16]", // bias
        "ldr r10, [r4], #4",
        "str r4, [r0, #16]",
        "mov r11, r10",
        "mov r12, r10",
        "mov lr, r10",
        "ldr r2, [r0, #28]", // block
        "ldr r3, [r0, #32]", // quads
        "tst r3, #1",
        "beq 3f",
        "qibu_quad",
        "3:",
        "tst r3, #2",
        "beq 4f",
        "qibu_quad",
        "qibu_quad",
        "4:",
        "lsrs r3, #2",
        "beq 6f",
        "5:",
        "qibu_quad",
        "qibu_quad",
        "qibu_quad",
        "qibu_quad",
        "subs r3, #1",
        "bne 5b",
        "6:",
        "ldr r2, [r0, #20]",
        "ldr r3, [r2], #4",
        "str r2, [r0, #20]",
        "uxtb r4, r3",
        "sub r4, #33",
        "bic r3, #255",
        "ldr r5, [r0, #40]", // zero
        "qibu_scaled",
        "ldr r2, [r0, #52]", // store
        "cmp r2, #1",
        "beq 7f",
        "bhi 8f",
        "ssat r10, #8, r10, asr #1",
        "ssat r11, #8, r11, asr #1",
        "ssat r12, #8, r12, asr #1",
        "ssat lr, #8, lr, asr #1",
        "strb lr, [r6, r9]",
        "strb r12, [r6, r8]",
        "strb r11, [r6, r7]",
        "strb r10, [r6], #1",
        "10:",
        "str r6, [r0]",
        "ldr r3, [r0, #36]", // rows
        "subs r3, #1",
        "str r3, [r0, #36]",
        "bne 2b",
        "9:",
        "pop {{r4, r5, r6, r7, r8, r9, r10, r11, r12, pc}}",
        "7:",
        "ldr r2, [r0, #44]", // low
        "ldr r3, [r0, #48]", // high
        "qibu_clamped r10",
        "qibu_clamped r11",
        "qibu_clamped r12",
        "qibu_clamped lr",
        "strh lr, [r6, r9]",
        "strh r12, [r6, r8]",
        "strh r11, [r6, r7]",
        "strh r10, [r6], #2",
        "b 10b",
        "8:",
        "asr r10, #1",
        "asr r11, #1",
        "asr r12, #1",
        "asr lr, #1",
        "str lr, [r6, r9]",
        "str r12, [r6, r8]",
        "str r11, [r6, r7]",
        "str r10, [r6], #4",
        "b 10b",
        ".purgem qibu_quad",
        ".purgem qibu_scaled",
        ".purgem qibu_clamped",
    )
}
