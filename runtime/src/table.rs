//! Named tables: constants of a file that no step reads, found by name.
//!
//! ```text
//! table(name) = the first tensor in the weights section that has this name
//! ```
//!
//! `load` has checked range and alignment as of every tensor. What the numbers mean is between
//! writer and reader, and no safety property depends on them.

use crate::format::{DType, Place, Tensor};
use crate::model::Model;
use bytemuck::AnyBitPattern;

/// A named constant; borrows the file.
#[derive(Clone, Copy, Debug)]
pub struct Table<'m> {
    record: Tensor<'m>,
    bytes: &'m [u8],
}

impl<'m> Table<'m> {
    /// Element type, shape and quantisation.
    #[must_use]
    pub fn record(&self) -> Tensor<'m> {
        self.record
    }

    /// Dimensions.
    #[must_use]
    pub fn shape(&self) -> &'m [u32] {
        self.record.shape()
    }

    /// The bytes, whatever the element type.
    #[must_use]
    pub fn bytes(&self) -> &'m [u8] {
        self.bytes
    }

    /// Elements of an f32 table.
    #[must_use]
    pub fn f32(&self) -> Option<&'m [f32]> {
        self.elements(DType::F32)
    }

    /// Elements of an int8 table.
    #[must_use]
    pub fn i8(&self) -> Option<&'m [i8]> {
        self.elements(DType::I8)
    }

    /// Elements of an int16 table.
    #[must_use]
    pub fn i16(&self) -> Option<&'m [i16]> {
        self.elements(DType::I16)
    }

    /// Elements of an int16 table whose bits stand for 0…65,535.
    #[must_use]
    pub fn u16(&self) -> Option<&'m [u16]> {
        self.elements(DType::I16)
    }

    /// Elements of an int32 table.
    #[must_use]
    pub fn i32(&self) -> Option<&'m [i32]> {
        self.elements(DType::I32)
    }

    fn elements<T: AnyBitPattern>(&self, dtype: DType) -> Option<&'m [T]> {
        if self.record.dtype() != dtype {
            return None;
        }
        bytemuck::try_cast_slice(self.bytes).ok()
    }
}

impl<'m> Model<'m> {
    /// Named tables with their names, in file order.
    pub fn tables(&self) -> impl Iterator<Item = (&'m str, Table<'m>)> + use<'m> {
        let model = *self;
        (0..self.tensors() as u32).filter_map(move |index| {
            let record = model.tensor(index)?;
            if record.place() != Place::Weights || record.name().1 == 0 {
                return None;
            }
            let bytes = model.constant(record)?;
            Some((model.tensor_name(record), Table { record, bytes }))
        })
    }

    /// The table called `name`.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<Table<'m>> {
        self.tables()
            .find(|&(other, _)| other == name)
            .map(|(_, table)| table)
    }
}
