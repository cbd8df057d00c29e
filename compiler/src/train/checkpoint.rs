//! Everything that training needs to go on as if it had never stopped.

use super::step::State;
use super::tensors::File;
use super::weights::Weights;
use crate::atomic;
use crate::engine::Tensor;
use crate::error::{Error, Result};
use crate::input_file;
use std::collections::BTreeMap;
use std::path::Path;

/// A training run between two steps.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// What the task needs to begin again: recipe, vocabulary, digest of the corpus.
    pub entries: BTreeMap<String, String>,
    /// Where it was trained: the same bits come from the same engine, device and threads only.
    pub place: String,
    /// Steps done.
    pub step: usize,
    /// Weights and moments.
    pub state: State,
    /// The best weights so far, where epochs have scores.
    pub best: Option<Best>,
    /// What each step reported.
    pub history: Vec<Vec<f32>>,
    /// One JSON object per validated epoch.
    pub epochs: Vec<serde_json::Value>,
}

/// The epoch of the best score.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Its number, from 1.
    pub epoch: usize,
    /// Its score.
    pub score: f64,
    /// Its weights.
    pub weights: Weights,
}

const PARTS: [&str; 4] = ["weights/", "first/", "second/", "average/"];
const BEST: &str = "best/";
const FORMAT: &str = "qibu-checkpoint-1";
/// Entries that are the checkpoint's own.
const OWN: [&str; 5] = ["format", "step", "epochs", "place", "best"];

impl Checkpoint {
    /// A run that begins.
    pub fn new(state: State, place: String, entries: BTreeMap<String, String>) -> Self {
        Self {
            entries,
            place,
            step: 0,
            state,
            best: None,
            history: Vec::new(),
            epochs: Vec::new(),
        }
    }

    /// The weights to export: the best epoch's where there is one, else the last.
    pub fn weights(&self) -> &Weights {
        match &self.best {
            Some(best) => &best.weights,
            None => self.state.best(),
        }
    }

    /// What the task left under `key`.
    pub fn entry(&self, key: &str) -> Result<&str> {
        let found = self.entries.get(key);
        let missing = || Error::input(format!("not a checkpoint: no {key}"));
        found.map(String::as_str).ok_or_else(missing)
    }

    /// The number under `key`.
    pub fn number(&self, key: &str) -> Result<usize> {
        let text = self.entry(key)?;
        text.parse()
            .map_err(|_| Error::input(format!("not a checkpoint: {key} is {text:?}")))
    }

