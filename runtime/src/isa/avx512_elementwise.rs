//! Elementwise operators on AVX-512, sixteen elements at a time; what is left of them is the
//! kernel's.
#![allow(unsafe_code)]

use super::avx512::{Clamp, Scale};
use super::elementwise::{Gate, Operand, Rows, Sum};
use super::x86;
use crate::kernels::arithmetic::sum::Term;
use crate::kernels::gate::GATE_TABLE;
use crate::kernels::sink::{Out, Sink};
use crate::kernels::types::Integers;
use core::arch::x86_64::*;
use core::marker::PhantomData;

/// Elements at once.
const LANES: usize = 16;
/// Bytes at once.
const BYTES: usize = 64;

/// Sums of the first elements; how many.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn add(sum: &Sum<'_>, sink: &mut Sink<'_>) -> Option<usize> {
    let bounds = x86::Clamp::of(sink);
    let out = Target::new(x86::part(sink, 0, sum.count)?);
    let [a, b] = sum.operands;
    let zero_points = [a.zero_point, b.zero_point];
    let (a, b) = (
        Lanes::new(a, &out, sum.count)?,
        Lanes::new(b, &out, sum.count)?,
    );
    if a.narrow && b.narrow && out.width == 1 {
        let [Some(a_term), Some(b_term)] = [0, 1].map(|i| Term::new(sum.scales[i], zero_points[i]))
        else {
            return add_wide([a, b], sum, bounds, &out);
        };
        let finish = Finish::new(bounds);
        // SAFETY: operands and output have `count` elements of one byte.
        unsafe { add_bytes([(a, a_term), (b, b_term)], sum.count, &finish, &out) };
        return Some(sum.count);
    }
    add_wide([a, b], sum, bounds, &out)
}

/// [`add`] by products of 64 bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn add_wide(
    [a, b]: [Lanes; 2],
    sum: &Sum<'_>,
    bounds: x86::Clamp,
    out: &Target<'_>,
) -> Option<usize> {
    let clamp = Clamp::new(bounds);
    let [scale_a, scale_b] = sum.scales;
    let (scale_a, scale_b) = (Scale::all(scale_a), Scale::all(scale_b));
    let done = sum.count / LANES * LANES;
    for at in (0..done).step_by(LANES) {
        // SAFETY: operands and output have sixteen elements from `at` on.
        unsafe {
            let a = scale_a.requantise(_mm512_slli_epi32::<15>(a.read(at)));
            let b = scale_b.requantise(_mm512_slli_epi32::<15>(b.read(at)));
            let sum = halved(_mm512_add_epi32(a, b));
            out.store(at, u16::MAX, clamp.apply(sum));
        }
    }
    Some(done)
}

/// [`add`] of bytes in 32 bits, see [`Term`].
///
/// # Safety
/// Operands and output have `count` elements of one byte.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn add_bytes(
    [(a, a_term), (b, b_term)]: [(Lanes, Term); 2],
    count: usize,
    finish: &Finish,
    out: &Target<'_>,
) {
    let terms = [(a, Terms::new(a_term)), (b, Terms::new(b_term))];
    let whole = count - count % BYTES;
    // SAFETY: each reads and writes elements that there are.
    unsafe {
        for at in (0..whole).step_by(BYTES) {
            add_register::<true>(&terms, (at, u64::MAX), finish, out);
        }
        if whole < count {
            let mask = u64::MAX >> (BYTES - (count - whole));
            add_register::<false>(&terms, (whole, mask), finish, out);
        }
    }
}

