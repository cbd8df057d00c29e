//! `qibu train poem --export-from`: the outputs of trained weights, written anew without training.

use super::super::corpus::Corpus;
use super::super::pairs::Pairs;
use super::super::recipe::Recipe;
use super::super::task::Task;
use super::super::{model, output};
use super::{Request, prepare};
use crate::engine;
use crate::error::{Error, Result};
use crate::input_file;
use crate::train::folder;
use crate::train::json::Fields;
use crate::train::tensors::File;
use std::path::Path;

/// What the flag takes.
const REMEDY: &str = "--export-from takes the model.safetensors that `qibu train poem` wrote";

/// Writes what the weights at `path`, a `model.safetensors`, need the corpus for: `model.onnx` with
/// its tables, and all beside it but the loss curve.
pub fn export(request: &Request, path: &Path) -> Result<serde_json::Value> {
    engine::require(request.options.device)?;
    let bytes = input_file::read(path, REMEDY)?;
    let about = |error: Error| error.within(path.display()).hint(REMEDY);
    let mut file = File::parse(&bytes).map_err(about)?;
    let mut entry = |key: &str| {
        let missing = || about(Error::input(format!("not a poem model: no {key}")));
        file.metadata.remove(key).ok_or_else(missing)
    };
    let mut recipe = Recipe::parse(&entry("recipe")?).map_err(about)?;
    let vocabulary: Vec<char> = entry("vocab")?.chars().collect();
    recipe.retouch(&request.settings)?;
    recipe.check().map_err(about)?;
    model::check_plain(&recipe, &file.tensors, vocabulary.len()).map_err(about)?;
    folder::refuse_occupied(&request.out)?;
    let corpus = Corpus::read(&request.corpus, recipe.form)?;
    let (train, valid) = prepare::encode(request, &corpus, &vocabulary, false)?;
    let pairs = Pairs::read(&request.corpus, &recipe, &vocabulary)?;
    folder::create(&request.out)?;
    let _held = folder::hold(&request.out)?;
    let task = Task {
        batch: recipe.batch,
        recipe,
        vocabulary,
        train,
        valid,
        pairs,
        options: request.options,
        order: None,
    };
    output::export(&task, &file.tensors, &request.options)?.write(&request.out)
}
