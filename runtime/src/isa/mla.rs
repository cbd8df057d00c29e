//! Cortex-M3: a multiplication with addition (MLA), no DSP instructions; see [`super::packed`].
//!
//! ```text
//! words    for each two weights: 2 loads of weights, 1 of four words, and for each two columns
//!          MLA, MLA, an addition, an addition of the upper half: 11 instructions for 8 products
//! halves   two rows; for each element: 2 loads of weights, 4 of columns, 8 MLA
//! single   four rows; for each element: 4 loads of weights, 1 of the column, 4 MLA
//! ```
#![allow(unsafe_code)]

use super::packed::{Core, Halves, MIDDLE, Single, Sums, Words};
use core::arch::naked_asm;

/// ARMv7-M, and ARMv8-M without extensions.
pub(crate) struct Mla;

impl Core for Mla {
    const NAME: &'static str = "mla";

    fn words(row: &[i8], columns: &[Words], start: [i32; 2]) -> Sums {
        let [whole, upper] = start;
        let mut sums = [whole, upper, whole, upper];
        if !columns.is_empty() && row.len() >= 4 * columns.len() {
            let end = columns.as_ptr_range().end;
            // SAFETY: the row has four weights for each quad of the columns, which end at `end`.
            unsafe { words(row.as_ptr(), columns.as_ptr(), end, &mut sums) };
        }
        sums
    }

    fn halves([row, other]: [&[i8]; 2], columns: &[Halves]) -> [Sums; 2] {
        let mut sums = [[0; 4]; 2];
        let weights = 4 * columns.len();
        if !columns.is_empty() && row.len() >= weights && other.len() >= weights {
            let call = Call {
                rows: [row.as_ptr(), other.as_ptr()],
                columns: columns.as_ptr(),
                end: columns.as_ptr_range().end,
            };
            // SAFETY: both rows have four weights for each quad of the columns.
            unsafe { halves(&call, &mut sums) };
        }
        sums
    }

    fn single(rows: &[i8], column: &[Single]) -> Sums {
        let mut sums = [0; 4];
        if !column.is_empty() && rows.len() >= 16 * column.len() {
            // SAFETY: there are four rows of four weights for each of so many quads.
            unsafe { single(rows.as_ptr(), column.as_ptr(), column.len() * 4, &mut sums) };
        }
        sums
    }
}

/// What `halves` is called with.
#[repr(C)]
struct Call {
    rows: [*const i8; 2],
    columns: *const Halves,
    end: *const Halves,
}

/// # Safety
/// At `columns` is at least a quad, and they end at `end`; at `row` are four weights for each.
#[unsafe(naked)]
unsafe extern "C" fn words(
    row: *const i8,
    columns: *const Words,
    end: *const Words,
    sums: &mut Sums,
) {
    naked_asm!(
        "push {{r3-r11, lr}}",
        "ldm r3, {{r4-r7}}",
        "mov lr, r2",
        "movw r3, #:lower16:{middle}",
        "movt r3, #:upper16:{middle}",
        "2:",
        ".rept 2",
        "ldrsb r12, [r0], #1",
        "ldrsb r2, [r0], #1",
        "ldm r1!, {{r8-r11}}",
        "mla r8, r8, r12, r3",
        "mla r10, r10, r12, r3",
        "mla r8, r9, r2, r8",
        "mla r10, r11, r2, r10",
        "add r4, r8",
        "add r5, r5, r8, asr #16",
        "add r6, r10",
        "add r7, r7, r10, asr #16",
        ".endr",
        "cmp r1, lr",
        "bne 2b",
        "sub r4, r4, r5, lsl #16",
        "sub r6, r6, r7, lsl #16",
        "pop {{r3}}",
        "stm r3, {{r4-r7}}",
        "pop {{r4-r11, pc}}",
        middle = const MIDDLE,
    )
}

/// # Safety
/// The columns are at least a quad; each row has four weights for each.
#[unsafe(naked)]
unsafe extern "C" fn halves(call: &Call, sums: &mut [Sums; 2]) {
    naked_asm!(
        "push {{r1, r4-r11, lr}}",
        "ldr r3, [r0, #12]",
        "push {{r3}}",
        "ldm r0, {{r0-r2}}",
        "mov r3, r1",
        "mov r1, r2",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "mov r8, #0",
        "mov r9, #0",
        "mov r10, #0",
        "mov r11, #0",
        "2:",
        ".rept 4",
        "ldrsb r2, [r0], #1",
        "ldrsb lr, [r3], #1",
        "ldrsh r12, [r1], #2",
        "mla r4, r12, r2, r4",
        "mla r8, r12, lr, r8",
        "ldrsh r12, [r1], #2",
        "mla r5, r12, r2, r5",
        "mla r9, r12, lr, r9",
        "ldrsh r12, [r1], #2",
        "mla r6, r12, r2, r6",
        "mla r10, r12, lr, r10",
        "ldrsh r12, [r1], #2",
        "mla r7, r12, r2, r7",
        "mla r11, r12, lr, r11",
        ".endr",
        "ldr r12, [sp]",
        "cmp r1, r12",
        "bne 2b",
        "pop {{r0, r1}}",
        "stm r1, {{r4-r11}}",
        "pop {{r4-r11, pc}}",
    )
}

/// # Safety
/// `elements` is a multiple of four and not zero; at `column` are as many, at `rows` four times.
#[unsafe(naked)]
unsafe extern "C" fn single(
    rows: *const i8,
    column: *const Single,
    elements: usize,
    sums: &mut Sums,
) {
    naked_asm!(
        "push {{r3-r11, lr}}",
        "add r12, r0, r2",
        "add r3, r12, r2",
        "add lr, r3, r2",
        "add r2, r1, r2, lsl #1",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "2:",
        ".rept 4",
        "ldrsh r8, [r1], #2",
        "ldrsb r9, [r0], #1",
        "ldrsb r10, [r12], #1",
        "mla r4, r9, r8, r4",
        "ldrsb r9, [r3], #1",
        "mla r5, r10, r8, r5",
        "ldrsb r10, [lr], #1",
        "mla r6, r9, r8, r6",
        "mla r7, r10, r8, r7",
        ".endr",
        "cmp r1, r2",
        "bne 2b",
        "pop {{r3}}",
        "stm r3, {{r4-r7}}",
        "pop {{r4-r11, pc}}",
    )
}
