//! Tiles of one row on a Cortex-M55: Helium's integer vectors, 16 products an instruction.
//!
//! ```text
//! prepare   the four columns in turns: 16 elements of int8, or 8 of int16, of each (16 bytes)
//! columns   for each row:   four sums, a register each, with every vector of weights used four times
//! rows      for four rows:  four sums with one column, where a block has no room for four
//! store     the four sums as one vector: bias, factor, rounding, zero point, clamp, bytes scattered
//! ```
//!
//! 1. Sums stay in 32-bit registers, into which VMLAVA adds across lanes.
//! 2. int8 elements behind the last 16 are cut off by the loop's own predication; int16 behind the
//!    last eight are four, and those take the 32-bit form once.
//! 3. `(acc·m + 2ᵗ⁻¹) >> t` is VQDMULH, `acc·m >> 31`, and a rounding shift by `t − 31`; for t = 31,
//!    where nothing is left to round, VQRDMULH, which rounds. Neither saturates: m < 2³¹.
//! 4. Blocks with room for fewer than four columns have one behind the other. Four columns of four
//!    elements would need more room as int8 than a block has: they are stored as int16.
#![allow(unsafe_code)]

use super::{Block, Place, Tile};
use crate::format::Layout;
use crate::format::layout::QUAD;
use crate::kernels::sink::{Out, Sink};
use core::arch::naked_asm;
use core::mem::offset_of;

/// Columns of a block.
const COLUMNS: usize = 4;
/// Bytes of a vector.
const VECTOR: usize = 16;

/// Helium with integers (MVE-I).
pub(crate) struct Helium;

/// What the assembly is called with.
#[repr(C)]
struct Call {
    weights: *const i8,
    columns: *const u8,
    bias: *const i32,
    scales: *const u32,
    /// Result of the first row and the first column.
    out: *mut u8,
    /// Rows of the first form, groups of four of the second; not 0.
    rows: usize,
    /// Elements of a row and of a column.
    elements: usize,
    /// Bytes between results of one row.
    stride: usize,
    zero_point: i32,
    low: i32,
    high: i32,
    /// Columns whose results are stored.
    count: usize,
}

type Assembly = unsafe extern "C" fn(&Call);

/// The forms for one type of columns: for outputs of 1, 2 and 4 bytes.
struct Forms {
    columns: [Assembly; 3],
    rows: [Assembly; 3],
    /// Whether columns are int16.
    wide: bool,
}

impl Tile for Helium {
    const LAYOUT: Layout = Layout::Tile1;

    fn name() -> &'static str {
        "helium"
    }

    fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
        if is_widened(place.columns, place.quads) {
            if let &[a, b, c, d] = part {
                Self::prepare_i16(&[a, b, c, d].map(i16::from), quad, place, block);
            }
            return;
        }
        prepare(bytemuck::cast_slice(part), quad * QUAD, place, block);
    }

    fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
        let mut part: &[u8] = bytemuck::cast_slice(part);
        let whole = place.quads / 2 * VECTOR;
        let start = quad * QUAD * 2;
        if place.columns == COLUMNS && start + part.len() > whole {
            // The last quad of an odd number: half a vector, beside those of the other columns.
            let front = part.len().saturating_sub(VECTOR / 2);
            let (front, last) = part.split_at_checked(front).unwrap_or((part, &[]));
            let at = COLUMNS * whole + place.column * VECTOR / 2;
            copy(last, at, VECTOR, block);
            part = front;
        }
        prepare(part, start, place, block);
    }

    fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        if is_widened(block.columns, block.quads) {
            Self::multiply_i16(block, sink, first);
            return;
        }
        let vectors = block.quads.div_ceil(VECTOR / QUAD);
        let _ = multiply(block, sink, first, vectors * VECTOR, &I8);
    }

    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        let _ = multiply(block, sink, first, 2 * QUAD * block.quads, &I16);
    }
}

/// Whether int8 columns are stored as int16.
fn is_widened(columns: usize, quads: usize) -> bool {
    columns == COLUMNS && quads == 1
}

