//! Opening a poem model.

use super::model::Poem;
use crate::error::Result;
use crate::model_file::ModelFile;
use std::path::Path;

/// A poem model's file in memory, checked, weights included.
pub struct PoemFile(ModelFile);

impl PoemFile {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// As [`ModelFile::open`], and where the file is no poem model.
    pub fn open(path: &Path) -> Result<Self> {
        Self::checked(ModelFile::open(path)?)
    }

    /// Checks a file that is in memory already; errors call it `name`.
    ///
    /// # Errors
    /// As [`PoemFile::open`].
    pub fn from_bytes(name: impl Into<String>, bytes: &[u8]) -> Result<Self> {
        Self::checked(ModelFile::from_bytes(name, bytes)?)
    }

    fn checked(file: ModelFile) -> Result<Self> {
        let file = Self(file);
        file.poem()?;
        Ok(file)
    }

    /// What errors call the file.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The poem model in the file.
    ///
    /// # Errors
    /// It is none; never after [`PoemFile::open`] succeeded.
    pub fn poem(&self) -> Result<Poem<'_>> {
        Poem::new(self.0.name(), self.0.model()?)
    }
}
