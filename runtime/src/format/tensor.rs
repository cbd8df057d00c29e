//! Tensor record: element type, shape, quantisation and place of a constant or an activation.

use super::layout::Layout;
use super::nibble;

/// Most dimensions that a tensor has.
pub const MAX_RANK: usize = 6;

/// Words of the record; the first holds four codes, a byte each.
mod word {
    pub const CODES: usize = 0;
    pub const OFFSET: usize = 1;
    pub const SCALE: usize = 2;
    pub const ZERO_POINT: usize = 3;
    pub const DIMS: usize = 4;
    pub const NAME_OFFSET: usize = 10;
    pub const NAME_LENGTH: usize = 11;
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

/// One tensor of the file, as writers make it; readers see a [`Tensor`].
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

    /// The dimensions.
    #[must_use]
    pub fn shape(&self) -> &[u32] {
        self.dims.get(..usize::from(self.rank)).unwrap_or(&[])
    }

    /// The record's words.
    #[must_use]
    pub fn words(&self) -> [u32; Self::LENGTH / 4] {
        let mut words = [0; Self::LENGTH / 4];
        let codes = [
            self.dtype as u8,
            self.layout as u8,
            self.rank,
            self.place as u8,
        ];
        words[word::CODES] = u32::from_le_bytes(codes);
        words[word::OFFSET] = self.offset;
        words[word::SCALE] = self.scale.to_bits();
        words[word::ZERO_POINT] = self.zero_point as u32;
        words[word::DIMS..word::NAME_OFFSET].copy_from_slice(&self.dims);
        words[word::NAME_OFFSET] = self.name_offset;
        words[word::NAME_LENGTH] = self.name_length;
        words
    }

    /// Writes the record.
    #[must_use]
    pub fn emit(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        for (slot, word) in bytes.chunks_exact_mut(4).zip(self.words()) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

/// A tensor record where it lies in the file: a pointer, so that a chip copies none.
///
/// Of a loaded model: codes that loading refuses read as any known one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tensor<'m>(&'m [u32; TensorRecord::LENGTH / 4]);

impl<'m> Tensor<'m> {
    /// The record in `words`.
    #[must_use]
    pub const fn new(words: &'m [u32; TensorRecord::LENGTH / 4]) -> Self {
        Self(words)
    }

    /// Whether codes of type, layout and place are known, and the rank is at most 6.
    #[must_use]
    pub fn is_known(self) -> bool {
        let [dtype, layout, rank, place] = self.codes();
        DType::from_code(dtype).is_some()
            && usize::from(layout) < Layout::ALL.len()
            && usize::from(rank) <= MAX_RANK
            && place <= Place::Parameters as u8
    }

    fn codes(self) -> [u8; 4] {
        self.0[word::CODES].to_le_bytes()
    }

    /// Element type.
    #[must_use]
    pub fn dtype(self) -> DType {
        let [code, ..] = self.codes();
        DType::from_code(code).unwrap_or(DType::I4)
    }

    /// Order of the elements.
    #[must_use]
    pub fn layout(self) -> Layout {
        let [_, code, ..] = self.codes();
        match code {
            1 => Layout::Tile1,
            2 => Layout::Tile4,
            3 => Layout::Tile16,
            _ => Layout::Plain,
        }
    }

    /// Where the bytes are.
    #[must_use]
    pub fn place(self) -> Place {
        let [.., code] = self.codes();
        match code {
            0 => Place::Arena,
            1 => Place::Weights,
            _ => Place::Parameters,
        }
    }

    /// Number of dimensions.
    #[must_use]
    pub fn rank(self) -> u8 {
        let [_, _, rank, _] = self.codes();
        rank
    }

    /// Byte offset in its place.
    #[must_use]
    pub fn offset(self) -> u32 {
        self.0[word::OFFSET]
    }

    /// Real value of one quantisation step; 1 for floats and indices.
    #[must_use]
    pub fn scale(self) -> f32 {
        f32::from_bits(self.0[word::SCALE])
    }

    /// Quantised value of real zero.
    #[must_use]
    pub fn zero_point(self) -> i32 {
        self.0[word::ZERO_POINT] as i32
    }

    /// Byte offset and length of the name in the text section; no length for inner tensors.
    #[must_use]
    pub fn name(self) -> (u32, u32) {
        (self.0[word::NAME_OFFSET], self.0[word::NAME_LENGTH])
    }

    /// All six dimensions; those behind the rank are zero.
    #[must_use]
    pub fn dims(self) -> &'m [u32; MAX_RANK] {
        let [_, _, _, _, dims @ .., _, _] = self.0;
        dims
    }

    /// The dimensions.
    #[must_use]
    pub fn shape(self) -> &'m [u32] {
        let (shape, _) = self.all_dims();
        shape
    }

