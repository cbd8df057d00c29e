//! Cortex-M0: 32 bits times 32 in one instruction, eight registers for it; see [`super::packed`].
//!
//! ```text
//! words    for each two weights: 4 instructions to load and extend them, 1 load of four words, and
//!          for each two columns two multiplications and five additions and shifts
//! halves   for each element: 2 instructions for the weight, half a load of two words, 12 for their
//!          four halves
//! single   four rows; for each element: 3 instructions for the column, 3 for each row
//! ```
//!
//! A multiplication overwrites one of its factors, the words here, which are loaded again for every
//! row. Sums stay in the upper registers, to which an addition reaches.
#![allow(unsafe_code)]

use super::packed::{Core, Halves, MIDDLE, Single, Sums, Words};
use core::arch::naked_asm;

/// ARMv6-M, and ARMv8-M's baseline.
pub(crate) struct Thumb1;

impl Core for Thumb1 {
    const NAME: &'static str = "thumb1";

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

    fn halves(rows: [&[i8]; 2], columns: &[Halves]) -> [Sums; 2] {
        rows.map(|row| {
            let mut sums = [0; 4];
            if !columns.is_empty() && row.len() >= 4 * columns.len() {
                let end = columns.as_ptr_range().end;
                // SAFETY: as above.
                unsafe { halves(row.as_ptr(), columns.as_ptr(), end, &mut sums) };
            }
            sums
        })
    }

    fn single(rows: &[i8], column: &[Single]) -> Sums {
        let mut sums = [0; 4];
        if !column.is_empty() && rows.len() >= 16 * column.len() {
            // SAFETY: there are four rows of four weights for each of so many quads.
            unsafe { single(rows.as_ptr(), column.as_ptr(), column.len() * 4, &mut sums) };
        }
        sums
    }

    /// Of four products of 16 bits by 16, since there are no longer ones.
    #[inline(always)]
    fn upper(a: i32, b: i32) -> i32 {
        let (a_upper, a_lower) = (a >> 16, a & 0xFFFF);
        let (b_upper, b_lower) = (b >> 16, b & 0xFFFF);
        // No sum overflows: |a_upper| ≤ 2¹⁵, 0 ≤ b_upper < 2¹⁵, the lower halves are below 2¹⁶.
        let lowest = (a_lower as u32).wrapping_mul(b_lower as u32) >> 16;
        let middle = a_upper.wrapping_mul(b_lower).wrapping_add(lowest as i32);
        let other = a_lower.wrapping_mul(b_upper).wrapping_add(middle & 0xFFFF);
        let upper = a_upper.wrapping_mul(b_upper);
        upper.wrapping_add(middle >> 16).wrapping_add(other >> 16)
    }
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
        "push {{r3-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "mov lr, r2",
        "mov r7, r0",
        "mov r5, r1",
        "ldm r3!, {{r0-r2, r4}}",
        "mov r8, r0",
        "mov r9, r1",
        "mov r10, r2",
        "mov r11, r4",
        "ldr r0, 3f",
        "mov r12, r0",
        "2:",
        "ldrb r4, [r7]",
        "ldrb r6, [r7, #1]",
        "sxtb r4, r4",
        "sxtb r6, r6",
        "ldm r5!, {{r0-r3}}",
        "muls r0, r4, r0",
        "muls r1, r6, r1",
        "muls r2, r4, r2",
        "muls r3, r6, r3",
        "adds r0, r1",
        "add r0, r12",
        "add r8, r0",
        "asrs r0, r0, #16",
        "add r9, r0",
        "adds r2, r3",
        "add r2, r12",
        "add r10, r2",
        "asrs r2, r2, #16",
        "add r11, r2",
        "ldrb r4, [r7, #2]",
        "ldrb r6, [r7, #3]",
        "sxtb r4, r4",
        "sxtb r6, r6",
        "ldm r5!, {{r0-r3}}",
        "muls r0, r4, r0",
        "muls r1, r6, r1",
        "muls r2, r4, r2",
        "muls r3, r6, r3",
        "adds r0, r1",
        "add r0, r12",
        "add r8, r0",
        "asrs r0, r0, #16",
        "add r9, r0",
        "adds r2, r3",
        "add r2, r12",
        "add r10, r2",
        "asrs r2, r2, #16",
        "add r11, r2",
        "adds r7, #4",
        "cmp r5, lr",
        "bne 2b",
        // The first column of two has the second one's sum above it.
        "mov r0, r8",
        "mov r1, r9",
        "mov r2, r10",
        "mov r3, r11",
        "lsls r4, r1, #16",
        "subs r0, r0, r4",
        "lsls r4, r3, #16",
        "subs r2, r2, r4",
        "ldr r4, [sp, #16]",
        "stm r4!, {{r0-r3}}",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r3-r7, pc}}",
        ".p2align 2",
        "3: .word {middle}",
        middle = const MIDDLE,
    )
}

