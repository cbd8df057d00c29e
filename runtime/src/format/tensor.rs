//! Tensor record: element type, shape, quantisation and place of a constant or an activation.

use super::{nibble, u32_at};

/// Most dimensions that a tensor has.
pub const MAX_RANK: usize = 6;

/// Byte offsets of the record's fields.
mod field {
    pub const DTYPE: usize = 0;
    pub const LAYOUT: usize = 1;
    pub const RANK: usize = 2;
    pub const PLACE: usize = 3;
    pub const OFFSET: usize = 4;
    pub const SCALE: usize = 8;
    pub const ZERO_POINT: usize = 12;
    pub const DIMS: usize = 16;
    pub const NAME_OFFSET: usize = 40;
    pub const NAME_LENGTH: usize = 44;
}

/// Element types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum DType {
    /// IEEE 754 binary32.
    F32 = 0,
    /// IEEE 754 binary16; weights only.
    F16 = 1,
    /// 8-bit integer, `real = scale · (q − zero_point)`.
    I8 = 2,
    /// 16-bit integer, `real = scale · q`.
    I16 = 3,
    /// 32-bit integer: indices, biases, scores (`real = scale · q`).
    I32 = 4,
    /// Scale words of a requantisation, see [`crate::rounding::Scale`].
    Scale = 5,
    /// Truth value in a byte: zero is false, kernels write one for true.
    Bool = 6,
    /// 4-bit integer, `real = scale · q`; weights only, two in a byte, see [`super::nibble`].
    I4 = 7,
}

impl DType {
    /// The type with this code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::I8,
            3 => Self::I16,
            4 => Self::I32,
            5 => Self::Scale,
            6 => Self::Bool,
            7 => Self::I4,
            _ => return None,
        })
    }

    /// Bytes of one element; of the two that share a byte in [`DType::I4`].
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::I8 | Self::Bool | Self::I4 => 1,
            Self::F16 | Self::I16 => 2,
            Self::F32 | Self::I32 | Self::Scale => 4,
        }
    }
}

/// Order of a constant's elements. Version 1 knows the plain, row-major one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Layout {
    /// Row-major.
    Plain = 0,
}

/// Where a tensor's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Place {
    /// In the arena; written by a step or by the caller.
    Arena = 0,
    /// In the weights section; any bytes are safe.
    Weights = 1,
    /// In the parameters section; checked by `load` where safety depends on it.
    Parameters = 2,
}

/// One tensor of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorRecord {
    /// Element type.
    pub dtype: DType,
    /// Order of the elements.
    pub layout: Layout,
    /// Where the bytes are.
    pub place: Place,
    /// Number of dimensions.
    pub rank: u8,
    /// Byte offset in its place.
    pub offset: u32,
    /// Real value of one quantisation step; 1 for floats and indices.
    pub scale: f32,
    /// Quantised value of real zero.
    pub zero_point: i32,
    /// Dimensions, the first `rank` of them; the rest are zero.
    pub dims: [u32; MAX_RANK],
    /// Byte offset of the name in the text section.
    pub name_offset: u32,
    /// Byte length of the name; zero for inner tensors.
    pub name_length: u32,
}

impl TensorRecord {
    /// Length in bytes.
    pub const LENGTH: usize = 48;

    /// Reads the record; `None` for an unknown code of type, layout or place, or rank above 6.
    #[must_use]
    pub fn parse(bytes: &[u8; Self::LENGTH]) -> Option<Self> {
        let mut dims = [0; MAX_RANK];
        for (dim, index) in dims.iter_mut().zip(0..) {
            let index: usize = index;
            *dim = u32_at(bytes, field::DIMS + 4 * index);
        }
        let rank = bytes[field::RANK];
        if usize::from(rank) > MAX_RANK {
            return None;
        }
        Some(Self {
            dtype: DType::from_code(bytes[field::DTYPE])?,
            layout: match bytes[field::LAYOUT] {
                0 => Layout::Plain,
                _ => return None,
            },
            place: match bytes[field::PLACE] {
                0 => Place::Arena,
                1 => Place::Weights,
                2 => Place::Parameters,
                _ => return None,
            },
            rank,
            offset: u32_at(bytes, field::OFFSET),
            scale: f32::from_bits(u32_at(bytes, field::SCALE)),
            zero_point: u32_at(bytes, field::ZERO_POINT) as i32,
            dims,
            name_offset: u32_at(bytes, field::NAME_OFFSET),
            name_length: u32_at(bytes, field::NAME_LENGTH),
        })
    }

    /// Writes the record.
    #[must_use]
    pub fn emit(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[field::DTYPE] = self.dtype as u8;
        bytes[field::LAYOUT] = self.layout as u8;
        bytes[field::RANK] = self.rank;
        bytes[field::PLACE] = self.place as u8;
        let mut put = |offset: usize, value: u32| {
            bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        };
        put(field::OFFSET, self.offset);
        put(field::SCALE, self.scale.to_bits());
        put(field::ZERO_POINT, self.zero_point as u32);
        for (index, dim) in self.dims.into_iter().enumerate() {
            put(field::DIMS + 4 * index, dim);
        }
        put(field::NAME_OFFSET, self.name_offset);
        put(field::NAME_LENGTH, self.name_length);
        bytes
    }

    /// The dimensions.
    #[must_use]
    pub fn shape(&self) -> &[u32] {
        self.dims.get(..usize::from(self.rank)).unwrap_or(&[])
    }

    /// Number of elements; `None` where it overflows `u32`.
    #[must_use]
    pub fn elements(&self) -> Option<usize> {
        let mut product = 1u32;
        for &dim in self.shape() {
            product = product.checked_mul(dim)?;
        }
        Some(product as usize)
    }

    /// Length in bytes; `None` where it overflows `u32`.
    ///
    /// Four-bit elements come in rows, everything behind the first axis, that start at whole bytes.
    #[must_use]
    pub fn bytes(&self) -> Option<usize> {
        let elements = self.elements()? as u32;
        if self.dtype == DType::I4 {
            let rows = self.shape().first().copied().unwrap_or(1);
            let row = nibble::row_bytes(elements.checked_div(rows)? as usize) as u32;
            return Some(rows.checked_mul(row)? as usize);
        }
        Some(elements.checked_mul(self.dtype.size() as u32)? as usize)
    }

    /// The last dimension; 1 for a scalar.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.shape().last().map_or(1, |&dim| dim as usize)
    }

    /// Product of all dimensions but the last; loaded tensors never overflow.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self.shape().split_last() {
            Some((_, rest)) => rest
                .iter()
                .fold(1usize, |product, &dim| product.wrapping_mul(dim as usize)),
            None => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_undoes_emit() {
        let record = TensorRecord {
            dtype: DType::I16,
            layout: Layout::Plain,
            place: Place::Parameters,
            rank: 3,
            offset: 160,
            scale: 0.25,
            zero_point: -7,
            dims: [2, 3, 5, 0, 0, 0],
            name_offset: 9,
            name_length: 4,
        };
        assert_eq!(TensorRecord::parse(&record.emit()), Some(record));
        assert_eq!(record.bytes(), Some(60));
        assert_eq!((record.rows(), record.columns()), (6, 5));
        let nibbles = TensorRecord {
            dtype: DType::I4,
            ..record
        };
        assert_eq!(nibbles.bytes(), Some(2 * 8));
        assert_eq!(TensorRecord::parse(&nibbles.emit()), Some(nibbles));
    }
}
