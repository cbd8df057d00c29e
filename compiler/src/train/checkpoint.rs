//! Everything that training needs to go on as if it had never stopped.

use super::poem;
use super::recipe::Recipe;
use super::step::{Metrics, State};
use super::tensors::File;
use crate::atomic;
use crate::engine::Tensor;
use crate::error::{Error, Result};
use crate::input_file;
use std::path::Path;

/// A training run between two steps.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The recipe as trained.
    pub recipe: Recipe,
    /// The characters, by id.
    pub vocabulary: Vec<char>,
    /// Digest of the training couplets: resuming on others would be another run.
    pub corpus: String,
    /// Where it was trained: the same bits come from the same engine, device and threads only.
    pub place: String,
    /// Couplets per step.
    pub batch: usize,
    /// Steps done.
    pub step: usize,
    /// Weights and moments.
    pub state: State,
    /// What each step reported.
    pub history: Vec<Metrics>,
    /// One JSON object per validated epoch.
    pub epochs: Vec<serde_json::Value>,
}

const PARTS: [&str; 3] = ["weights/", "first/", "second/"];

impl Checkpoint {
    /// Writes the checkpoint, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut file = File::default();
        let parts = [&self.state.weights, &self.state.first, &self.state.second];
        for (prefix, tensors) in PARTS.iter().zip(parts) {
            for (name, tensor) in tensors {
                file.tensors
                    .insert(format!("{prefix}{name}"), tensor.clone());
            }
        }
        let rows = self
            .history
            .iter()
            .flat_map(|metrics| [metrics.loss, metrics.reconstruction, metrics.divergence]);
        let history = Tensor::f32(&[self.history.len(), 3], rows.collect());
        file.tensors.insert("history".into(), history);
        let entries = [
            ("format", "qibu-checkpoint-1".to_string()),
            ("recipe", self.recipe.to_json()),
            ("vocab", self.vocabulary.iter().collect()),
            ("corpus", self.corpus.clone()),
            ("batch", self.batch.to_string()),
            ("step", self.step.to_string()),
            ("seed", self.recipe.seed.to_string()),
            (
                "epochs",
                serde_json::Value::from(self.epochs.clone()).to_string(),
            ),
            ("place", self.place.clone()),
        ];
        let entries = entries
            .into_iter()
            .map(|(key, text)| (key.to_string(), text));
        file.metadata = entries.collect();
        atomic::write(path, &file.to_bytes())
    }

    /// Reads a checkpoint.
    pub fn read(path: &Path) -> Result<Self> {
        let remedy = "restore the file from a copy, or train anew into another --out";
        let bytes = input_file::read(path, remedy)?;
        Self::parse(&bytes).map_err(|error| error.within(path.display()).hint(remedy))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let mut file = File::parse(bytes)?;
        let entry = |key: &str| {
            file.metadata
                .get(key)
                .cloned()
                .ok_or_else(|| Error::input(format!("not a checkpoint: no {key}")))
        };
        let number = |key: &str| {
            let text = entry(key)?;
            text.parse::<usize>()
                .map_err(|_| Error::input(format!("not a checkpoint: {key} is {text:?}")))
        };
        let recipe = Recipe::parse(&entry("recipe")?)?;
        recipe.check()?;
        let [batch, step] = [number("batch")?, number("step")?];
        let vocabulary: Vec<char> = entry("vocab")?.chars().collect();
        let [corpus, place] = [entry("corpus")?, entry("place")?];
        let epochs = serde_json::from_str(&entry("epochs")?)
            .map_err(|error| Error::input(format!("not a checkpoint: epochs: {error}")))?;
        let rows = match file.tensors.remove("history") {
            Some(rows) => rows.as_f32("history")?.to_vec(),
            None => Vec::new(),
        };
        let history = rows.chunks_exact(3).map(|row| Metrics {
            loss: row[0],
            reconstruction: row[1],
            divergence: row[2],
        });
        if rows.len() != 3 * step {
            return Err(Error::input(format!(
                "not a checkpoint: {step} steps, but {} in its history",
                rows.len() / 3
            )));
        }
        poem::check_size(&recipe, vocabulary.len())?;
        let mut state = State::start(&recipe, vocabulary.len());
        let parts = [&mut state.weights, &mut state.first, &mut state.second];
        for (prefix, tensors) in PARTS.iter().zip(parts) {
            for (name, tensor) in tensors.iter_mut() {
                let found = file.tensors.remove(&format!("{prefix}{name}"));
                match found {
                    Some(found) if found.shape == tensor.shape => *tensor = found,
                    _ => {
                        return Err(Error::input(format!(
                            "not a checkpoint of its recipe: {prefix}{name} is missing or has \
                             another shape"
                        )));
                    }
                }
            }
        }
        Ok(Self {
            recipe,
            vocabulary,
            corpus,
            place,
            batch,
            step,
            state,
            history: history.collect(),
            epochs,
        })
    }
}
