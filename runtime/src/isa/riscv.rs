//! RISC-V of 32 bits: a multiplication and an addition for each product, and registers for all sums
//! of four columns with two rows; see [`super::packed`].
//!
//! ```text
//! words    for each two weights: 2 loads of weights, 4 of words, and for each two columns two
//!          multiplications and five additions and shifts: 20 instructions for 8 products
//! halves   two rows; for each element: 2 loads of weights, 4 of columns, 16 for 8 products
//! single   four rows; for each element: 4 loads of weights, 1 of the column, 8 for 4 products
//! ```
#![allow(unsafe_code)]

use super::packed::{Core, Halves, MIDDLE, Single, Sums, Words};
use core::arch::naked_asm;

/// RV32IM.
pub(crate) struct RiscV;

impl Core for RiscV {
    const NAME: &'static str = "rv32im";

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
            let end = columns.as_ptr_range().end;
            let (row, other) = (row.as_ptr(), other.as_ptr());
            // SAFETY: both rows have four weights for each quad of the columns, which end at `end`.
            unsafe { halves(row, other, columns.as_ptr(), end, &mut sums) };
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
        ".option push",
        ".option arch, +m",
        "li a4, {middle}",
        "lw t0, 0(a3)",
        "lw t1, 4(a3)",
        "mv t2, t0",
        "mv t3, t1",
        "2:",
        // Weights 0 and 1 with the words 0 to 3, weights 2 and 3 with those behind them.
        ".irp at, 0, 2",
        "lb a5, \\at(a0)",
        "lb a6, \\at + 1(a0)",
        "lw a7, \\at * 8(a1)",
        "lw t4, \\at * 8 + 4(a1)",
        "lw t5, \\at * 8 + 8(a1)",
        "lw t6, \\at * 8 + 12(a1)",
        "mul a7, a7, a5",
        "mul t4, t4, a6",
        "mul t5, t5, a5",
        "mul t6, t6, a6",
        "add a7, a7, a4",
        "add t5, t5, a4",
        "add a7, a7, t4",
        "add t5, t5, t6",
        "add t0, t0, a7",
        "add t2, t2, t5",
        "srai a7, a7, 16",
        "srai t5, t5, 16",
        "add t1, t1, a7",
        "add t3, t3, t5",
        ".endr",
        "addi a0, a0, 4",
        "addi a1, a1, 32",
        "bne a1, a2, 2b",
        // The first column of two has the second one's sum above it.
        "slli a5, t1, 16",
        "sub t0, t0, a5",
        "slli a5, t3, 16",
        "sub t2, t2, a5",
        "sw t0, 0(a3)",
        "sw t1, 4(a3)",
        "sw t2, 8(a3)",
        "sw t3, 12(a3)",
        "ret",
        ".option pop",
        middle = const MIDDLE,
    )
}

/// # Safety
/// The columns are at least a quad, and end at `end`; each row has four weights for each.
#[unsafe(naked)]
unsafe extern "C" fn halves(
    row: *const i8,
    other: *const i8,
    columns: *const Halves,
    end: *const Halves,
    sums: &mut [Sums; 2],
) {
    naked_asm!(
        ".option push",
        ".option arch, +m",
        "addi sp, sp, -16",
        "sw s0, 0(sp)",
        "sw s1, 4(sp)",
        "sw s2, 8(sp)",
        "li t0, 0",
        "li t1, 0",
        "li t2, 0",
        "li t3, 0",
        "li t4, 0",
        "li t5, 0",
        "li t6, 0",
        "li s0, 0",
        "2:",
        ".irp at, 0, 1, 2, 3",
        "lb a5, \\at(a0)",
        "lb a6, \\at(a1)",
        "lh a7, \\at * 8(a2)",
        "lh s2, \\at * 8 + 2(a2)",
        "mul s1, a7, a5",
        "mul a7, a7, a6",
        "add t0, t0, s1",
        "add t4, t4, a7",
        "mul s1, s2, a5",
        "mul s2, s2, a6",
        "add t1, t1, s1",
        "add t5, t5, s2",
        "lh a7, \\at * 8 + 4(a2)",
        "lh s2, \\at * 8 + 6(a2)",
        "mul s1, a7, a5",
        "mul a7, a7, a6",
        "add t2, t2, s1",
        "add t6, t6, a7",
        "mul s1, s2, a5",
        "mul s2, s2, a6",
        "add t3, t3, s1",
        "add s0, s0, s2",
        ".endr",
        "addi a0, a0, 4",
        "addi a1, a1, 4",
        "addi a2, a2, 32",
        "bne a2, a3, 2b",
        "sw t0, 0(a4)",
        "sw t1, 4(a4)",
        "sw t2, 8(a4)",
        "sw t3, 12(a4)",
        "sw t4, 16(a4)",
        "sw t5, 20(a4)",
        "sw t6, 24(a4)",
        "sw s0, 28(a4)",
        "lw s0, 0(sp)",
        "lw s1, 4(sp)",
        "lw s2, 8(sp)",
        "addi sp, sp, 16",
        "ret",
        ".option pop",
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
        ".option push",
        ".option arch, +m",
        "add a4, a0, a2",
        "add a5, a4, a2",
        "add a6, a5, a2",
        // The end of the first row.
        "mv a7, a4",
        "li t0, 0",
        "li t1, 0",
        "li t2, 0",
        "li t3, 0",
        "2:",
        ".irp at, 0, 1, 2, 3",
        "lh t4, \\at * 2(a1)",
        "lb t5, \\at(a0)",
        "lb t6, \\at(a4)",
        "mul t5, t5, t4",
        "mul t6, t6, t4",
        "add t0, t0, t5",
        "add t1, t1, t6",
        "lb t5, \\at(a5)",
        "lb t6, \\at(a6)",
        "mul t5, t5, t4",
        "mul t6, t6, t4",
        "add t2, t2, t5",
        "add t3, t3, t6",
        ".endr",
        "addi a0, a0, 4",
        "addi a1, a1, 8",
        "addi a4, a4, 4",
        "addi a5, a5, 4",
        "addi a6, a6, 4",
        "bne a0, a7, 2b",
        "sw t0, 0(a3)",
        "sw t1, 4(a3)",
        "sw t2, 8(a3)",
        "sw t3, 12(a3)",
        "ret",
        ".option pop",
    )
}
