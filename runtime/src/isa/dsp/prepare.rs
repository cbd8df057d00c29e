//! Columns to pairs of 16 bits.

use crate::format::layout::QUAD;
use core::arch::naked_asm;

/// Whole quads of `part` to `block`, from byte `start` on, `stride` bytes apart.
pub(super) fn narrow(part: &[i8], block: &mut [u8], start: usize, stride: usize) {
    let quads = part.len() / QUAD;
    if fits(block, start, stride, quads) {
        // SAFETY: the routine reads `quads` words of `part`, at any address, and writes 8 bytes each
        // `stride` bytes, which are inside `block`.
        unsafe {
            extend_i8(
                part.as_ptr(),
                block.as_mut_ptr().wrapping_add(start),
                quads,
                stride,
            )
        }
    }
}

/// [`narrow`] of int16.
pub(super) fn wide(part: &[i16], block: &mut [u8], start: usize, stride: usize) {
    let quads = part.len() / QUAD;
    if fits(block, start, stride, quads) {
        // SAFETY: as above, with two words of `part` for each quad.
        unsafe {
            extend_i16(
                part.as_ptr(),
                block.as_mut_ptr().wrapping_add(start),
                quads,
                stride,
            )
        }
    }
}

fn fits(block: &[u8], start: usize, stride: usize, quads: usize) -> bool {
    let last = quads
        .checked_sub(1)
        .and_then(|last| last.checked_mul(stride));
    let end = last.and_then(|last| last.checked_add(start)?.checked_add(8));
    end.is_some_and(|end| end <= block.len())
}

/// # Safety
/// `quads` is not zero; as many words at `part` and as many pairs of words at `block` exist.
#[unsafe(naked)]
unsafe extern "C" fn extend_i8(part: *const i8, block: *mut u8, quads: usize, stride: usize) {
    naked_asm!(
        super::cpu!(),
        "push {{r4, lr}}",
        "2:",
        "ldr r12, [r0], #4",
        "sxtb16 r4, r12",
        "sxtb16 r12, r12, ror #8",
        "str r12, [r1, #4]",
        "str r4, [r1]",
        "add r1, r3",
        "subs r2, #1",
        "bne 2b",
        "pop {{r4, pc}}",
    )
}

/// # Safety
/// `quads` is not zero; as many pairs of words at `part` and at `block` exist.
#[unsafe(naked)]
unsafe extern "C" fn extend_i16(part: *const i16, block: *mut u8, quads: usize, stride: usize) {
    naked_asm!(
        super::cpu!(),
        "push {{r4, r5, r6, lr}}",
        "2:",
        "ldr r4, [r0], #4",
        "ldr r5, [r0], #4",
        "pkhbt r6, r4, r5, lsl #16",
        "pkhtb r5, r5, r4, asr #16",
        "str r5, [r1, #4]",
        "str r6, [r1]",
        "add r1, r3",
        "subs r2, #1",
        "bne 2b",
        "pop {{r4, r5, r6, pc}}",
    )
}
