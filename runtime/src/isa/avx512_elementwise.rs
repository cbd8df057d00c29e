//! Elementwise operators on AVX-512, sixteen elements at a time; what is left of them is the
//! kernel's.
#![allow(unsafe_code)]

use super::avx512::{Clamp, Scale, store};
use super::elementwise::{Gate, Operand, Sum};
use super::x86;
use crate::kernels::gate::GATE_TABLE;
use crate::kernels::sink::{Out, Sink};
use crate::kernels::types::Integers;
use core::arch::x86_64::*;

/// Elements at once.
const LANES: usize = 16;

/// Sums of the first elements; how many.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn add(sum: &Sum<'_>, sink: &mut Sink<'_>) -> Option<usize> {
    let clamp = Clamp::new(x86::Clamp::of(sink));
    let mut out = x86::part(sink, 0, sum.count)?;
    let [a, b] = sum.operands;
    let (a, b) = (
        Lanes::new(a, &out, sum.count)?,
        Lanes::new(b, &out, sum.count)?,
    );
    let [scale_a, scale_b] = sum.scales;
    let (scale_a, scale_b) = (Scale::all(scale_a), Scale::all(scale_b));
    let done = sum.count / LANES * LANES;
    for at in (0..done).step_by(LANES) {
        // SAFETY: operands and output have sixteen elements from `at` on.
        unsafe {
            let a = scale_a.requantise(_mm512_slli_epi32::<15>(a.read(at)));
            let b = scale_b.requantise(_mm512_slli_epi32::<15>(b.read(at)));
            store(
                &mut out,
                at,
                u16::MAX,
                clamp.apply(halved(_mm512_add_epi32(a, b))),
            );
        }
    }
    Some(done)
}

/// Gated sums of the first elements; how many.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn gate(gate: &Gate<'_>, sink: &mut Sink<'_>) -> Option<usize> {
    let clamp = Clamp::new(x86::Clamp::of(sink));
    let mut out = x86::part(sink, 0, gate.count)?;
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
            store(&mut out, at, u16::MAX, clamp.apply(halved(sum)));
        }
    }
    Some(done)
}

/// Quantised values of the first elements; how many.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn quantise(x: &[f32], scale: f32, sink: &mut Sink<'_>) -> Option<usize> {
    let clamp = Clamp::new(x86::Clamp::of(sink));
    let mut out = x86::part(sink, 0, x.len())?;
    if matches!(out, Out::I32(_)) {
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
        unsafe { store(&mut out, index * LANES, u16::MAX, value) };
    }
    Some(sixteens.len() * LANES)
}

/// Requantises the first elements of an operand of its own; how many.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn rescale(
    x: Operand<'_>,
    scale: u32,
    first: usize,
    sink: &mut Sink<'_>,
) -> Option<usize> {
    let clamp = Clamp::new(x86::Clamp::of(sink));
    let count = match x.values {
        Integers::I8(x) => x.len(),
        Integers::I16(x) => x.len(),
        Integers::Replaced => return None,
    };
    let mut out = x86::part(sink, first, count)?;
    let x = Lanes::new(x, &out, count)?;
    let scale = Scale::all(scale);
    let done = count / LANES * LANES;
    for at in (0..done).step_by(LANES) {
        // SAFETY: operand and output have sixteen elements from `at` on.
        unsafe {
            let value = scale.requantise(x.read(at));
            store(&mut out, at, u16::MAX, clamp.apply(value));
        }
    }
    Some(done)
}

/// Without the guard bits, rounded. The sum of two terms below 2³⁰ and a half does not overflow.
#[inline]
#[target_feature(enable = "avx512f")]
fn halved(sum: __m512i) -> __m512i {
    _mm512_srai_epi32::<8>(_mm512_add_epi32(sum, _mm512_set1_epi32(1 << 7)))
}

/// Elements of an operand, which may be what the output replaces.
struct Lanes {
    start: *const u8,
    /// Whether they are int8, or int16.
    narrow: bool,
    zero_point: __m512i,
}

impl Lanes {
    /// `None` unless there are `count` of them.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(operand: Operand<'_>, out: &Out<'_>, count: usize) -> Option<Self> {
        let (start, narrow, length) = match (operand.values, out) {
            (Integers::I8(x), _) => (x.as_ptr().cast(), true, x.len()),
            (Integers::I16(x), _) => (x.as_ptr().cast(), false, x.len()),
            (Integers::Replaced, Out::I8(x)) => (x.as_ptr().cast(), true, x.len()),
            (Integers::Replaced, Out::I16(x)) => (x.as_ptr().cast(), false, x.len()),
            (Integers::Replaced, Out::I32(_)) => return None,
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
        // SAFETY: sixteen elements of one byte or two.
        let values = unsafe {
            match self.narrow {
                true => _mm512_cvtepi8_epi32(_mm_loadu_si128(self.start.add(at).cast())),
                false => _mm512_cvtepi16_epi32(_mm256_loadu_si256(self.start.add(2 * at).cast())),
            }
        };
        _mm512_sub_epi32(values, self.zero_point)
    }
}