/// Those of the 64 sums from an element on that a mask has; `FULL`: all of them.
///
/// # Safety
/// Operands and output have these elements, of one byte.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn add_register<const FULL: bool>(
    [(a, a_term), (b, b_term)]: &[(Lanes, Terms); 2],
    (at, mask): (usize, u64),
    finish: &Finish,
    out: &Target<'_>,
) {
    let mut sums = [_mm512_setzero_si512(); BYTES / LANES];
    // SAFETY: reads and writes the elements of the mask alone.
    unsafe {
        for (part, sum) in sums.iter_mut().enumerate() {
            let (at, mask) = (at + part * LANES, (mask >> (part * LANES)) as u16);
            let load = |x: &Lanes| match (FULL, x.start.wrapping_add(at).cast()) {
                (true, x) => _mm_loadu_si128(x),
                (false, x) => _mm_maskz_loadu_epi8(mask, x.cast()),
            };
            *sum = _mm512_add_epi32(a_term.of(load(a)), b_term.of(load(b)));
        }
        let (to, bytes) = (out.start.add(at), finish.of(sums));
        // A store without a mask can be read back sooner.
        match FULL {
            true => _mm512_storeu_si512(to.cast(), bytes),
            false => _mm512_mask_storeu_epi8(to.cast(), mask, bytes),
        }
    }
}

/// A [`Term`] in all lanes.
struct Terms {
    factor: __m512i,
    offset: __m512i,
    shift: __m128i,
}

impl Terms {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(term: Term) -> Self {
        Self {
            factor: _mm512_set1_epi32(term.factor),
            offset: _mm512_set1_epi32(term.offset),
            shift: _mm_cvtsi32_si128(term.shift as i32),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn of(&self, x: __m128i) -> __m512i {
        let product = _mm512_mullo_epi32(_mm512_cvtepi8_epi32(x), self.factor);
        _mm512_sra_epi32(_mm512_add_epi32(product, self.offset), self.shift)
    }
}

/// From sums of two terms to int8.
struct Finish {
    /// A half of the eight guard bits, and the zero point in front of them.
    round: __m512i,
    low: __m512i,
    high: __m512i,
    order: __m512i,
}

impl Finish {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(clamp: x86::Clamp) -> Self {
        Self {
            round: _mm512_set1_epi32((clamp.zero_point << 8).wrapping_add(1 << 7)),
            low: _mm512_set1_epi8(clamp.bounds.0 as i8),
            high: _mm512_set1_epi8(clamp.bounds.1 as i8),
            order: _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0),
        }
    }

    /// 64 bytes in their order. Saturation on the way is far from the bounds.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn of(&self, sums: [__m512i; 4]) -> __m512i {
        let [a, b, c, d] =
            sums.map(|sum| _mm512_srai_epi32::<8>(_mm512_add_epi32(sum, self.round)));
        let (ab, cd) = (_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
        let packed = _mm512_packs_epi16(ab, cd);
        let packed = _mm512_max_epi8(_mm512_min_epi8(packed, self.high), self.low);
        // Every quarter has four lanes of each register: a register's go together.
        _mm512_permutexvar_epi32(self.order, packed)
    }
}

/// Gated sums of the first elements; how many.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn gate(gate: &Gate<'_>, sink: &mut Sink<'_>) -> Option<usize> {
    let clamp = Clamp::new(x86::Clamp::of(sink));
    let out = Target::new(x86::part(sink, 0, gate.count)?);
    let [a, b, x] = gate.operands;
    // b counts with its zero point.
    let widen = _mm_cvtsi32_si128(if gate.narrow { 8 } else { 0 });
    let b = Operand { zero_point: 0, ..b };
    let (a, b) = (
        Lanes::new(a, &out, gate.count)?,
        Lanes::new(b, &out, gate.count)?,
    );
    let x = Lanes::new(x, &out, gate.count)?;
    let [scale_a, scale_x] = gate.scales;
    let (scale_a, scale_x) = (Scale::all(scale_a), Scale::all(scale_x));
    let table: &[i16; GATE_TABLE] = gate.table.first_chunk()?;
    let done = gate.count / LANES * LANES;
    for at in (0..done).step_by(LANES) {
        // SAFETY: operands and output have sixteen elements from `at` on; b has 16 bits, so that
        // its high byte and 128 are an entry of the table that has another behind it.
        unsafe {
            let b = _mm512_sll_epi32(b.read(at), widen);
            let entry = _mm512_add_epi32(_mm512_srai_epi32::<8>(b), _mm512_set1_epi32(128));
            let entry = _mm512_and_si512(entry, _mm512_set1_epi32(255));
            // An entry and the next one, low half and high half.
            let pair = _mm512_i32gather_epi32::<2>(entry, table.as_ptr().cast());
            let low = _mm512_srai_epi32::<16>(_mm512_slli_epi32::<16>(pair));
            let rise = _mm512_sub_epi32(_mm512_srai_epi32::<16>(pair), low);
            let within = _mm512_and_si512(b, _mm512_set1_epi32(255));
            let rise = _mm512_mullo_epi32(rise, within);
            let rise = _mm512_srai_epi32::<8>(_mm512_add_epi32(rise, _mm512_set1_epi32(128)));
            let product = _mm512_mullo_epi32(a.read(at), _mm512_add_epi32(low, rise));
            let product = scale_a.requantise(product);
            let residual = scale_x.requantise(_mm512_slli_epi32::<15>(x.read(at)));
            let sum = _mm512_add_epi32(product, residual);
            out.store(at, u16::MAX, clamp.apply(halved(sum)));
        }
    }
    Some(done)
}

