//! Files that hold one kind of model, checked once: a tagger's, a poem's.
//!
//! A model borrows its file, so the file is what is kept, and the model is made of it where it is
//! used, which is cheap beside running it.

use super::ModelFile;
use crate::error::Result;
use std::marker::PhantomData;
use std::path::Path;

/// A kind of model.
pub trait Kind {
    /// Such a model in a file.
    type Model<'f>;

    /// The model in `file`.
    ///
    /// # Errors
    /// It is none of this kind.
    fn model(file: &ModelFile) -> Result<Self::Model<'_>>;
}

/// A file in memory that holds a model of kind `K`, checked, weights included.
pub struct FileOf<K>(ModelFile, PhantomData<K>);

impl<K: Kind> FileOf<K> {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// As [`ModelFile::open`], and where the file holds no such model.
    pub fn open(path: &Path) -> Result<Self> {
        Self::checked(ModelFile::open(path)?)
    }

    /// Checks a file that is in memory already; errors call it `name`.
    ///
    /// # Errors
    /// As [`FileOf::open`].
    pub fn from_bytes(name: impl Into<String>, bytes: &[u8]) -> Result<Self> {
        Self::checked(ModelFile::from_bytes(name, bytes)?)
    }

    fn checked(file: ModelFile) -> Result<Self> {
        K::model(&file)?;
        Ok(Self(file, PhantomData))
    }

    /// What errors call the file.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Bytes of the file.
    #[must_use]
    pub fn flash(&self) -> usize {
        self.0.bytes().len()
    }

    /// The model in the file.
    ///
    /// # Errors
    /// Never: a file without one is not opened.
    pub fn model(&self) -> Result<K::Model<'_>> {
        K::model(&self.0)
    }
}