    /// Writes the checkpoint, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut file = File::default();
        let state = &self.state;
        let parts = [&state.weights, &state.first, &state.second, &state.average];
        let best = self.best.iter().map(|best| (BEST, &best.weights));
        for (prefix, tensors) in PARTS.into_iter().zip(parts).chain(best) {
            for (name, tensor) in tensors {
                file.tensors
                    .insert(format!("{prefix}{name}"), tensor.clone());
            }
        }
        let columns = self.history.first().map_or(0, Vec::len);
        let rows = Tensor::f32(&[self.history.len(), columns], self.history.concat());
        file.tensors.insert("history".into(), rows);
        file.metadata = self.entries.clone();
        let mut entry = |key: &str, text: String| file.metadata.insert(key.into(), text);
        entry("format", FORMAT.into());
        entry("step", self.step.to_string());
        let epochs = serde_json::Value::from(self.epochs.clone());
        entry("epochs", epochs.to_string());
        entry("place", self.place.clone());
        if let Some(best) = &self.best {
            let about = serde_json::json!({"epoch": best.epoch, "score": best.score});
            entry("best", about.to_string());
        }
        atomic::write(path, &file.to_bytes())
    }

    /// Reads a checkpoint; whether it fits its recipe is [`Checkpoint::check`]'s to say.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = input_file::read(path, REMEDY)?;
        Self::parse(&bytes).map_err(|error| error.within(path.display()).hint(REMEDY))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let File {
            mut tensors,
            mut metadata,
        } = File::parse(bytes)?;
        let mut own = OWN.map(|key| metadata.remove(key));
        let mut take = |index: usize| {
            let missing = || Error::input(format!("not a checkpoint: no {}", OWN[index]));
            own[index].take().ok_or_else(missing)
        };
        let format = take(0)?;
        if format != FORMAT {
            let why = format!("not a checkpoint of this version, but {format:?}");
            return Err(Error::input(why));
        }
        let broken = |what: &str| Error::input(format!("not a checkpoint: {what}"));
        let text = take(1)?;
        let step: usize = text
            .parse()
            .map_err(|_| broken(&format!("step is {text:?}")))?;
        let epochs =
            serde_json::from_str(&take(2)?).map_err(|error| broken(&format!("epochs: {error}")))?;
        let place = take(3)?;
        let about = take(4).ok();
        let mut part = |prefix: &str| -> Weights {
            let names: Vec<String> = tensors
                .keys()
                .filter(|name| name.starts_with(prefix))
                .cloned()
                .collect();
            let moved = names.into_iter().filter_map(|name| {
                let tensor = tensors.remove(&name)?;
                Some((name[prefix.len()..].to_string(), tensor))
            });
            moved.collect()
        };
        let [weights, first, second, average] = PARTS.map(&mut part);
        let best_weights = part(BEST);
        let best = match about {
            None => None,
            Some(text) => {
                let about: serde_json::Value = serde_json::from_str(&text)
                    .map_err(|error| broken(&format!("best: {error}")))?;
                let (Some(epoch), Some(score)) = (about["epoch"].as_u64(), about["score"].as_f64())
                else {
                    return Err(broken("best has no epoch or score"));
                };
                Some(Best {
                    epoch: epoch as usize,
                    score,
                    weights: best_weights,
                })
            }
        };
        let history = match tensors.remove("history") {
            Some(rows) => rows,
            None => Tensor::f32(&[0, 0], Vec::new()),
        };
        let [rows, columns] = history.shape[..] else {
            return Err(broken("its history is no table"));
        };
        if rows != step {
            return Err(broken(&format!("{step} steps, but {rows} in its history")));
        }
        let history = history.as_f32("history")?.chunks(columns.max(1));
        Ok(Self {
            entries: metadata,
            place,
            step,
            history: history.map(<[f32]>::to_vec).collect(),
            epochs,
            best,
            state: State {
                weights,
                first,
                second,
                average,
            },
        })
    }

    /// Refuses a state that is not of the shapes of `start`, the state that its recipe begins with,
    /// or a history that has not `figures` numbers a step.
    pub fn check(&self, start: &State, figures: usize) -> Result<()> {
        let parts = |state: &State| {
            let State {
                weights,
                first,
                second,
                average,
            } = state.clone();
            [weights, first, second, average]
        };
        let pairs = parts(start).into_iter().zip(parts(&self.state));
        let mut pairs: Vec<(&str, Weights, Weights)> = PARTS
            .into_iter()
            .zip(pairs)
            .map(|(prefix, (wanted, found))| (prefix, wanted, found))
            .collect();
        if let Some(best) = &self.best {
            pairs.push((BEST, start.weights.clone(), best.weights.clone()));
        }
        for (prefix, wanted, found) in pairs {
            for (name, tensor) in &wanted {
                let fits = found
                    .get(name)
                    .is_some_and(|found| found.shape == tensor.shape && found.as_f32(name).is_ok());
                if !fits {
                    return Err(Error::input(format!(
                        "not a checkpoint of its recipe: {prefix}{name} is missing or has another \
                         shape"
                    )));
                }
            }
            if found.len() != wanted.len() {
                return Err(Error::input(format!(
                    "not a checkpoint of its recipe: {prefix} has tensors that the recipe lacks"
                )));
            }
        }
        if self.history.iter().any(|row| row.len() != figures) {
            return Err(Error::input("not a checkpoint of its recipe: its history"));
        }
        Ok(())
    }
}

/// What to do about a checkpoint that cannot be read.
pub const REMEDY: &str = "restore the file from a copy, or train anew into another --out";
