//! A tagger's network as floats in ONNX Runtime, on one thread, with our Viterbi behind it.
//!
//! ```text
//! the stream: R PADs, then each line and R PADs
//! for each window of it: ids and pairs → emissions of its middle
//! for each line: Viterbi over its emissions, words with blanks between them
//! ```

use prost::Message;
use qibu::decode::crf::{self, Scratch, fixed};
use qibu::tag::{PAD, Tagger};
use qibu_compiler::engine::{Options, Session, Tensor};
use qibu_compiler::error::{Error, Result};
use qibu_compiler::input_file;
use qibu_compiler::onnx::ModelProto;
use qibu_compiler::tag::labels::Labels;
use qibu_compiler::train::tagger::export::model;
use qibu_compiler::train::tagger::model::{CRF, parameters};
use qibu_compiler::train::tagger::recipe::Recipe;
use qibu_compiler::train::tagger::transitions::Transitions;
use qibu_compiler::train::tagger::vocabulary::Vocabulary;
use qibu_compiler::train::weights::Weights;
use std::path::Path;

/// The network in ONNX Runtime.
pub struct Rival<'m> {
    tagger: Tagger<'m>,
    labels: Labels,
    session: Session,
    window: usize,
}

/// The model.onnx beside `model`.
///
/// # Errors
/// There is none.
pub fn beside(model: &Path) -> Result<Vec<u8>> {
    input_file::read(
        &model.with_file_name("model.onnx"),
        "copy it beside the model",
    )
}

/// The same with a longer window, built as training builds it from the recipe beside it.
///
/// # Errors
/// A file is missing or of another model.
pub fn longer(path: &Path, window: usize) -> Result<Vec<u8>> {
    let remedy = "only `qibu train tagger` leaves it";
    let onnx = beside(path)?;
    let onnx = ModelProto::decode(&onnx[..])
        .map_err(|error| Error::input(format!("model.onnx: {error}")))?;
    let text = input_file::read_text(&path.with_file_name("recipe.json"), remedy)?;
    let recipe: Recipe = serde_json::from_str(&text)
        .map_err(|error| Error::input(format!("recipe.json: {error}")))?;
    let recipe = Recipe { window, ..recipe };
    let metadata = |key: &str| {
        let found = onnx.metadata_props.iter().find(|entry| entry.key == key);
        found.map_or("", |entry| entry.value.as_str())
    };
    let pairs: Vec<char> = metadata("qibu.pairs").chars().collect();
    let vocabulary = Vocabulary {
        characters: metadata("qibu.vocab").chars().collect(),
        pairs: pairs.as_chunks::<2>().0.to_vec(),
        labels: metadata("qibu.labels")
            .split(' ')
            .map(str::to_owned)
            .collect(),
    };
    let initializers = onnx.graph.iter().flat_map(|graph| &graph.initializer);
    let weights = initializers
        .filter(|tensor| tensor.raw_data.len() % 4 == 0)
        .map(|tensor| {
            let shape: Vec<usize> = tensor.dims.iter().map(|&dim| dim as usize).collect();
            let words = tensor.raw_data.as_chunks::<4>().0.iter();
            let values: Vec<f32> = words.map(|&word| f32::from_le_bytes(word)).collect();
            (tensor.name.clone(), shape, values)
        });
    let weights: Weights = weights
        // Integers have other lengths than their shapes say; the network needs none.
        .filter(|(_, shape, values)| shape.iter().product::<usize>() == values.len())
        .map(|(name, shape, values)| (name, Tensor::f32(&shape, values)))
        .collect();
    let wanted = parameters(&recipe, vocabulary.sizes());
    let network = wanted
        .iter()
        .filter(|(name, ..)| !CRF.contains(&name.as_str()));
    for (name, shape, _) in network {
        if weights
            .get(name)
            .is_none_or(|tensor| tensor.shape != *shape)
        {
            let message = format!("model.onnx has no weights {name} as recipe.json wants them");
            return Err(Error::input(message).hint(remedy));
        }
    }
    // Decoding takes the transitions of the .qibu file.
    let tags = vocabulary.labels.len();
    let transitions = Transitions {
        tags,
        start: vec![0.0; tags],
        transitions: vec![0.0; tags * tags],
        end: vec![0.0; tags],
    };
    Ok(model(&recipe, &weights, &vocabulary, &transitions).encode_to_vec())
}