/// Stores a part of a column, of which `start` bytes lie before it.
fn prepare(part: &[u8], start: usize, place: Place, block: &mut [u8]) {
    if place.columns != COLUMNS {
        let column = place.column * place.quads * QUAD * 2;
        return copy(part, column + start, VECTOR, block);
    }
    let (stride, within) = (COLUMNS * VECTOR, start % VECTOR);
    let vector = |start: usize| (start / VECTOR * COLUMNS + place.column) * VECTOR;
    if within == 0 {
        return copy(part, vector(start), stride, block);
    }
    // What completes a vector, then vectors.
    let missing = VECTOR - within;
    let (front, rest) = part.split_at_checked(missing).unwrap_or((part, &[]));
    copy(front, vector(start) + within, VECTOR, block);
    copy(rest, vector(start + missing), stride, block);
}

/// Copies bytes to a block from byte `start` on, 16 at a time, these `stride` bytes apart.
fn copy(part: &[u8], start: usize, stride: usize, block: &mut [u8]) {
    let vectors = part.len().div_ceil(VECTOR);
    let gaps = vectors.saturating_sub(1) * (stride - VECTOR);
    let to = block.get_mut(start..).unwrap_or(&mut []);
    if part.is_empty() || part.len() + gaps > to.len() {
        return;
    }
    // SAFETY: it reads the part and writes as many bytes, the last of them at
    // `part.len() + gaps - 1`, which is within the slice.
    unsafe { copy_vectors(part.as_ptr(), to.as_mut_ptr(), part.len(), stride) };
}

/// # Safety
/// `length` is not 0; there are as many bytes at `from`, and places for them at `to`.
#[unsafe(naked)]
unsafe extern "C" fn copy_vectors(from: *const u8, to: *mut u8, length: usize, stride: usize) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r7, lr}}",
        "dlstp.8 lr, r2",
        "1: vldrb.u8 q0, [r0], #16",
        "vstrb.u8 q0, [r1]",
        "add r1, r3",
        "letp lr, 1b",
        "pop {{r7, pc}}",
    )
}

/// Runs the form that suits the room for columns, if every slice is as long as the assembly reads
/// and writes; of each of four columns it reads `column` bytes.
fn multiply(
    block: &Block<'_>,
    sink: &mut Sink<'_>,
    first: usize,
    column: usize,
    forms: &Forms,
) -> Option<()> {
    let (rows, elements) = (block.bias.len(), block.quads * QUAD);
    let complete = rows.checked_mul(elements)? <= block.weights.len() && rows <= block.scales.len();
    if !complete || rows == 0 || elements == 0 || block.count > block.columns {
        return None;
    }
    let last = first.checked_add(rows.checked_mul(block.count)?)?;
    let (size, out) = match &mut sink.out {
        Out::I8(out) => (0, out.get_mut(first..last)?.as_mut_ptr().cast()),
        Out::I16(out) => (1, out.get_mut(first..last)?.as_mut_ptr().cast()),
        Out::I32(out) => (2, out.get_mut(first..last)?.as_mut_ptr().cast::<u8>()),
    };
    let call = Call {
        weights: block.weights.as_ptr(),
        columns: block.prepared.as_ptr(),
        bias: block.bias.as_ptr(),
        scales: block.scales.as_ptr(),
        out,
        rows,
        elements,
        stride: rows << size,
        zero_point: sink.zero_point,
        low: sink.low,
        high: sink.high,
        count: block.count,
    };
    if block.columns == COLUMNS {
        if COLUMNS * column > block.prepared.len() {
            return None;
        }
        let assembly = forms.columns.get(size)?;
        // SAFETY: weights, scale words and the four columns are as long as checked above; the results
        // are within `first..last`.
        unsafe { assembly(&call) };
        return Some(());
    }
    for (at, results) in (0..block.count).map(|at| (at, at * rows)) {
        let bytes = elements * 2;
        let column = block.prepared.get(at * bytes..)?.get(..bytes)?;
        let call = Call {
            columns: column.as_ptr(),
            out: call.out.wrapping_add(results << size),
            ..call
        };
        if rows < 4 {
            few(block, column, sink, first + results, forms.wide);
            continue;
        }
        let assembly = forms.rows.get(size)?;
        // Groups of four rows; then the last four, some of them a second time, with the same results.
        for (skipped, groups) in [(0, rows / 4), (rows - 4, usize::from(rows % 4 != 0))] {
            let call = Call {
                weights: block.weights.get(skipped * elements..)?.as_ptr(),
                bias: block.bias.get(skipped..)?.as_ptr(),
                scales: block.scales.get(skipped..)?.as_ptr(),
                out: call.out.wrapping_add(skipped << size),
                rows: groups,
                ..call
            };
            if groups != 0 {
                // SAFETY: weights, bias and scale words of `groups` times four rows, the column, and
                // the results, which are within `first..last`, were checked above.
                unsafe { assembly(&call) };
            }
        }
    }
    Some(())
}

