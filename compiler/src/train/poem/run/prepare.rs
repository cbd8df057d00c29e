//! What the loop starts from: a new run or a checkpoint, and the poems.

use super::super::corpus::{self, Corpus, Encoded};
use super::super::model;
use super::super::pairs::Pairs;
use super::super::recipe::Recipe;
use super::super::task::Task;
use super::Request;
use crate::error::{Error, Result};
use crate::train::checkpoint::{Checkpoint, REMEDY};
use crate::train::folder;
use crate::train::json::Fields;
use crate::train::step::State;
use crate::train::task::Task as _;
use sha2::{Digest, Sha256};
use std::path::Path;

/// A new run.
pub fn begin(request: &Request, recipe: &Recipe) -> Result<(Checkpoint, Task)> {
    recipe.check()?;
    folder::refuse_occupied(&request.out)?;
    let corpus = Corpus::read(&request.corpus, recipe.form)?;
    let vocabulary = match &request.vocabulary {
        Some(path) => corpus::vocabulary_of(path)?,
        None => corpus.vocabulary(recipe.min_count),
    };
    let (train, valid) = encode(request, &corpus, &vocabulary, false)?;
    model::check_size(recipe, vocabulary.len())?;
    let pairs = Pairs::read(&request.corpus, recipe, &vocabulary)?;
    folder::create(&request.out)?;
    let batch = recipe.batch.min(train.len());
    let entries = [
        ("recipe", recipe.to_json()),
        ("vocab", vocabulary.iter().collect()),
        ("corpus", digest(&train)),
        ("batch", batch.to_string()),
        ("seed", recipe.seed.to_string()),
    ];
    let entries = entries
        .into_iter()
        .map(|(key, text)| (key.to_string(), text));
    let task = Task {
        recipe: recipe.clone(),
        vocabulary,
        train,
        valid,
        pairs,
        batch,
        options: request.options,
        order: None,
    };
    let place = folder::place(&request.options)?;
    let run = Checkpoint::new(State::start(&task), place, entries.collect());
    Ok((run, task))
}

/// The run that a checkpoint holds.
pub fn resume(request: &Request, path: &Path) -> Result<(Checkpoint, Task)> {
    folder::require_checkpoint(path)?;
    let mut run = Checkpoint::read(path)?;
    let about = |error: Error| error.within(path.display()).hint(REMEDY);
    let mut recipe = Recipe::parse(run.entry("recipe").map_err(about)?).map_err(about)?;
    recipe.retouch(&request.settings)?;
    run.entries.insert("recipe".into(), recipe.to_json());
    recipe.check().map_err(about)?;
    let vocabulary: Vec<char> = run.entry("vocab").map_err(about)?.chars().collect();
    let batch = run.number("batch").map_err(about)?;
    model::check_size(&recipe, vocabulary.len()).map_err(about)?;
    let corpus = Corpus::read(&request.corpus, recipe.form)?;
    let (train, valid) = encode(request, &corpus, &vocabulary, true)?;
    if digest(&train) != run.entry("corpus").map_err(about)? {
        return Err(Error::usage(format!(
            "{} is not the corpus that the checkpoint was trained on",
            request.corpus.display()
        ))
        .hint("give the same --corpus, or train anew into another --out"));
    }
    if batch == 0 || batch > train.len() {
        return Err(Error::input(format!(
            "{}: a batch of {batch} poems does not fit the corpus",
            path.display()
        )));
    }
    let pairs = Pairs::read(&request.corpus, &recipe, &vocabulary)?;
    let task = Task {
        recipe,
        vocabulary,
        train,
        valid,
        pairs,
        batch,
        options: request.options,
        order: None,
    };
    run.check(&State::start(&task), task.figures())
        .map_err(about)?;
    run.place = folder::moved(&run.place, folder::place(&request.options)?);
    Ok((run, task))
}

/// The poems to learn from and to measure on, as ids. A resumed run has poems, or another corpus:
/// its caller finds out.
pub fn encode(
    request: &Request,
    corpus: &Corpus,
    vocabulary: &[char],
    resumed: bool,
) -> Result<(Encoded, Option<Encoded>)> {
    let train = corpus.encode(vocabulary);
    if train.is_empty() && !resumed {
        return Err(Error::input(format!(
            "{}: every poem has a character outside the vocabulary",
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
                    "{}: every poem has a character outside the vocabulary",
                    path.display()
                ))
                .hint("give a --valid of the same kind of text as the corpus"));
            }
            Some(valid)
        }
    };
    Ok((train, valid))
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
