//! Opening a tag model.

use super::labels::Labels;
use crate::error::{Error, Result};
use crate::model_file::ModelFile;
use qibu::tag::{Tagger, TaggerError};
use std::path::Path;

/// A tag model's file in memory, checked, weights included.
pub struct TagFile(ModelFile);

impl TagFile {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// As [`ModelFile::open`], and where the file is no tag model.
    pub fn open(path: &Path) -> Result<Self> {
        Self::checked(ModelFile::open(path)?)
    }

    /// Checks a file that is in memory already; errors call it `name`.
    ///
    /// # Errors
    /// As [`TagFile::open`].
    pub fn from_bytes(name: impl Into<String>, bytes: &[u8]) -> Result<Self> {
        Self::checked(ModelFile::from_bytes(name, bytes)?)
    }

    fn checked(file: ModelFile) -> Result<Self> {
        let file = Self(file);
        file.tagger()?;
        Ok(file)
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

    /// The tagger in the file.
    ///
    /// # Errors
    /// It is none; never after [`TagFile::open`] succeeded.
    pub fn tagger(&self) -> Result<Tagger<'_>> {
        let model = self.0.model()?;
        Tagger::new(&model).map_err(|error| {
            let name = self.name();
            if error == TaggerError::Function {
                let functions: Vec<&str> =
                    model.functions().map(|function| function.name()).collect();
                let task = model.metadata().get("task").unwrap_or("unknown");
                return Error::input(format!(
                    "{name}: not a tag model (task {task}, functions {}); expected a function emit",
                    functions.join(", ")
                ))
                .hint(TRAIN);
            }
            let hint = match error {
                TaggerError::Transitions => {
                    "`qibu compile` takes transitions from the ONNX metadata `qibu.crf`; \
                     `qibu train tagger` writes it"
                }
                _ => TRAIN,
            };
            Error::input(format!("{name}: not a tag model: {error}")).hint(hint)
        })
    }

    /// The labels.
    ///
    /// # Errors
    /// As [`TagFile::tagger`].
    pub fn labels(&self) -> Result<Labels> {
        Ok(Labels::new(self.tagger()?.labels()))
    }
}

const TRAIN: &str = "`qibu train tagger` and then `qibu compile` make a tag model";
