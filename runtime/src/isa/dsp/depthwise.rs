//! Depthwise lines on Cortex-M with the DSP extension (M4, M7, M33, M55).
//!
//! ```text
//! copy:      a channel's rows into a plane of int16, four elements in ten instructions
//! convolve:  words x01, x23 of a row, weights in pairs A = (w0, w1), B = (w1, w2):
//!            out0 += w0·x0 + w1·x1 (SMLAD x01, A) + w2·x2 (SMLABT x23, B)
//!            out1 += w1·x2 + w2·x3 (SMLAD x23, B) + w0·x1 (SMLATB x01, A)
//! ```
//!
//! Two neighbours of a line take 27 instructions with three rows and 17 with one. Requantisation is
//! one multiplication and one shift for both: weights and bias are scaled by 2ᵏ, the multiplier, the
//! low eight bits of which are zero, by 2⁻ʲ, so that every channel shifts by the same eight bits
//! after the high word; rounding and zero point are the addend of SMMLA.

use crate::kernels::conv::depthwise::plane::{self, Band, Channel, Plane};
use crate::kernels::sink::Sink;
use core::arch::naked_asm;

/// Planes of int16, convolved by SMLAD.
pub(crate) struct Depthwise;

/// Bits that the high word of a product is shifted by.
const SHIFT: u32 = 8;

impl Plane for Depthwise {
    fn band(band: &Band<'_>, plane: &mut [i16], sink: &mut Sink<'_>) -> Option<()> {
        let Some(mut calls) = Calls::new(band, plane, sink) else {
            for (index, channel) in band.channels() {
                plane::copy(band, index, plane)?;
                plane::convolve(band, index, &channel, plane, sink)?;
            }
            return Some(());
        };
        for (index, channel) in band.channels() {
            if calls.copy.lines > 0 {
                // SAFETY: `Calls::new` has seen that the elements exist.
                unsafe { copy(&calls.copy) };
            }
            if let Some(fixed) = Fixed::new(&channel) {
                let frame = &mut calls.convolve;
                frame.bias = [channel.bias << fixed.shift; 2];
                frame.multiplier = fixed.multiplier;
                frame.weights = channel.weights.as_ptr();
                frame.shift = fixed.shift;
                // SAFETY: `Calls::new` has seen that the elements exist, and `Band::channels` cuts
                // as many weights as there are taps.
                unsafe { (calls.run)(frame) };
            } else {
                plane::convolve(band, index, &channel, plane, sink)?;
            }
            // Channels stand next to each other.
            calls.copy.from = calls.copy.from.wrapping_add(1);
            calls.convolve.out = calls.convolve.out.wrapping_add(1);
        }
        Some(())
    }
}

/// What both functions are called with for channel 0.
struct Calls {
    copy: Copy,
    convolve: Convolve,
    run: unsafe extern "C" fn(*const Convolve),
}

impl Calls {
    /// `None` where they do not know the geometry, or an element does not exist.
    fn new(band: &Band<'_>, plane: &mut [i16], sink: &mut Sink<'_>) -> Option<Self> {
        let Band { source, lines, .. } = band;
        let run = match (lines.taps, lines.stride) {
            ([3, 3], 1) => three_1,
            ([3, 3], 2) => three_2,
            ([1, 3], 1) => one_1,
            ([1, 3], 2) => one_2,
            _ => return None,
        };
        let channels = band.layer.window.channels;
        let pairs = lines.columns >> 1;
        if lines.dilation != 1 || pairs == 0 || lines.lines == 0 || channels == 0 {
            return None;
        }
        let ahead = 2 * pairs * lines.stride;
        // Halfwords of a line that are read: of words, the last of which may be half used.
        let width = match lines.stride {
            1 => (lines.columns + 3) & !1,
            _ => 2 * lines.columns + 2,
        };
        let [rows, _] = lines.taps;
        let behind = lines.lines - 1;
        let read = behind * lines.line + (rows - 1) * lines.row + width;
        let put = behind * lines.out_line + (lines.columns - 1) * lines.out_step + channels;
        let out = sink.int8(band.first)?.get_mut(..put)?.as_mut_ptr();
        plane.get(..read)?;
        if source.lines > 0 {
            let behind = source.lines - 1;
            let last = source.first + behind * source.line + (source.columns - 1) * source.step;
            band.input.get(source.first..last + channels)?;
            plane.get(source.at..source.at + behind * source.pitch + source.columns)?;
        }
        let is_even = (lines.line | lines.row | source.pitch) & 1 == 0;
        let to = plane.as_mut_ptr();
        if !is_even || to.addr() & 3 != 0 {
            return None;
        }
        let copy = Copy {
            from: band.input.as_ptr().wrapping_add(source.first),
            to: to.wrapping_add(source.at),
            step: source.step,
            step3: 3 * source.step,
            lines: source.lines,
            columns: source.columns,
            line: source.line,
            pitch: 2 * source.pitch,
        };
        let first = to.cast_const();
        let convolve = Convolve {
            bias: [0; 2],
            multiplier: 0,
            addend: (2 * sink.zero_point + 1) << (SHIFT - 1),
            end: first.wrapping_add(ahead),
            out_step: lines.out_step,
            skip: lines.line.wrapping_sub(ahead) << 1,
            out_skip: lines.out_line.wrapping_sub(2 * pairs * lines.out_step),
            line: 2 * lines.line,
            last: first.wrapping_add(lines.lines * lines.line + ahead),
            odd: lines.columns & 1,
            rows: [0, 1, 2].map(|row| first.wrapping_add(row * lines.row)),
            out,
            weights: core::ptr::null(),
            weight_step: lines.weight_step,
            weight_row: lines.weight_row,
            shift: 0,
        };
        Some(Self {
            copy,
            convolve,
            run,
        })
    }
}

