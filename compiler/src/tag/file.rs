//! Opening a tag model.

use super::labels::Labels;
use crate::error::{Error, Result};
use crate::model_file::ModelFile;
use crate::model_file::of::{FileOf, Kind};
use qibu::tag::{Tagger, TaggerError};

/// Tag models.
pub enum Taggers {}

/// A tag model's file in memory, checked, weights included.
pub type TagFile = FileOf<Taggers>;

impl Kind for Taggers {
    type Model<'f> = Tagger<'f>;

    fn model(file: &ModelFile) -> Result<Tagger<'_>> {
        let model = file.model()?;
        Tagger::new(&model).map_err(|error| {
            let name = file.name();
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
}

impl TagFile {
    /// The tagger in the file.
    ///
    /// # Errors
    /// As [`FileOf::model`].
    pub fn tagger(&self) -> Result<Tagger<'_>> {
        self.model()
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