/// Quantised values of the first elements; how many.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn quantise(x: &[f32], scale: f32, sink: &mut Sink<'_>) -> Option<usize> {
    let clamp = Clamp::new(x86::Clamp::of(sink));
    let out = Target::new(x86::part(sink, 0, x.len())?);
    if out.width > 2 {
        return None;
    }
    // Far beyond 16 bits, within 32.
    let most = _mm512_set1_ps(1e9);
    let least = _mm512_set1_ps(-1e9);
    let scale = _mm512_set1_ps(scale);
    let half = _mm512_set1_epi32(0.5f32.to_bits() as i32);
    let sign = _mm512_set1_epi32(i32::MIN);
    let (sixteens, _) = x.as_chunks::<LANES>();
    for (index, x) in sixteens.iter().enumerate() {
        // SAFETY: sixteen floats.
        let real = _mm512_div_ps(unsafe { _mm512_loadu_ps(x.as_ptr()) }, scale);
        let number = _mm512_cmp_ps_mask::<_CMP_ORD_Q>(real, real);
        // A half of real's sign: where that is −0, the result is 0 either way.
        let bits = _mm512_and_si512(_mm512_castps_si512(real), sign);
        let half = _mm512_castsi512_ps(_mm512_or_si512(bits, half));
        let real = _mm512_min_ps(_mm512_max_ps(_mm512_add_ps(real, half), least), most);
        let value = clamp.apply(_mm512_maskz_cvttps_epi32(number, real));
        // SAFETY: the output is as long as x.
        unsafe { out.store(index * LANES, u16::MAX, value) };
    }
    Some(sixteens.len() * LANES)
}

/// Requantises rows of an operand of its own.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn rescale(rows: &Rows<'_>, scale: u32, sink: &mut Sink<'_>) -> Option<usize> {
    let clamp = Clamp::new(x86::Clamp::of(sink));
    let (count, width, pitch) = (rows.count, rows.width, rows.pitch);
    // The rows of the output, up to the end of the last.
    let reach = count.checked_sub(1)?.checked_mul(pitch)?;
    let out = Target::new(x86::part(sink, rows.first, reach.checked_add(width)?)?);
    let elements = count.checked_mul(width)?;
    if matches!(rows.operand.values, Integers::Replaced) {
        return None;
    }
    let x = Lanes::new(rows.operand, &out, elements)?;
    let scale = Scale::all(scale);
    for row in 0..count {
        for at in (0..width).step_by(LANES) {
            let mask = u16::MAX >> LANES.saturating_sub(width - at);
            // SAFETY: operand and output have the elements of the mask.
            unsafe {
                let value = scale.requantise(x.read_part(row * width + at, mask));
                out.store(row * pitch + at, mask, clamp.apply(value));
            }
        }
    }
    Some(elements)
}