/// A channel's factor with a shift of its own moved into weights and multiplier.
struct Fixed {
    /// Bits by which weights and bias are shifted to the left.
    shift: u32,
    multiplier: u32,
}

impl Fixed {
    /// `None` where that loses bits.
    fn new(channel: &Channel<'_>) -> Option<Self> {
        let (multiplier, shift) = (channel.scale & !0xFF, channel.scale & 0xFF);
        let fixed = Self {
            shift: (32 + SHIFT).saturating_sub(shift),
            multiplier: multiplier >> shift.saturating_sub(32 + SHIFT).min(31),
        };
        // Nine products of int8, at most 2¹⁸ together.
        let sum = channel.bias.unsigned_abs().saturating_add(1 << 18);
        let fits = (sum >> (31 - SHIFT)) == 0 && (32..=40 + SHIFT).contains(&shift);
        fits.then_some(fixed)
    }
}

/// Operands of [`copy`], in the order in which it loads them.
#[repr(C)]
struct Copy {
    from: *const i8,
    to: *mut i16,
    /// Bytes from an element to the next, and to the fourth.
    step: usize,
    step3: usize,
    lines: usize,
    columns: usize,
    /// Bytes from line to line, of the input and of the plane.
    line: usize,
    pitch: usize,
}

/// Widens `lines` lines.
///
/// # Safety
///
/// All elements that the frame describes must exist.
#[unsafe(naked)]
unsafe extern "C" fn copy(frame: *const Copy) {
    // r0 from, r1 to, r2 step, r3 step3, r4 lines, r5 columns, r6 line, r7 pitch, r8 count,
    // r9–r12 elements, lr from within the line; `to` is restored from r10 at the end of a line.
    naked_asm!(
        super::cpu!(),
        "push {{r4-r11, lr}}",
        "ldm r0, {{r0-r7}}",
        "sub sp, sp, #4",
        "0:",
        "mov lr, r0",
        "str r1, [sp]",
        "mov r8, r5",
        // Where the line starts within a word, its first element alone.
        "tst r1, #2",
        "beq 1f",
        "ldrsb r9, [lr]",
        "add lr, lr, r2",
        "strh r9, [r1], #2",
        "sub r8, r8, #1",
        "1:",
        "subs r8, r8, #4",
        "blo 3f",
        "2:",
        "ldrsb r9, [lr]",
        "ldrsb r10, [lr, r2]",
        "ldrsb r11, [lr, r2, lsl #1]",
        "ldrsb r12, [lr, r3]",
        "add lr, lr, r2, lsl #2",
        "pkhbt r9, r9, r10, lsl #16",
        "pkhbt r10, r11, r12, lsl #16",
        "strd r9, r10, [r1], #8",
        "subs r8, r8, #4",
        "bhs 2b",
        "3:",
        "adds r8, r8, #4",
        "beq 5f",
        "4:",
        "ldrsb r9, [lr]",
        "add lr, lr, r2",
        "strh r9, [r1], #2",
        "subs r8, r8, #1",
        "bne 4b",
        "5:",
        "ldr r1, [sp]",
        "add r0, r0, r6",
        "add r1, r1, r7",
        "subs r4, r4, #1",
        "bne 0b",
        "add sp, sp, #4",
        "pop {{r4-r11, pc}}",
    )
}

/// Operands of the convolutions: the first eleven words go to their stack, the others to registers.
#[repr(C)]
struct Convolve {
    /// Twice: for a pair.
    bias: [i32; 2],
    multiplier: u32,
    addend: i32,
    /// Where the first row is behind the last pair of the line.
    end: *const i16,
    out_step: usize,
    /// From the end of a line's pairs to the next line: bytes of the plane and of the output.
    skip: usize,
    out_skip: usize,
    /// Bytes from a line of the plane to the next.
    line: usize,
    /// `end` behind the last line.
    last: *const i16,
    odd: usize,
    rows: [*const i16; 3],
    out: *mut i8,
    weights: *const i8,
    weight_step: usize,
    weight_row: usize,
    /// Bits by which weights are shifted to the left.
    shift: u32,
}