/// # Safety
/// At `columns` is at least a quad, and they end at `end`; at `row` are four weights for each.
#[unsafe(naked)]
unsafe extern "C" fn halves(
    row: *const i8,
    columns: *const Halves,
    end: *const Halves,
    sums: &mut Sums,
) {
    naked_asm!(
        "push {{r3-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "mov lr, r2",
        "mov r7, r0",
        "mov r5, r1",
        "movs r0, #0",
        "mov r8, r0",
        "mov r9, r0",
        "mov r10, r0",
        "mov r11, r0",
        "2:",
        // Two elements of each column are four words: a weight for two, a weight for two.
        ".irp at, 0, 2",
        "ldrb r6, [r7, #\\at]",
        "sxtb r6, r6",
        "ldm r5!, {{r0-r3}}",
        "sxth r4, r0",
        "asrs r0, r0, #16",
        "muls r4, r6, r4",
        "muls r0, r6, r0",
        "add r8, r4",
        "add r9, r0",
        "sxth r4, r1",
        "asrs r1, r1, #16",
        "muls r4, r6, r4",
        "muls r1, r6, r1",
        "add r10, r4",
        "add r11, r1",
        "ldrb r6, [r7, #\\at + 1]",
        "sxtb r6, r6",
        "sxth r4, r2",
        "asrs r2, r2, #16",
        "muls r4, r6, r4",
        "muls r2, r6, r2",
        "add r8, r4",
        "add r9, r2",
        "sxth r4, r3",
        "asrs r3, r3, #16",
        "muls r4, r6, r4",
        "muls r3, r6, r3",
        "add r10, r4",
        "add r11, r3",
        ".endr",
        "adds r7, #4",
        "cmp r5, lr",
        "bne 2b",
        "mov r0, r8",
        "mov r1, r9",
        "mov r2, r10",
        "mov r3, r11",
        "ldr r4, [sp, #16]",
        "stm r4!, {{r0-r3}}",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r3-r7, pc}}",
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
        "push {{r3-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        // Ends of the four rows; the index counts up to zero.
        "mov r7, r1",
        "adds r0, r0, r2",
        "adds r1, r0, r2",
        "rsbs r6, r2, #0",
        "adds r2, r1, r2",
        "subs r3, r2, r6",
        "movs r4, #0",
        "mov r8, r4",
        "mov r9, r4",
        "mov r10, r4",
        "mov r11, r4",
        "2:",
        ".irp at, 0, 2, 4, 6",
        "ldrh r4, [r7, #\\at]",
        "sxth r4, r4",
        "ldrsb r5, [r0, r6]",
        "muls r5, r4, r5",
        "add r8, r5",
        "ldrsb r5, [r1, r6]",
        "muls r5, r4, r5",
        "add r9, r5",
        "ldrsb r5, [r2, r6]",
        "muls r5, r4, r5",
        "add r10, r5",
        "ldrsb r5, [r3, r6]",
        "muls r5, r4, r5",
        "add r11, r5",
        "adds r6, #1",
        ".endr",
        "adds r7, #8",
        "cmp r6, #0",
        "bne 2b",
        "mov r0, r8",
        "mov r1, r9",
        "mov r2, r10",
        "mov r3, r11",
        "ldr r4, [sp, #16]",
        "stm r4!, {{r0-r3}}",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r3-r7, pc}}",
    )
}