/// Fewer rows than the assembly takes, against one column.
#[cold]
fn few(block: &Block<'_>, column: &[u8], sink: &mut Sink<'_>, first: usize, wide: bool) {
    let rows = block.weights.chunks_exact((block.quads * QUAD).max(1));
    let terms = block.bias.iter().zip(block.scales);
    for (n, (row, (&bias, &scale))) in rows.zip(terms).enumerate() {
        let mut sum = bias;
        if wide {
            for (&w, x) in row.iter().zip(column.as_chunks().0) {
                sum += i32::from(w) * i32::from(i16::from_le_bytes(*x));
            }
        } else {
            for (&w, &x) in row.iter().zip(column) {
                sum += i32::from(w) * i32::from(x as i8);
            }
        }
        sink.put_accumulator(first + n, sum, scale);
    }
}

/// The loop over int8: weights in `$a` to `$d`, one register's or four registers' vectors, sums in
/// r0, r2, r4, r6.
macro_rules! one_row_i8 {
    () => {
        "dlstp.8 lr, r11
     2:  vldrb.u8 q0, [r1], #16
         vldrb.u8 q1, [r3], #16
         vmladava.s8 r0, q0, q1
         vldrb.u8 q2, [r3], #16
         vmladava.s8 r2, q0, q2
         vldrb.u8 q1, [r3], #16
         vmladava.s8 r4, q0, q1
         vldrb.u8 q2, [r3], #16
         vmladava.s8 r6, q0, q2
         letp lr, 2b
         sub r1, r1, r12"
    };
}
macro_rules! one_row_i16 {
    () => {
        "lsr r12, r11, #3
         wls lr, r12, 3f
     2:  vldrb.s16 q0, [r1], #8
         vldrh.u16 q1, [r3], #16
         vmladava.s16 r0, q0, q1
         vldrh.u16 q2, [r3], #16
         vmladava.s16 r2, q0, q2
         vldrh.u16 q1, [r3], #16
         vmladava.s16 r4, q0, q1
         vldrh.u16 q2, [r3], #16
         vmladava.s16 r6, q0, q2
         le lr, 2b
     3:  tst r11, #4
         beq 4f
         vldrb.s32 q0, [r1], #4
         vldrh.s32 q1, [r3], #8
         vmladava.s32 r0, q0, q1
         vldrh.s32 q2, [r3], #8
         vmladava.s32 r2, q0, q2
         vldrh.s32 q1, [r3], #8
         vmladava.s32 r4, q0, q1
         vldrh.s32 q2, [r3], #8
         vmladava.s32 r6, q0, q2
     4:"
    };
}
macro_rules! four_rows_i8 {
    () => {
        "dlstp.8 lr, r12
     2:  vldrb.u8 q0, [r6], #16
         vldrb.u8 q1, [r1], #16
         vmladava.s8 r0, q0, q1
         vldrb.u8 q2, [r3], #16
         vmladava.s8 r2, q0, q2
         vldrb.u8 q1, [r5], #16
         vmladava.s8 r4, q0, q1
         vldrb.u8 q2, [r7], #16
         vmladava.s8 r10, q0, q2
         letp lr, 2b"
    };
}
macro_rules! four_rows_i16 {
    () => {
        "lsr lr, r12, #3
         wls lr, lr, 3f
     2:  vldrh.u16 q0, [r6], #16
         vldrb.s16 q1, [r1], #8
         vmladava.s16 r0, q0, q1
         vldrb.s16 q2, [r3], #8
         vmladava.s16 r2, q0, q2
         vldrb.s16 q1, [r5], #8
         vmladava.s16 r4, q0, q1
         vldrb.s16 q2, [r7], #8
         vmladava.s16 r10, q0, q2
         le lr, 2b
     3:  tst r12, #4
         beq 4f
         vldrh.s32 q0, [r6]
         vldrb.s32 q1, [r1], #4
         vmladava.s32 r0, q0, q1
         vldrb.s32 q2, [r3], #4
         vmladava.s32 r2, q0, q2
         vldrb.s32 q1, [r5], #4
         vmladava.s32 r4, q0, q1
         vldrb.s32 q2, [r7], #4
         vmladava.s32 r10, q0, q2
     4:"
    };
}

