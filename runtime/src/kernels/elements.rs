//! Bytes of an operand as its elements, and what elements of several types have in common.

use crate::error::Fault;
use crate::format::{DType, Tensor};
use crate::math;
use bytemuck::{AnyBitPattern, NoUninit};

/// `bytes` as elements; `None` where length or alignment do not fit, which loading rules out.
pub(super) fn of<T: AnyBitPattern>(bytes: &[u8]) -> Option<&[T]> {
    bytemuck::try_cast_slice(bytes).ok()
}

/// [`of`] to write to.
pub(super) fn of_mut<T: AnyBitPattern + NoUninit>(bytes: &mut [u8]) -> Option<&mut [T]> {
    bytemuck::try_cast_slice_mut(bytes).ok()
}

/// Types whose elements are ordered as they are, without their scale.
pub(super) trait Element: AnyBitPattern + NoUninit + PartialOrd {
    /// The value as an operator writes it.
    fn written(self) -> Self {
        self
    }

    /// `max(self, other)` as FORMAT.md defines it for floats.
    fn greater(self, other: Self) -> Self {
        if other > self { other } else { self }
    }

    /// `min(self, other)`, likewise.
    fn lesser(self, other: Self) -> Self {
        if other < self { other } else { self }
    }
}

impl Element for i8 {}
impl Element for i16 {}
impl Element for i32 {}

impl Element for f32 {
    fn written(self) -> Self {
        math::canonical(self)
    }
}

/// Elements of `a` and `b` stand for the same real values.
pub(super) fn check_same(a: Tensor<'_>, b: Tensor<'_>) -> Result<(), Fault> {
    if a.dtype() != b.dtype() {
        return Err(Fault::DType);
    }
    let exact = a.dtype() == DType::F32;
    if exact || (a.scale().to_bits() == b.scale().to_bits() && a.zero_point() == b.zero_point()) {
        Ok(())
    } else {
        Err(Fault::Scale)
    }
}
