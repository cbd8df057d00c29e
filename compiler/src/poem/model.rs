//! A poem model ready to run: its functions, its vocabulary, and one arena for each thread.

use super::coder::{Coder, Composed, Posterior, Worker, cannot_compose};
use super::text;
use super::themes::Themes;
use super::wishes::Known;
use crate::aligned::AlignedBytes;
use crate::error::{Error, Result};
use qibu::decode::prosody::{Groups, RHYMES};
use qibu::format::{DType, Tensor};
use qibu::poem::{ComposeError, Composer, Poet, Reading, Rules};
use qibu::{Function, InputError, Model};
use std::collections::BTreeMap;

/// A poem model, borrowed from its file.
pub struct Poem<'f> {
    name: &'f str,
    model: Model<'f>,
    poet: Poet<'f>,
    composer: Option<Composer<'f>>,
    vocabulary: Vec<char>,
    ids: BTreeMap<char, i32>,
}

impl<'f> Poem<'f> {
    /// The poem model in `model`; errors call it `name`.
    ///
    /// # Errors
    /// It has another task, or no function `generate` of the form that poems have.
    pub fn new(name: &'f str, model: Model<'f>) -> Result<Self> {
        let poet = Poet::new(&model).ok_or_else(|| {
            let functions: Vec<&str> = model.functions().map(|function| function.name()).collect();
            let task = model.metadata().get("task").unwrap_or("unknown");
            Error::input(format!(
                "{name}: not a poem model (task {task}, functions {}); expected a function generate and a vocabulary",
                functions.join(", ")
            ))
            .hint("`qibu train poem` and then `qibu compile` make a poem model")
        })?;
        let text = model.metadata().get("vocab").unwrap_or("");
        let vocabulary: Vec<char> = text.chars().collect();
        let ids = vocabulary.iter().copied().zip(0..).collect();
        let composer = Composer::new(&model).filter(|composer| {
            composer.latent() == poet.latent() && composer.positions() == poet.positions()
        });
        Ok(Self {
            name,
            model,
            poet,
            composer,
            vocabulary,
            ids,
        })
    }