/// A row against four columns. r1 weights, r3 columns, r5 bias, r7 scales, r8 results, r9 rows left,
/// r10 the block, r11 elements, r12 bytes that the loop goes beyond a row; q3 where the columns'
/// results are, q4 and q5 the clamp.
macro_rules! columns_form {
    ($name:ident, $inner:ident, $store:literal, $size:literal) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(call: &Call) {
            naked_asm!(
                ".cpu cortex-m55",
                "push {{r4-r11, lr}}",
                "vpush {{d8-d11}}",
                "sub sp, #4",
                "ldr r1, [r0, #{weights}]",
                "ldr r10, [r0, #{columns}]",
                "ldr r5, [r0, #{bias}]",
                "ldr r7, [r0, #{scales}]",
                "ldr r8, [r0, #{out}]",
                "ldr r9, [r0, #{rows}]",
                "ldr r11, [r0, #{elements}]",
                "ldr r2, [r0, #{low}]",
                "vdup.32 q4, r2",
                "ldr r2, [r0, #{high}]",
                "vdup.32 q5, r2",
                "ldr r2, [r0, #{zero_point}]",
                "str r2, [sp]",
                "ldr r2, [r0, #{stride}]",
                "movs r3, #0",
                "lsl r4, r2, #1",
                "add r6, r4, r2",
                "vmov d6, r3, r2",
                "vmov d7, r4, r6",
                // Nothing below but VPST's own blocks and the loop's predication uses VPR.
                "ldr r2, [r0, #{count}]",
                "vctp.32 r2",
                "rsb r12, r11, #0",
                "and r12, r12, #15",
                "1: mov r3, r10",
                "movs r0, #0",
                "movs r2, #0",
                "movs r4, #0",
                "movs r6, #0",
                $inner!(),
                "vmov d0, r0, r2",
                "vmov d1, r4, r6",
                "ldr r0, [r5], #4",
                "ldr r2, [r7], #4",
                "ldr r6, [sp]",
                "vadd.i32 q0, q0, r0",
                "uxtb r4, r2",
                "bic r2, r2, #0xff",
                "rsbs r4, r4, #31",
                "bne 5f",
                "vqrdmulh.s32 q0, q0, r2",
                "b 6f",
                "5: vqdmulh.s32 q0, q0, r2",
                "vrshl.s32 q0, r4",
                "6: vqadd.s32 q0, q0, r6",
                "vmax.s32 q0, q0, q4",
                "vmin.s32 q0, q0, q5",
                "vpst",
                concat!($store, " q0, [r8, q3]"),
                concat!("add r8, #", $size),
                "subs r9, #1",
                "bne 1b",
                "add sp, #4",
                "vpop {{d8-d11}}",
                "pop {{r4-r11, pc}}",
                weights = const offset_of!(Call, weights),
                columns = const offset_of!(Call, columns),
                bias = const offset_of!(Call, bias),
                scales = const offset_of!(Call, scales),
                out = const offset_of!(Call, out),
                rows = const offset_of!(Call, rows),
                elements = const offset_of!(Call, elements),
                stride = const offset_of!(Call, stride),
                zero_point = const offset_of!(Call, zero_point),
                low = const offset_of!(Call, low),
                high = const offset_of!(Call, high),
                count = const offset_of!(Call, count),
            )
        }
    };
}

