//! The folder of a run: empty when it begins, held while it goes on, with the model when it ends.

use super::tensors;
use crate::atomic;
use crate::engine::{self, Options};
use crate::error::{Error, Result};
use crate::onnx::ModelProto;
use prost::Message;
use std::fs::{File, TryLockError};
use std::path::Path;

/// Refuses a folder with something in it: a new run would write over it.
pub fn refuse_occupied(folder: &Path) -> Result<()> {
    let occupied = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    match occupied {
        false => Ok(()),
        true => Err(Error::usage(format!("{} is not empty", folder.display()))
            .hint("give another --out, or --resume to go on with the run in it")),
    }
}

/// Makes the folder.
pub fn create(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Error::environment(format!("cannot create {}: {error}", folder.display()))
            .hint("give an --out that is no file, where folders can be made")
    })
}

/// Holds the folder while the process lives: a second run in it would write over the checkpoint.
/// Where folders cannot be opened or locked, nothing is held.
pub fn hold(folder: &Path) -> Result<Option<File>> {
    let Ok(file) = File::open(folder) else {
        return Ok(None);
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Error::usage(format!(
            "another training is running in {}",
            folder.display()
        ))
        .hint("wait until it ends, or give another --out")),
        _ => Ok(Some(file)),
    }
}

/// Refuses to resume where there is no checkpoint at `path`.
pub fn require_checkpoint(path: &Path) -> Result<()> {
    match path.exists() {
        true => Ok(()),
        false => Err(Error::usage(format!(
            "{} does not exist: nothing to resume",
            path.display()
        ))
        .hint("give the --out of a run that was stopped, or leave --resume out")),
    }
}

/// Engine, device and threads: what the last bits of the weights depend on.
pub fn place(options: &Options) -> Result<String> {
    let device = format!("{:?}", options.device).to_lowercase();
    Ok(format!(
        "{}, {device}, {} threads",
        engine::version()?,
        options.threads
    ))
}

/// Says so where a run goes on elsewhere than it began, and gives the new place.
pub fn moved(before: &str, here: String) -> String {
    if here != before {
        eprintln!(
            "note: trained so far with {before}, from here with {here}: the weights will differ in \
             their last bits from those of an unbroken run"
        );
    }
    here
}

/// What a finished run leaves.
pub struct Outcome {
    /// The float model at batch 1.
    pub model: ModelProto,
    /// Its weights.
    pub weights: tensors::File,
    /// The recipe as JSON.
    pub recipe: String,
    /// Calibration samples.
    pub samples: tensors::File,
    /// The curves as SVG, where something was trained.
    pub loss: Option<String>,
    /// Figures.
    pub metrics: serde_json::Value,
}

impl Outcome {
    /// Writes all of it to `folder`, or nothing; returns the figures.
    pub fn write(self, folder: &Path) -> Result<serde_json::Value> {
        let mut figures = serde_json::to_string_pretty(&self.metrics).expect("plain data");
        figures.push('\n');
        let mut files = vec![
            ("model.onnx", self.model.encode_to_vec()),
            ("model.safetensors", self.weights.to_bytes()),
            ("recipe.json", self.recipe.into_bytes()),
            ("calibration.safetensors", self.samples.to_bytes()),
            ("metrics.json", figures.into_bytes()),
        ];
        files.extend(self.loss.map(|loss| ("loss.svg", loss.into_bytes())));
        let files: Vec<_> = files
            .into_iter()
            .map(|(name, bytes)| (folder.join(name), bytes))
            .collect();
        let files: Vec<_> = files
            .iter()
            .map(|(path, bytes)| (&**path, &**bytes))
            .collect();
        atomic::write_all(&files)?;
        Ok(self.metrics)
    }
}