    /// The poet of the runtime.
    #[must_use]
    pub fn poet(&self) -> Poet<'f> {
        self.poet
    }

    /// The composer of the runtime, where the model has one.
    #[must_use]
    pub fn composer(&self) -> Option<Composer<'f>> {
        self.composer
    }

    /// Whether there is a function `name`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.model.function(name).is_some()
    }

    /// What errors call the model.
    #[must_use]
    pub fn name(&self) -> &'f str {
        self.name
    }

    /// Whether all of `functions` are there with the right operands.
    ///
    /// # Errors
    /// One is missing or has other operands than poems have.
    pub fn need(&self, functions: &[&str]) -> Result<()> {
        for name in functions {
            self.function(name)?;
        }
        Ok(())
    }

    fn function(&self, name: &str) -> Result<Function<'f>> {
        let function = self.model.function(name).ok_or_else(|| {
            Error::input(format!("{}: has no function {name}", self.name)).hint(
                "compile the model with all its functions: `qibu compile` without --functions",
            )
        })?;
        let (latent, positions) = (self.poet.latent(), self.poet.positions());
        let logits = positions * self.vocabulary.len();
        let suits = match name {
            "encode" => {
                is(function.input(0), DType::I32, positions)
                    && is(function.output(0), DType::F32, latent)
                    && is(function.output(1), DType::F32, latent)
            }
            "score" => {
                is(function.input(0), DType::F32, latent)
                    && is(function.output(0), DType::F32, logits)
            }
            "compose" => self.composer.is_some(),
            _ => true,
        };
        if suits && (name == "generate" || function.inputs().len() == 1) {
            return Ok(function);
        }
        Err(Error::input(format!(
            "{}: function {name} has other inputs, outputs or tables than a poem model's",
            self.name
        ))
        .hint("rebuild the file with `qibu compile` from a model that `qibu train poem` wrote"))
    }

    /// The poem of `seed` as text, decoded in the model's default way.
    ///
    /// # Errors
    /// Never for a loaded model.
    pub fn couplet(&self, seed: u64, temperature: f32, arena: &mut Arena) -> Result<String> {
        let failed = |error| self.failed(error);
        let ids = self
            .poet
            .couplet(seed, temperature, arena.of(self.poet.arena()));
        let mut text = String::new();
        self.poet
            .write(&ids.map_err(failed)?, |piece| text.push_str(piece));
        Ok(text)
    }

    /// The poem read off `latent`, as text.
    ///
    /// # Errors
    /// Never for a loaded model.
    pub fn read(&self, latent: &[f32], reading: Reading, arena: &mut Arena) -> Result<String> {
        let arena = arena.of(self.poet.arena());
        let ids = self.poet.decode(latent, reading, arena);
        let ids = ids.map_err(|error| self.failed(error))?;
        Ok(text::format(&self.characters(&ids)))
    }

    /// The model's themes.
    #[must_use]
    pub fn themes(&self) -> Themes<'f> {
        Themes::new(&self.model, self.poet.latent())
    }

    /// Characters of a line, and of a poem.
    #[must_use]
    pub fn lengths(&self) -> [usize; 2] {
        let positions = self.poet.positions();
        [text::line_of(positions), positions]
    }

    /// Character `id`; U+FFFD outside the vocabulary.
    #[must_use]
    pub fn character(&self, id: i32) -> char {
        let index = usize::try_from(id).ok();
        let found = index.and_then(|index| self.vocabulary.get(index));
        found.copied().unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// Groups of character `id`, where the model knows them.
    #[must_use]
    pub fn groups(&self, id: i32) -> Option<Groups> {
        let groups = self.model.table("prosody")?.u16()?;
        let index = usize::try_from(id).ok()?;
        groups.get(index).copied().map(Groups)
    }

    fn failed(&self, error: InputError) -> Error {
        Error::input(format!("{}: {error}", self.name))
            .hint("please report this with the file: a model that loads also runs")
    }
}

fn is(tensor: Option<Tensor>, dtype: DType, elements: usize) -> bool {
    tensor.is_some_and(|tensor| tensor.dtype() == dtype && tensor.elements() == Some(elements))
}

/// Working memory of one thread; grows to what the largest function needs.
pub struct Arena(AlignedBytes);

impl Arena {
    /// An empty arena.
    #[must_use]
    pub fn new() -> Self {
        Self(AlignedBytes::zeros(0))
    }

    /// At least `length` bytes.
    pub fn of(&mut self, length: usize) -> &mut [u8] {
        if self.0.len() < length {
            self.0 = AlignedBytes::zeros(length);
        }
        &mut self.0
    }
}

impl Default for Arena {
    fn default() -> Self {
        Self::new()
    }
}

impl Coder for Poem<'_> {
    fn latent(&self) -> usize {
        self.poet.latent()
    }

    fn positions(&self) -> usize {
        self.poet.positions()
    }

    fn vocabulary(&self) -> &[char] {
        &self.vocabulary
    }

    fn id(&self, character: char) -> Option<i32> {
        self.ids.get(&character).copied()
    }

    fn temperature(&self) -> f32 {
        self.poet.temperature()
    }

    fn sample(&self, seed: u64, temperature: f32) -> Vec<f32> {
        self.poet.sample(seed, temperature).collect()
    }

    fn composes(&self) -> bool {
        self.composer.is_some()
    }

    fn worker(&self) -> Result<Box<dyn Worker + '_>> {
        Ok(Box::new(Hand {
            poem: self,
            arena: Arena::new(),
        }))
    }
}