/// The assembler's macros: what is done for each row of taps, its pointer in \row, its weights
/// in \a and \b; \c is free while they are loaded.
macro_rules! row_macros {
    () => {
        "
        .macro weights row, a, b, c     // the next at r10, r11 apart, shifted by lr
        ldrsb \\a, [r10]
        ldrsb \\b, [r10, r11]
        ldrsb \\c, [r10, r11, lsl #1]
        add r10, r10, r12
        lsl \\a, \\a, lr
        lsl \\b, \\b, lr
        lsl \\c, \\c, lr
        pkhbt \\a, \\a, \\b, lsl #16
        pkhbt \\b, \\b, \\c, lsl #16
        .endm
        .macro pair_1 row, a, b, c      // outputs r10 and r11, one element apart
        ldrd r12, lr, [\\row], #4
        smlad r10, r12, \\a, r10
        smlabt r10, lr, \\b, r10
        smlad r11, lr, \\b, r11
        smlatb r11, r12, \\a, r11
        .endm
        .macro pair_2 row, a, b, c      // two elements apart
        ldrd r12, lr, [\\row], #8
        smlad r10, r12, \\a, r10
        smlabt r10, lr, \\b, r10
        smlad r11, lr, \\a, r11
        ldr r12, [\\row]
        smlabt r11, r12, \\b, r11
        .endm
        .macro single row, a, b, c      // output r10 alone
        ldrd r12, lr, [\\row]
        smlad r10, r12, \\a, r10
        smlabt r10, lr, \\b, r10
        .endm
        .macro skip row, a, b, c
        add \\row, \\row, r12
        .endm
        "
    };
}

/// A convolution with outputs at a stride, its rows' pointers and registers of weights.
macro_rules! convolution {
    ($name:ident, $pair:literal, $($row:literal),+) => {
        /// Lines of a channel.
        ///
        /// # Safety
        ///
        /// All elements that the frame describes must exist, plane, rows and lines be aligned to
        /// four bytes; there is a line, and a pair in it.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(frame: *const Convolve) {
            naked_asm!(
                super::cpu!(),
                row_macros!(),
                "push {{r4-r11, lr}}",
                "sub sp, sp, #44",
                "ldm r0!, {{r1-r11}}",
                "stm sp, {{r1-r11}}",
                "ldm r0, {{r0-r3, r10-r12, lr}}",
                $(concat!("weights ", $row),)+
                "0:",
                "ldrd r10, r11, [sp]",
                $(concat!($pair, " ", $row),)+
                "ldrd r12, lr, [sp, #8]",
                "smmla r10, r10, r12, lr",
                "smmla r11, r11, r12, lr",
                "ldrd r12, lr, [sp, #16]",
                "ssat r10, #8, r10, asr #8",
                "ssat r11, #8, r11, asr #8",
                "strb r10, [r3]",
                "strb r11, [r3, lr]",
                "add r3, r3, lr, lsl #1",
                "cmp r0, r12",
                "blo 0b",
                // The line's end: where the next one has it, and a last output alone.
                "ldrd r10, r11, [sp, #32]",
                "ldr lr, [sp, #40]",
                "add r10, r10, r12",
                "str r10, [sp, #16]",
                "cmp lr, #0",
                "beq 1f",
                "ldr r10, [sp]",
                $(concat!("single ", $row),)+
                "ldrd r12, lr, [sp, #8]",
                "smmla r10, r10, r12, lr",
                "ssat r10, #8, r10, asr #8",
                "strb r10, [r3]",
                "ldr r10, [sp, #16]",
                "1:",
                "ldrd r12, lr, [sp, #24]",
                $(concat!("skip ", $row),)+
                "add r3, r3, lr",
                "cmp r10, r11",
                "bne 0b",
                "add sp, sp, #44",
                "pop {{r4-r11, pc}}",
                ".purgem weights",
                ".purgem pair_1",
                ".purgem pair_2",
                ".purgem single",
                ".purgem skip",
            )
        }
    };
}

convolution!(
    three_1,
    "pair_1",
    "r0, r4, r5, r9",
    "r1, r6, r7, r9",
    "r2, r8, r9, r12"
);
convolution!(
    three_2,
    "pair_2",
    "r0, r4, r5, r9",
    "r1, r6, r7, r9",
    "r2, r8, r9, r12"
);
convolution!(one_1, "pair_1", "r0, r4, r5, r9");
convolution!(one_2, "pair_2", "r0, r4, r5, r9");
