//! Opening a poem model.

use super::model::Poem;
use crate::error::Result;
use crate::model_file::ModelFile;
use crate::model_file::of::{FileOf, Kind};

/// Poem models.
pub enum Poems {}

/// A poem model's file in memory, checked, weights included.
pub type PoemFile = FileOf<Poems>;

impl Kind for Poems {
    type Model<'f> = Poem<'f>;

    fn model(file: &ModelFile) -> Result<Poem<'_>> {
        Poem::new(file.name(), file.model()?)
    }
}

impl PoemFile {
    /// The poem model in the file.
    ///
    /// # Errors
    /// As [`FileOf::model`].
    pub fn poem(&self) -> Result<Poem<'_>> {
        self.model()
    }
}