impl Known for Poem<'_> {
    fn id(&self, character: char) -> Option<i32> {
        self.ids.get(&character).copied()
    }

    fn rhymes(&self, character: char) -> Vec<u8> {
        let groups = self.ids.get(&character).and_then(|&id| self.groups(id));
        let codes = groups.into_iter().flat_map(Groups::codes);
        codes.filter(|&code| usize::from(code) < RHYMES).collect()
    }

    fn form(&self) -> [usize; 2] {
        self.lengths()
    }
}

/// One thread's hold on a poem model.
struct Hand<'p, 'f> {
    poem: &'p Poem<'f>,
    arena: Arena,
}

impl Worker for Hand<'_, '_> {
    fn encode(&mut self, ids: &[i32]) -> Result<Posterior> {
        let function = self.poem.function("encode")?;
        let arena = self.arena.of(function.arena());
        let mut run = || {
            let mut run = function.bind(arena)?;
            run.set_i32(0, ids)?;
            run.execute()?;
            Ok(Posterior {
                mean: run.output_f32(0)?.to_vec(),
                log_variance: run.output_f32(1)?.to_vec(),
            })
        };
        run().map_err(|error| self.poem.failed(error))
    }

    fn score(&mut self, latent: &[f32]) -> Result<Vec<f32>> {
        let function = self.poem.function("score")?;
        let arena = self.arena.of(function.arena());
        let mut run = || {
            let mut run = function.bind(arena)?;
            run.set_f32(0, latent)?;
            run.execute()?;
            Ok(run.output_f32(0)?.to_vec())
        };
        run().map_err(|error| self.poem.failed(error))
    }

    fn read(&mut self, latent: &[f32], reading: Reading) -> Result<Vec<i32>> {
        let poet = self.poem.poet;
        let arena = self.arena.of(poet.arena());
        let ids = poet.decode(latent, reading, arena);
        let ids = ids.map_err(|error| self.poem.failed(error))?;
        Ok(ids.iter().copied().collect())
    }

    fn compose(&mut self, latent: &[f32], fixed: &[i32]) -> Result<Composed> {
        let composer = self.poem.composer.ok_or_else(cannot_compose)?;
        let rules = Rules {
            fixed,
            ..Rules::default()
        };
        let arena = self.arena.of(composer.arena());
        match composer.compose(latent, &rules, arena) {
            Ok(verse) => Ok(Composed::Poem(verse.ids.iter().copied().collect())),
            Err(ComposeError::Input(error)) => Err(self.poem.failed(error)),
            Err(refused) => Ok(Composed::Unsatisfiable(refused.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poem::file::PoemFile;
    use crate::poem::testing;

    #[test]
    fn encodes_reads_and_scores() {
        let file = PoemFile::from_bytes("m.qibu", &testing::file()).unwrap();
        let poem = file.poem().unwrap();
        poem.need(&["generate", "encode", "score"]).unwrap();
        let mut worker = poem.worker().unwrap();
        let ids = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        let posterior = worker.encode(&ids).unwrap();
        assert_eq!(posterior.mean.len(), poem.latent());
        assert_eq!(worker.read(&posterior.mean, Reading::Greedy).unwrap(), ids);
        let logits = worker.score(&posterior.mean).unwrap();
        let columns = poem.vocabulary().len();
        for (row, id) in logits.chunks(columns).zip(ids) {
            let most = row.iter().copied().fold(f32::MIN, qibu::math::max);
            assert_eq!(row[id as usize], most);
        }
    }

    #[test]
    fn couplets_have_the_form() {
        let file = PoemFile::from_bytes("m.qibu", &testing::file()).unwrap();
        let poem = file.poem().unwrap();
        let mut arena = Arena::new();
        let text = poem.couplet(7, 1.0, &mut arena).unwrap();
        assert_eq!(text, poem.couplet(7, 1.0, &mut arena).unwrap());
        let marks: Vec<(usize, char)> = text
            .chars()
            .enumerate()
            .filter(|&(_, character)| Coder::id(&poem, character).is_none())
            .collect();
        assert_eq!(marks, [(5, '，'), (11, '。')]);
    }
}
