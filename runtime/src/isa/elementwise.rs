//! Elementwise operators: how many of the first elements an instruction set has done; the kernel does
//! the rest, one by one.

use crate::format::Tensor;
use crate::kernels::pool::Taps as Pooled;
use crate::kernels::sink::Sink;
use crate::kernels::types::Integers;

/// An operand of integers.
#[derive(Clone, Copy)]
pub(crate) struct Operand<'a> {
    pub values: Integers<'a>,
    pub zero_point: i32,
}

impl<'a> Operand<'a> {
    /// The bytes of `tensor`, none where the output replaces them.
    pub fn new(tensor: Tensor<'_>, bytes: &'a [u8]) -> Option<Self> {
        Some(Self {
            values: Integers::new(tensor.dtype(), bytes)?,
            zero_point: tensor.zero_point(),
        })
    }
}

/// See [`crate::kernels::arithmetic`]: two operands of `count` elements, each with its scale word.
pub(crate) struct Sum<'a> {
    pub operands: [Operand<'a>; 2],
    pub scales: [u32; 2],
    pub count: usize,
}

/// See [`crate::kernels::gate`]: operands a, b, x of `count` elements, scale words of a and x.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))] // Others leave all to the scalar loop.
pub(crate) struct Gate<'a> {
    pub operands: [Operand<'a>; 3],
    pub scales: [u32; 2],
    /// Whether b is int8: the high bytes of 16-bit values.
    pub narrow: bool,
    pub table: &'a [i16],
    pub count: usize,
}

/// Sums of the first elements.
#[inline]
pub(crate) fn add(sum: &Sum<'_>, sink: &mut Sink<'_>) -> usize {
    #[cfg(target_arch = "x86_64")]
    return super::x86::add(sum, sink).unwrap_or(0);
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (sum, sink);
        0
    }
}

/// Gated sums of the first elements.
#[inline]
pub(crate) fn gate(gate: &Gate<'_>, sink: &mut Sink<'_>) -> usize {
    #[cfg(target_arch = "x86_64")]
    return super::x86::gate(gate, sink).unwrap_or(0);
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (gate, sink);
        0
    }
}

/// The first elements of `x` in steps of `scale`, into a sink of int8 or int16.
#[inline]
pub(crate) fn quantise(x: &[f32], scale: f32, sink: &mut Sink<'_>) -> usize {
    #[cfg(target_arch = "x86_64")]
    return super::x86::quantise(x, scale, sink).unwrap_or(0);
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (x, scale, sink);
        0
    }
}

/// Rows of an operand that stands alone, and where they go in the output.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))] // Others leave all to the scalar loop.
pub(crate) struct Rows<'a> {
    pub operand: Operand<'a>,
    pub count: usize,
    pub width: usize,
    /// Elements of the output before the first row, and from one row to the next.
    pub first: usize,
    pub pitch: usize,
}

/// All rows, requantised with the word `scale`; whether it did.
#[inline]
pub(crate) fn rescale(rows: &Rows<'_>, scale: u32, sink: &mut Sink<'_>) -> bool {
    #[cfg(target_arch = "x86_64")]
    return super::x86::rescale(rows, scale, sink).is_some();
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (rows, scale, sink);
        false
    }
}

/// For each channel of a pixel, the mean of its taps around `zero`; whether it did.
#[inline]
pub(crate) fn means(taps: &Pooled, image: &[i8], zero: i32, out: &mut [i8]) -> bool {
    #[cfg(target_arch = "x86_64")]
    return super::x86::means(taps, image, zero, out).is_some();
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (taps, image, zero, out);
        false
    }
}

#[cfg(test)]
mod tests;
