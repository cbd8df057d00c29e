//! What the loop starts from: a new run or a checkpoint, and the couplets.

use super::super::checkpoint::Checkpoint;
use super::super::corpus::{self, Corpus, Encoded};
use super::super::poem;
use super::super::recipe::Recipe;
use super::super::step::State;
use super::Request;
use crate::engine::{self, Options};
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::fs::{File, TryLockError};
use std::path::Path;

/// What a run reads.
pub struct Data {
    /// Couplets to train on.
    pub train: Encoded,
    /// Couplets to measure on.
    pub valid: Option<Encoded>,
}

/// A new run.
pub fn begin(request: &Request, recipe: &Recipe) -> Result<(Checkpoint, Data)> {
    recipe.check()?;
    let occupied =
        std::fs::read_dir(&request.out).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        return Err(
            Error::usage(format!("{} is not empty", request.out.display()))
                .hint("give another --out, or --resume to go on with the run in it"),
        );
    }
    let corpus = Corpus::read(&request.corpus, recipe.form)?;
    let vocabulary = match &request.vocabulary {
        Some(path) => corpus::vocabulary_of(path)?,
        None => corpus.vocabulary(recipe.min_count),
    };
    let data = encode(request, &corpus, &vocabulary)?;
    poem::check_size(recipe, vocabulary.len())?;
    std::fs::create_dir_all(&request.out).map_err(|error| {
        Error::environment(format!("cannot create {}: {error}", request.out.display()))
            .hint("give an --out that is no file, where folders can be made")
    })?;
    let run = Checkpoint {
        recipe: recipe.clone(),
        corpus: digest(&data.train),
        place: place(&request.options)?,
        batch: recipe.batch.min(data.train.len()),
        step: 0,
        state: State::start(recipe, vocabulary.len()),
        history: Vec::new(),
        epochs: Vec::new(),
        vocabulary,
    };
    Ok((run, data))
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

/// The run that a checkpoint holds.
pub fn resume(request: &Request, path: &Path) -> Result<(Checkpoint, Data)> {
    if !path.exists() {
        return Err(Error::usage(format!(
            "{} does not exist: nothing to resume",
            path.display()
        ))
        .hint("give the --out of a run that was stopped, or leave --resume out"));
    }
    let mut run = Checkpoint::read(path)?;
    let corpus = Corpus::read(&request.corpus, run.recipe.form)?;
    let data = encode(request, &corpus, &run.vocabulary)?;
    if digest(&data.train) != run.corpus {
        return Err(Error::usage(format!(
            "{} is not the corpus that the checkpoint was trained on",
            request.corpus.display()
        ))
        .hint("give the same --corpus, or train anew into another --out"));
    }
    if run.batch == 0 || run.batch > data.train.len() {
        return Err(Error::input(format!(
            "{}: a batch of {} couplets does not fit the corpus",
            path.display(),
            run.batch
        )));
    }
    let here = place(&request.options)?;
    if here != run.place {
        eprintln!(
            "note: trained so far with {}, from here with {here}: the weights will differ in \
             their last bits from those of an unbroken run",
            run.place
        );
        run.place = here;
    }
    Ok((run, data))
}

/// Engine, device and threads: what the last bits of the weights depend on.
fn place(options: &Options) -> Result<String> {
    let device = format!("{:?}", options.device).to_lowercase();
    Ok(format!(
        "{}, {device}, {} threads",
        engine::version()?,
        options.threads
    ))
}

fn encode(request: &Request, corpus: &Corpus, vocabulary: &[char]) -> Result<Data> {
    let train = corpus.encode(vocabulary);
    if train.is_empty() && request.recipe.is_some() {
        return Err(Error::input(format!(
            "{}: every couplet has a character outside the vocabulary",
            request.corpus.display()
        ))
        .hint("lower --set min_count=…, or give a --vocab that fits the corpus"));
    }
    let valid = match &request.valid {
        None => None,
        Some(path) => {
            let valid = Corpus::read(path, corpus.form)?.encode(vocabulary);
            if valid.is_empty() {
                return Err(Error::input(format!(
                    "{}: every couplet has a character outside the vocabulary",
                    path.display()
                ))
                .hint("give a --valid of the same kind of text as the corpus"));
            }
            Some(valid)
        }
    };
    Ok(Data { train, valid })
}

fn digest(corpus: &Encoded) -> String {
    let mut hash = Sha256::new();
    for id in &corpus.ids {
        hash.update(id.to_le_bytes());
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
