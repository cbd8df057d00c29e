//! What the loop starts from: a new run or a checkpoint, and the texts.

use super::super::batch::Source;
use super::super::corpus::{Corpus, Format};
use super::super::recipe::Recipe;
use super::super::task::Task;
use super::super::validate::Valid;
use super::super::vocabulary::Vocabulary;
use super::super::{model, prune};
use super::Request;
use crate::error::{Error, Result};
use crate::tag::score::Known;
use crate::train::checkpoint::{Checkpoint, REMEDY};
use crate::train::folder;
use crate::train::json::Fields;
use crate::train::step::State;
use crate::train::task::Task as _;
use crate::train::weights;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What all restarts read.
pub struct Data {
    /// Texts to learn from.
    pub train: Corpus,
    /// Texts to measure on.
    pub valid: Option<Corpus>,
    vocabulary: Vocabulary,
    known: BTreeSet<String>,
    digest: String,
    /// Digest of the texts to measure on; `none` without them.
    judge: String,
}

/// What a checkpoint calls the digest of the texts to measure on.
const VALID: &str = "valid";

impl Data {
    /// Reads the files.
    pub fn read(request: &Request, recipe: &Recipe, format: Format) -> Result<Self> {
        let train = Corpus::read(&request.corpus, format, None)?;
        let known = Some(&train.labels[..]);
        let valid = match &request.valid {
            Some(path) => Some(Corpus::read(path, format, known)?),
            None => None,
        };
        let letters = train.texts.iter().map(|text| &text.characters[..]);
        let pair_min_count = match recipe.has_pairs() {
            true => recipe.pair_min_count,
            false => 0,
        };
        let labels = train.labels.clone();
        let vocabulary = Vocabulary::count(letters, labels, recipe.min_count, pair_min_count);
        if vocabulary.characters.is_empty() {
            return Err(Error::input(format!(
                "{}: no character occurs {} times",
                request.corpus.display(),
                recipe.min_count
            ))
            .hint("lower --set min_count=…"));
        }
        if recipe.has_pairs() && vocabulary.pairs.is_empty() {
            return Err(Error::input(format!(
                "{}: no pair of characters occurs {} times",
                request.corpus.display(),
                recipe.pair_min_count
            ))
            .hint("lower --set pair_min_count=…, or --set pair_embedding=0"));
        }
        weights::check_size(&model::parameters(recipe, vocabulary.sizes()))?;
        Ok(Self {
            digest: digest(&train),
            judge: valid.as_ref().map_or_else(|| "none".into(), digest),
            known: match train.names().are_words() {
                true => train.words(),
                false => BTreeSet::new(),
            },
            train,
            valid,
            vocabulary,
        })
    }
}

/// The recipe and format of the run in the folder of `request`.
pub fn recipe_of(request: &Request) -> Result<(Recipe, Format)> {
    let single = request.out.join("checkpoint.safetensors");
    let first = request.out.join("restart-1").join("checkpoint.safetensors");
    let path = match first.exists() {
        true => first,
        false => single,
    };
    folder::require_checkpoint(&path)?;
    let run = Checkpoint::read(&path)?;
    let about = |error: Error| error.within(path.display()).hint(REMEDY);
    let recipe = Recipe::parse(run.entry("recipe").map_err(about)?).map_err(about)?;
    recipe.check().map_err(about)?;
    let format: Format = run
        .entry("corpus_format")
        .and_then(str::parse)
        .map_err(about)?;
    match request.format {
        Some(other) if other != format => Err(Error::usage(format!(
            "the run was trained with --format {}",
            format.name()
        ))
        .hint("leave --format out with --resume")),
        _ => Ok((recipe, format)),
    }
}

/// Restart `number` (from 0): the checkpoint at `path` where there is one, else a new run.
pub fn open(
    request: &Request,
    recipe: &Recipe,
    data: &Data,
    number: usize,
    path: &Path,
) -> Result<(Checkpoint, Task)> {
    let own = Recipe {
        seed: recipe.seed.wrapping_add(number as u64),
        ..recipe.clone()
    };
    let format = data.train.format;
    let texts = data.train.texts.clone();
    let source = Source::new(&own, texts, &data.vocabulary, format == Format::Words);
    let valid = data.valid.as_ref().map(|valid| Valid {
        texts: valid.texts.clone(),
        known: Known::Words(data.known.clone()),
        labels: data.train.names(),
    });
    let vocabulary = data.vocabulary.clone();
    let mut task = Task::new(own, vocabulary, format, source, valid, request.options);
    let place = folder::place(&request.options)?;
    let start = State::start(&task);
    if !path.exists() {
        let entries = [
            ("recipe", recipe.to_json()),
            ("corpus", data.digest.clone()),
            (VALID, data.judge.clone()),
            ("corpus_format", format.name().into()),
            ("seed", task.recipe.seed.to_string()),
        ];
        let entries: BTreeMap<String, String> = entries
            .into_iter()
            .map(|(key, text)| (key.to_string(), text))
            .collect();
        return Ok((Checkpoint::new(start, place, entries), task));
    }
    let mut run = Checkpoint::read(path)?;
    let about = |error: Error| error.within(path.display()).hint(REMEDY);
    if run.entry("corpus").map_err(about)? != data.digest {
        return Err(Error::usage(format!(
            "{} is not the corpus that the checkpoint was trained on",
            request.corpus.display()
        ))
        .hint("give the same --corpus, or train anew into another --out"));
    }
    // Scores of two files cannot be compared: the best epoch would be chosen by chance.
    if run.entry(VALID).is_ok_and(|before| before != data.judge) {
        let what = match &request.valid {
            Some(path) => format!(
                "{} is not the file that the run was measured on",
                path.display()
            ),
            None => "the run was measured on a file".into(),
        };
        return Err(
            Error::usage(what).hint("give the same --valid, or train anew into another --out")
        );
    }
    if run.entry("recipe").map_err(about)? != recipe.to_json() {
        let why = Error::input("a checkpoint of another recipe than the first restart's");
        return Err(about(why));
    }
    run.check(&start, task.figures()).map_err(about)?;
    if let Ok(text) = run.entry(prune::ENTRY) {
        let rows = data.vocabulary.pairs.len() + 1;
        task.kept = Some(prune::from_text(text, rows).map_err(about)?);
    }
    run.place = folder::moved(&run.place, place);
    Ok((run, task))
}

/// A digest of texts and labels: resuming on others would be another run.
fn digest(corpus: &Corpus) -> String {
    let mut hash = Sha256::new();
    hash.update(corpus.labels.join(" "));
    for text in &corpus.texts {
        let characters: String = text.characters.iter().collect();
        hash.update([0xFF]);
        hash.update(characters);
        hash.update([0xFF]);
        hash.update(&text.tags);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