/// Four rows against a column. r1, r3, r5, r7 weights, r6 the column, r8 results, r9 from the loop's end
/// of a row to the row four further, r11 the call, r12 elements; q3 31 in each lane, q4 and q5 the
/// clamp. Bias and scales go on in the stack, as do the groups left.
macro_rules! rows_form {
    ($name:ident, $inner:ident, $beyond:literal, $store:literal, $size:literal) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(call: &Call) {
            naked_asm!(
                ".cpu cortex-m55",
                "push {{r4-r11, lr}}",
                "vpush {{d8-d13}}",
                "sub sp, #12",
                "mov r11, r0",
                "ldr r2, [r0, #{bias}]",
                "ldr r4, [r0, #{scales}]",
                "strd r2, r4, [sp]",
                "ldr r2, [r0, #{rows}]",
                "str r2, [sp, #8]",
                "ldr r8, [r0, #{out}]",
                "ldr r12, [r0, #{elements}]",
                "ldr r1, [r0, #{weights}]",
                "add r3, r1, r12",
                "add r5, r3, r12",
                "add r7, r5, r12",
                "ldr r2, [r0, #{low}]",
                "vdup.32 q4, r2",
                "ldr r2, [r0, #{high}]",
                "vdup.32 q5, r2",
                "vmov.i32 q3, #31",
                // Three rows further than the loop's next row, less what the loop goes beyond it.
                "rsb r9, r12, #0",
                concat!("and r9, r9, #", $beyond),
                "add r2, r12, r12, lsl #1",
                "sub r9, r2, r9",
                "1: ldr r6, [r11, #{columns}]",
                "movs r0, #0",
                "movs r2, #0",
                "movs r4, #0",
                "mov r10, #0",
                $inner!(),
                "add r1, r9",
                "add r3, r9",
                "add r5, r9",
                "add r7, r9",
                "vmov d0, r0, r2",
                "vmov d1, r4, r10",
                "ldrd r0, r2, [sp]",
                "vldrw.u32 q1, [r0], #16",
                "vldrw.u32 q2, [r2], #16",
                "strd r0, r2, [sp]",
                "vadd.i32 q0, q0, q1",
                "vsub.i32 q1, q3, q2",
                "vbic.i32 q2, #0xff",
                "vqrdmulh.s32 q6, q0, q2",
                "vqdmulh.s32 q0, q0, q2",
                "vshl.i32 q2, q1, #24",
                "vcmp.i32 eq, q2, zr",
                "vpsel q0, q6, q0",
                "vrshl.s32 q0, q0, q1",
                "ldr r0, [r11, #{zero_point}]",
                "vqadd.s32 q0, q0, r0",
                "vmax.s32 q0, q0, q4",
                "vmin.s32 q0, q0, q5",
                "mov r2, r8",
                concat!($store, " q0, [r2]"),
                concat!("add r8, #", $size),
                "ldr r0, [sp, #8]",
                "subs r0, #1",
                "str r0, [sp, #8]",
                "bne 1b",
                "add sp, #12",
                "vpop {{d8-d13}}",
                "pop {{r4-r11, pc}}",
                weights = const offset_of!(Call, weights),
                columns = const offset_of!(Call, columns),
                bias = const offset_of!(Call, bias),
                scales = const offset_of!(Call, scales),
                out = const offset_of!(Call, out),
                rows = const offset_of!(Call, rows),
                elements = const offset_of!(Call, elements),
                zero_point = const offset_of!(Call, zero_point),
                low = const offset_of!(Call, low),
                high = const offset_of!(Call, high),
            )
        }
    };
}

columns_form!(columns_i8_i8, one_row_i8, "vstrbt.32", "1");
columns_form!(columns_i8_i16, one_row_i8, "vstrht.32", "2");
columns_form!(columns_i8_i32, one_row_i8, "vstrwt.32", "4");
columns_form!(columns_i16_i8, one_row_i16, "vstrbt.32", "1");
columns_form!(columns_i16_i16, one_row_i16, "vstrht.32", "2");
columns_form!(columns_i16_i32, one_row_i16, "vstrwt.32", "4");
rows_form!(rows_i8_i8, four_rows_i8, "15", "vstrb.32", "4");
rows_form!(rows_i8_i16, four_rows_i8, "15", "vstrh.32", "8");
rows_form!(rows_i8_i32, four_rows_i8, "15", "vstrw.32", "16");
rows_form!(rows_i16_i8, four_rows_i16, "3", "vstrb.32", "4");
rows_form!(rows_i16_i16, four_rows_i16, "3", "vstrh.32", "8");
rows_form!(rows_i16_i32, four_rows_i16, "3", "vstrw.32", "16");

const I8: Forms = Forms {
    columns: [columns_i8_i8, columns_i8_i16, columns_i8_i32],
    rows: [rows_i8_i8, rows_i8_i16, rows_i8_i32],
    wide: false,
};
const I16: Forms = Forms {
    columns: [columns_i16_i8, columns_i16_i16, columns_i16_i32],
    rows: [rows_i16_i8, rows_i16_i16, rows_i16_i32],
    wide: true,
};
