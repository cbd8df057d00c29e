//! Orders of a weight matrix's elements.
//!
//! A matrix has as many rows as its first dimension; everything behind it is a row of K elements. In
//! tiles of R rows, four elements of each row stand together, a *quad*, so that a word holds them:
//!
//! ```text
//! quads = ⌈K / 4⌉
//! byte of (row n, element k) = ((⌊n / R⌋ · quads + ⌊k / 4⌋) · R + n mod R) · 4 + k mod 4
//! ```
//!
//! Rows are padded with zeros to a multiple of R, their elements to one of four.
//!
//! *Wide* tiles have two bytes for each weight, extended from int8 once, offline, in the order in which
//! an instruction that multiplies pairs wants them: (0, 2), (1, 3) of each quad.

use super::DType;

/// Order of a constant's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Layout {
    /// Row-major.
    Plain = 0,
    /// Rows one behind the other, each padded to whole quads; int8 weights only, as the next two, or
    /// wide ones.
    Tile1 = 1,
    /// Tiles of four rows, wide ones too.
    Tile4 = 2,
    /// Tiles of sixteen rows.
    Tile16 = 3,
}

impl Layout {
    /// All layouts, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Tile1, Self::Tile4, Self::Tile16];

    /// Rows of a tile; 1 for the plain layout, which has none.
    #[must_use]
    pub const fn rows(self) -> usize {
        match self {
            Self::Plain | Self::Tile1 => 1,
            Self::Tile4 => 4,
            Self::Tile16 => 16,
        }
    }

    /// Most columns that a kernel multiplies with a tile at once.
    #[must_use]
    pub const fn columns(self) -> usize {
        match self {
            Self::Tile16 => 8,
            _ => 4,
        }
    }

    /// Bytes of a matrix in tiles, of int8 or wide; `None` where they overflow `u32`.
    #[must_use]
    pub fn bytes(self, rows: u32, k: u32, dtype: DType) -> Option<usize> {
        let elements = self.elements(rows, k)?;
        Some(elements.checked_mul(dtype.size() as u32)? as usize)
    }

    /// Elements of a matrix in tiles, the padding among them; `None` where they overflow.
    pub(crate) fn elements(self, rows: u32, k: u32) -> Option<u32> {
        // Powers of two: no division, which a small chip links code for.
        let padded = |n: u32, to: u32| Some(n.checked_add(to - 1)? & !(to - 1));
        let rows = padded(rows, self.rows() as u32)?;
        rows.checked_mul(padded(k, QUAD as u32)?)
    }

    /// Byte of element `k` of row `n` in tiles of rows of `quads` quads.
    #[must_use]
    pub const fn index(self, n: usize, k: usize, quads: usize) -> usize {
        // R is a power of two: no division.
        let shift = self.rows().trailing_zeros();
        let (tile, row) = (n >> shift, n & (self.rows() - 1));
        (((tile * quads + k / QUAD) << shift) + row) * QUAD + k % QUAD
    }

    /// Elements in the order of tiles, from rows of `k` elements; for use offline.
    pub fn pack(self, plain: &[i8], k: usize) -> impl Iterator<Item = i8> {
        let k = k.max(1);
        let (rows, quads) = (plain.len() / k, k.div_ceil(QUAD));
        let tiles = rows.div_ceil(self.rows());
        (0..tiles * self.rows() * quads * QUAD).map(move |index| {
            let (word, within) = (index / QUAD, index % QUAD);
            let (rest, row) = (word / self.rows(), word % self.rows());
            let (n, k_at) = (
                rest / quads * self.rows() + row,
                rest % quads * QUAD + within,
            );
            let inside = n < rows && k_at < k;
            plain
                .get(n * k + k_at)
                .copied()
                .filter(|_| inside)
                .unwrap_or(0)
        })
    }

    /// The plain elements of `packed`, what [`Layout::pack`] made of `rows` rows of `k`.
    pub fn unpack(self, packed: &[i8], rows: usize, k: usize) -> impl Iterator<Item = i8> {
        let quads = k.div_ceil(QUAD);
        let places = (0..rows).flat_map(move |n| (0..k).map(move |k| (n, k)));
        places.map(move |(n, k)| packed.get(self.index(n, k, quads)).copied().unwrap_or(0))
    }
}

/// Elements of a row that stand together in a tile.
pub const QUAD: usize = 4;

/// Tiles of int8 made wide.
pub fn widen(tiles: &[i8]) -> impl Iterator<Item = i16> {
    let (quads, _) = tiles.as_chunks::<QUAD>();
    let pairs = quads.iter().flat_map(|&[a, b, c, d]| [a, c, b, d]);
    pairs.map(i16::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn unpacking_undoes_packing((rows, k) in (1usize..40, 1usize..20), seed: u64) {
            let mut random = crate::random::Random::new(seed);
            let plain: Vec<i8> = (0..rows * k).map(|_| random.next_u32() as i8).collect();
            for layout in [Layout::Tile1, Layout::Tile4, Layout::Tile16] {
                let packed: Vec<i8> = layout.pack(&plain, k).collect();
                prop_assert_eq!(Some(packed.len()), layout.bytes(rows as u32, k as u32, DType::I8));
                for (n, row) in plain.chunks(k).enumerate() {
                    for (k_at, &value) in row.iter().enumerate() {
                        prop_assert_eq!(packed[layout.index(n, k_at, k.div_ceil(QUAD))], value);
                    }
                }
                prop_assert_eq!(&layout.unpack(&packed, rows, k).collect::<Vec<_>>(), &plain);
                let padding = packed.len() - plain.len();
                let zeros = packed.iter().filter(|&&value| value == 0).count();
                prop_assert!(zeros >= padding);
            }
        }
    }

    #[test]
    fn wide_quads_are_in_pairs() {
        let wide: Vec<i16> = widen(&[1, -2, 3, -4, 5, 6, 7, -128]).collect();
        assert_eq!(wide, [1, 3, -2, -4, 5, 7, 6, -128]);
    }

    #[test]
    fn a_tile_of_four_rows_is_a_quad_of_each() {
        let plain: Vec<i8> = (0..10).collect();
        let packed: Vec<i8> = Layout::Tile4.pack(&plain, 5).collect();
        let expected = [
            [0, 1, 2, 3],
            [5, 6, 7, 8],
            [0; 4],
            [0; 4],
            [4, 0, 0, 0],
            [9, 0, 0, 0],
            [0; 4],
            [0; 4],
        ];
        assert_eq!(packed, expected.concat());
    }
}