    /// The dimensions, and what is behind the rank.
    #[inline(always)]
    pub(crate) fn all_dims(self) -> (&'m [u32], &'m [u32]) {
        let dims = self.dims().split_at_checked(self.rank().into());
        dims.unwrap_or_default()
    }

    /// Whether both are the same record.
    pub(crate) fn is(self, other: Tensor<'_>) -> bool {
        core::ptr::eq(self.0, other.0)
    }

    /// Number of elements; `None` where it overflows `u32`.
    #[must_use]
    #[cfg_attr(target_pointer_width = "64", inline(always))] // Small code matters less there.
    pub fn elements(self) -> Option<usize> {
        let (shape, _) = self.all_dims();
        let product = shape
            .iter()
            .try_fold(1u32, |product, &dim| product.checked_mul(dim));
        product.map(|product| product as usize)
    }

    /// Length in bytes; `None` where it overflows `u32`.
    ///
    /// Four-bit elements and tiles come in rows, everything behind the first axis: the former start
    /// at whole bytes, the latter are padded, see [`Layout`].
    #[must_use]
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn bytes(self) -> Option<usize> {
        let mut elements = self.elements()? as u32;
        let (layout, dtype) = (self.layout(), self.dtype());
        if dtype == DType::I4 || layout != Layout::Plain {
            let (rows, rest) = self.shape().split_first().unwrap_or((&1, &[]));
            // No row is longer than the tensor, unless that has no rows at all.
            let row = rest.iter().fold(1u32, |row, &dim| row.wrapping_mul(dim));
            elements = if layout == Layout::Plain {
                // Of one byte each, two nibbles in it.
                rows.checked_mul(nibble::row_bytes(row as usize) as u32)?
            } else {
                layout.elements(*rows, row)?
            };
        }
        Some(elements.checked_mul(dtype.size() as u32)? as usize)
    }

    /// The last dimension; 1 for a scalar.
    #[must_use]
    pub fn columns(self) -> usize {
        self.shape().last().map_or(1, |&dim| dim as usize)
    }

    /// Product of all dimensions but the last; loaded tensors never overflow.
    #[must_use]
    pub fn rows(self) -> usize {
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
    fn a_tensor_reads_what_was_written() {
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
        let words = record.words();
        let tensor = Tensor::new(&words);
        assert!(tensor.is_known());
        assert_eq!(record.emit(), bytemuck::cast_slice(&words));
        assert_eq!(
            (tensor.dtype(), tensor.layout()),
            (record.dtype, record.layout)
        );
        assert_eq!((tensor.place(), tensor.rank()), (record.place, record.rank));
        assert_eq!((tensor.offset(), tensor.name()), (160, (9, 4)));
        assert_eq!((tensor.scale(), tensor.zero_point()), (0.25, -7));
        assert_eq!(tensor.shape(), [2, 3, 5]);
        assert_eq!(tensor.bytes(), Some(60));
        assert_eq!((tensor.rows(), tensor.columns()), (6, 5));
        let nibbles = TensorRecord {
            dtype: DType::I4,
            ..record
        };
        assert_eq!(Tensor::new(&nibbles.words()).bytes(), Some(2 * 8));
    }

    #[test]
    fn unknown_codes_are_found() {
        for (codes, known) in [
            (0x0206_0007, true),
            (0x0206_0008, false),
            (0x0206_0307, true),
            (0x0206_0407, false),
            (0x0207_0007, false),
            (0x0306_0007, false),
        ] {
            let mut words = [0; 12];
            words[0] = codes;
            assert_eq!(Tensor::new(&words).is_known(), known, "{codes:x}");
        }
    }
}