impl<'m> Rival<'m> {
    /// `onnx` in ONNX Runtime, with ids and transitions of `tagger`.
    ///
    /// # Errors
    /// There is no ONNX Runtime, or it refuses the model.
    pub fn new(tagger: Tagger<'m>, onnx: &[u8]) -> Result<Self> {
        let options = Options {
            optimise: true,
            deterministic: false,
            ..Options::default()
        };
        let session = Session::load(onnx, &options)?;
        let ids = session
            .arguments()
            .iter()
            .find(|(name, ..)| name == "ids")
            .map(|(.., shape)| shape.iter().product::<usize>());
        let window = ids.and_then(|ids| ids.checked_sub(2 * tagger.reach()));
        let window = window.filter(|&window| window > 0);
        Ok(Self {
            tagger,
            labels: Labels::new(tagger.labels()),
            session,
            window: window.ok_or_else(|| Error::input("model.onnx has another window"))?,
        })
    }

    /// Cuts `lines` into words; how many there are.
    ///
    /// # Errors
    /// ONNX Runtime or the decoder fails.
    pub fn words(&mut self, lines: &[String]) -> Result<usize> {
        let scores = self.scores(lines)?;
        let tags = self.tagger.tags();
        let mut rest = &scores[..];
        let mut out = String::new();
        for line in lines {
            let length = line.chars().count();
            let (scores, behind) = rest.split_at(length * tags);
            rest = behind;
            let mut found = vec![0; length];
            let scratch = Scratch {
                scores: &mut vec![0; crf::viterbi_scores(tags)],
                pointers: &mut vec![0; crf::viterbi_pointers(tags, length)],
            };
            crf::viterbi(&self.tagger.crf(), scores, None, scratch, &mut found)
                .map_err(|error| Error::input(format!("Viterbi: {error}")))?;
            let mut previous = None;
            for (character, &tag) in line.chars().zip(&found) {
                let role = self.labels.role(tag);
                if previous.is_some() && role.is_none_or(|role| role.begins(previous)) {
                    out.push(' ');
                }
                previous = role;
                out.push(character);
            }
            out.push('\n');
        }
        Ok(out.split_ascii_whitespace().count())
    }

    /// Fixed-point scores of all characters of `lines`.
    fn scores(&mut self, lines: &[String]) -> Result<Vec<i32>> {
        let (window, reach, tags) = (self.window, self.tagger.reach(), self.tagger.tags());
        let mut ids = vec![PAD; reach];
        for line in lines {
            ids.extend(line.chars().map(|character| self.tagger.id(character)));
            ids.extend(std::iter::repeat_n(PAD, reach));
        }
        let positions = ids.len() - 2 * reach;
        ids.resize(positions.next_multiple_of(window) + 2 * reach, PAD);
        let mut scores = Vec::new();
        for start in (0..positions).step_by(window) {
            let part = &ids[start..][..window + 2 * reach];
            let wide: Vec<i64> = part.iter().map(|&id| id.into()).collect();
            let mut inputs = vec![("ids", Tensor::i64(&[1, part.len()], wide))];
            if self.tagger.has_pairs() {
                let pair = |pair: &[i32]| self.tagger.pair(pair[0], pair[1]).into();
                let pairs: Vec<i64> = part.windows(2).map(pair).collect();
                inputs.push(("pairs", Tensor::i64(&[1, pairs.len()], pairs)));
            }
            let outputs = self.session.values(&inputs)?;
            let emissions = outputs.first().map(|tensor| tensor.as_f32("emissions"));
            let emissions = emissions.unwrap_or_else(|| Err(Error::input("no output")))?;
            let middle = part[reach..].iter().zip(emissions.chunks(tags));
            for (_, row) in middle.filter(|&(&id, _)| id != PAD) {
                scores.extend(row.iter().map(|&score| fixed(score)));
            }
        }
        Ok(scores)
    }
}