/// Without the guard bits, rounded. The sum of two terms below 2³⁰ and a half does not overflow.
#[inline]
#[target_feature(enable = "avx512f")]
fn halved(sum: __m512i) -> __m512i {
    _mm512_srai_epi32::<8>(_mm512_add_epi32(sum, _mm512_set1_epi32(1 << 7)))
}

/// Elements of the output: all that is written goes through this one pointer, and so does what is read of
/// an operand that the output replaces.
struct Target<'a> {
    start: *mut u8,
    /// Bytes of an element.
    width: usize,
    elements: PhantomData<Out<'a>>,
}

impl<'a> Target<'a> {
    #[inline]
    fn new(out: Out<'a>) -> Self {
        let (start, width) = match out {
            Out::I8(out) => (out.as_mut_ptr().cast(), 1),
            Out::I16(out) => (out.as_mut_ptr().cast(), 2),
            Out::I32(out) => (out.as_mut_ptr().cast(), 4),
        };
        Self {
            start,
            width,
            elements: PhantomData,
        }
    }

    /// Stores the lanes of `value` that `mask` has, from element `at` on.
    ///
    /// # Safety
    /// The elements exist.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    unsafe fn store(&self, at: usize, mask: u16, value: __m512i) {
        // A store without a mask can be read back sooner.
        let full = mask == u16::MAX;
        // SAFETY: of the elements from `at` on, those that are stored exist.
        unsafe {
            let out = self.start.add(at * self.width);
            match self.width {
                1 => match (full, _mm512_cvtepi32_epi8(value)) {
                    (true, value) => _mm_storeu_si128(out.cast(), value),
                    (false, value) => _mm_mask_storeu_epi8(out.cast(), mask, value),
                },
                2 => match (full, _mm512_cvtepi32_epi16(value)) {
                    (true, value) => _mm256_storeu_si256(out.cast(), value),
                    (false, value) => _mm256_mask_storeu_epi16(out.cast(), mask, value),
                },
                _ => _mm512_mask_storeu_epi32(out.cast(), mask, value),
            }
        }
    }
}

/// Elements of an operand, which may be what the output replaces.
struct Lanes {
    start: *const u8,
    /// Whether they are int8, or int16.
    narrow: bool,
    zero_point: __m512i,
}

impl Lanes {
    /// `None` unless there are `count` of them; the output has as many.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(operand: Operand<'_>, out: &Target<'_>, count: usize) -> Option<Self> {
        let (start, narrow, length) = match operand.values {
            Integers::I8(x) => (x.as_ptr().cast(), true, x.len()),
            Integers::I16(x) => (x.as_ptr().cast(), false, x.len()),
            Integers::Replaced if out.width > 2 => return None,
            Integers::Replaced => (out.start.cast_const(), out.width == 1, count),
        };
        (length >= count).then_some(Self {
            start,
            narrow,
            zero_point: _mm512_set1_epi32(operand.zero_point),
        })
    }

    /// Sixteen elements from `at` on, without their zero point.
    ///
    /// # Safety
    /// They exist.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    unsafe fn read(&self, at: usize) -> __m512i {
        // SAFETY: all elements exist.
        unsafe { self.read_part(at, u16::MAX) }
    }

    /// Those of sixteen elements from `at` on that `mask` has, without their zero point.
    ///
    /// # Safety
    /// They exist.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    unsafe fn read_part(&self, at: usize, mask: u16) -> __m512i {
        // SAFETY: the elements of the mask, of one byte or two.
        let values = unsafe {
            match self.narrow {
                true => {
                    let bytes = _mm_maskz_loadu_epi8(mask, self.start.add(at).cast());
                    _mm512_cvtepi8_epi32(bytes)
                }
                false => {
                    let words = _mm256_maskz_loadu_epi16(mask, self.start.add(2 * at).cast());
                    _mm512_cvtepi16_epi32(words)
                }
            }
        };
        _mm512_sub_epi32(values, self.zero_point)
    }
}
