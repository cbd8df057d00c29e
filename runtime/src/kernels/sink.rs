//! Where a matrix kernel puts its results: one store for all output types, so that kernels are
//! compiled once per input type and not once per pair of types.

use super::types::Integers;
use crate::format::{DType, Tensor};
use crate::rounding::Scale;

/// An integer output with its requantisation.
pub(crate) struct Sink<'a> {
    pub out: Out<'a>,
    pub zero_point: i32,
    pub low: i32,
    pub high: i32,
}

/// Its elements.
pub(crate) enum Out<'a> {
    I8(&'a mut [i8]),
    I16(&'a mut [i16]),
    I32(&'a mut [i32]),
}

impl<'a> Sink<'a> {
    /// A sink for `tensor`, whose bytes are `bytes`; `low` and `high` clamp quantised values.
    pub fn new(tensor: Tensor<'_>, bytes: &'a mut [u8], low: i32, high: i32) -> Option<Self> {
        let out = match tensor.dtype() {
            DType::I8 => Out::I8(bytemuck::try_cast_slice_mut(bytes).ok()?),
            DType::I16 => Out::I16(bytemuck::try_cast_slice_mut(bytes).ok()?),
            DType::I32 => Out::I32(bytemuck::try_cast_slice_mut(bytes).ok()?),
            _ => return None,
        };
        Some(Self {
            out,
            zero_point: tensor.zero_point(),
            low,
            high,
        })
    }

    /// Elements of `operand` from `first` on, less `zero_point`, into `block`: as many as there are.
    ///
    /// Operators that go block by block look at element types once for each.
    /// The operand may be what the sink is about to replace.
    #[inline(never)]
    pub fn load(
        &self,
        operand: &Integers<'_>,
        first: usize,
        zero_point: i32,
        block: &mut [i32],
    ) -> Option<()> {
        match (operand, &self.out) {
            (Integers::I8(values), _) => widen(values, first, zero_point, block),
            (Integers::I16(values), _) => widen(values, first, zero_point, block),
            (Integers::Replaced, Out::I8(out)) => widen(out, first, zero_point, block),
            (Integers::Replaced, Out::I16(out)) => widen(out, first, zero_point, block),
            (Integers::Replaced, Out::I32(_)) => None,
        }
    }

    /// Stores quantised values, before their zero point is added, from element `first` on.
    #[inline(never)]
    pub fn store(&mut self, first: usize, block: &[i32]) -> Option<()> {
        let Self {
            zero_point,
            low,
            high,
            ..
        } = *self;
        let value = |value: i32| value.saturating_add(zero_point).max(low).min(high);
        match &mut self.out {
            Out::I8(out) => {
                for (slot, &from) in out.get_mut(first..)?.iter_mut().zip(block) {
                    *slot = value(from) as i8;
                }
            }
            Out::I16(out) => {
                for (slot, &from) in out.get_mut(first..)?.iter_mut().zip(block) {
                    *slot = value(from) as i16;
                }
            }
            Out::I32(out) => {
                for (slot, &from) in out.get_mut(first..)?.iter_mut().zip(block) {
                    *slot = value(from);
                }
            }
        }
        Some(())
    }

    /// Element `index` of `operand`, which may be what the sink is about to replace.
    #[inline]
    pub fn read(&self, operand: &Integers<'_>, index: usize) -> Option<i32> {
        if !matches!(operand, Integers::Replaced) {
            return operand.get(index);
        }
        match &self.out {
            Out::I8(out) => out.get(index).map(|&value| value.into()),
            Out::I16(out) => out.get(index).map(|&value| value.into()),
            Out::I32(out) => out.get(index).copied(),
        }
    }

    /// Stores a quantised value before its zero point is added.
    #[inline]
    pub fn put(&mut self, index: usize, value: i32) {
        // Not `clamp`: its panic on reversed bounds, which loading rules out, would stay in the code.
        let value = value
            .saturating_add(self.zero_point)
            .max(self.low)
            .min(self.high);
        match &mut self.out {
            Out::I8(out) => {
                if let Some(slot) = out.get_mut(index) {
                    *slot = value as i8;
                }
            }
            Out::I16(out) => {
                if let Some(slot) = out.get_mut(index) {
                    *slot = value as i16;
                }
            }
            Out::I32(out) => {
                if let Some(slot) = out.get_mut(index) {
                    *slot = value;
                }
            }
        }
    }

    /// Elements from `first` on where they are int8, for kernels that store on their own.
    pub fn int8(&mut self, first: usize) -> Option<&mut [i8]> {
        match &mut self.out {
            Out::I8(out) => out.get_mut(first..),
            Out::I16(_) | Out::I32(_) => None,
        }
    }

    /// Clamps `count` elements from `first` on that were stored by way of [`Sink::int8`].
    pub fn clamp_int8(&mut self, first: usize, count: usize) {
        let (low, high) = (self.low as i8, self.high as i8);
        if (low, high) == (i8::MIN, i8::MAX) {
            return;
        }
        let values = self.int8(first).unwrap_or_default();
        for value in values.iter_mut().take(count) {
            *value = (*value).max(low).min(high);
        }
    }

    /// Requantises and stores an accumulator.
    #[inline]
    pub fn put_accumulator(&mut self, index: usize, accumulator: i32, scale: u32) {
        self.put(index, Scale::loaded(scale).requantise(accumulator));
    }
}

/// Elements of [`Sink::load`] and [`Sink::store`].
pub(crate) const BLOCK: usize = 16;

/// Values from `first` on without their zero point.
fn widen<T: Copy + Into<i32>>(
    values: &[T],
    first: usize,
    zero_point: i32,
    block: &mut [i32],
) -> Option<()> {
    for (slot, &value) in block.iter_mut().zip(values.get(first..)?) {
        *slot = value.into() - zero_point;
    }
    Some(())
}
