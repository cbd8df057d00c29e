//! A seed in, a poem out: two lines or four.
//!
//! A poem model has a function `generate`: latent f32 `[1, L]` → ids int32 `[1, n, k]`, scores
//! int32 or f32 `[1, n, k]`, and metadata `vocab` (characters in id order) and `temperature_milli`
//! (the temperature that its card recommends, in thousandths). It has two lines, or four from 20
//! characters on.
//!
//! [`Poet`] reads it as it comes; [`Composer`] keeps the rules of regulated verse, and a caller's own.

mod compose;
mod draft;
mod likelihood;
mod lists;
mod rules;

pub use compose::Composer;
pub use draft::Draft;
pub use rules::{ComposeError, Meter, Rule, Rules, See, Verse};

use crate::decode::{Candidates, Vocabulary, choose_distinct, choose_first};
use crate::error::InputError;
use crate::execute::{Run, fitted};
use crate::format::{DType, Tensor};
use crate::model::{Function, Model};
use crate::random::Random;
use heapless::Vec;

/// Most characters of a poem: four lines of seven.
pub const MAX_CHARACTERS: usize = 28;
/// Fewest characters of four lines: two have up to nine each.
const QUATRAIN: usize = 20;
/// Most dimensions of a latent.
pub const MAX_LATENT: usize = 256;

/// A poem's characters, by id.
pub type Ids = Vec<i32, MAX_CHARACTERS>;

/// A poem model with its vocabulary.
#[derive(Clone, Copy)]
pub struct Poet<'m> {
    generate: Function<'m>,
    vocabulary: Vocabulary<'m>,
    temperature: f32,
    latent: usize,
    positions: usize,
    line: usize,
    k: usize,
}

/// How a poem is read off the candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// No character twice, the most confident position first.
    #[default]
    Distinct,
    /// The best character of each position.
    Greedy,
}

impl<'m> Poet<'m> {
    /// The poet in `model`; `None` where it is no poem model.
    #[must_use]
    pub fn new(model: &Model<'m>) -> Option<Self> {
        let generate = model.function("generate")?;
        let (z, ids) = (generate.input(0)?, generate.output(0)?);
        let scores = generate.output(1)?;
        let vocabulary = Vocabulary::new(model.metadata().get("vocab")?);
        let (k, latent) = (ids.columns(), z.elements()?);
        let positions = ids.rows();
        // Two lines or four.
        let halvings = if positions < QUATRAIN { 1 } else { 2 };
        let typed = |tensor: Tensor<'_>, dtype| tensor.dtype() == dtype;
        let suitable = typed(z, DType::F32)
            && typed(ids, DType::I32)
            && (typed(scores, DType::I32) || typed(scores, DType::F32))
            && scores.elements() == ids.elements()
            && generate.inputs().len() == 1
            && latent <= MAX_LATENT
            && positions <= MAX_CHARACTERS
            && positions & ((1 << halvings) - 1) == 0;
        let milli = model.metadata().get("temperature_milli");
        let milli: u32 = milli.and_then(|text| text.parse().ok()).unwrap_or(1000);
        suitable.then_some(Self {
            generate,
            vocabulary,
            temperature: milli as f32 / 1000.0,
            latent,
            positions,
            line: positions >> halvings,
            k,
        })
    }

    /// Bytes of arena that [`Poet::couplet`] needs.
    #[must_use]
    pub fn arena(&self) -> usize {
        self.generate.arena()
    }

    /// The vocabulary.
    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary<'m> {
        self.vocabulary
    }

    /// The temperature that the model's card recommends.
    #[must_use]
    pub fn temperature(&self) -> f32 {
        self.temperature
    }

    /// Dimensions of the latent.
    #[must_use]
    pub fn latent(&self) -> usize {
        self.latent
    }

    /// Characters of a poem.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.positions
    }

    /// The latent of `seed`: as many Gaussians of PCG32 as it has dimensions, times `temperature`.
    pub fn sample(&self, seed: u64, temperature: f32) -> impl Iterator<Item = f32> + use<> {
        let mut random = Random::new(seed);
        (0..self.latent).map(move |_| random.gaussian() * temperature)
    }

    /// The poem of `seed`.
    ///
    /// # Errors
    /// The arena is too short or misaligned.
    pub fn couplet(
        &self,
        seed: u64,
        temperature: f32,
        arena: &mut [u8],
    ) -> Result<Ids, InputError> {
        let mut run = Run::on(self.generate, fitted(&self.generate, arena)?);
        let latent = self.sample(seed, temperature);
        run.set_words(0, DType::F32, latent.map(|x| x.to_bits() as i32))?;
        self.read(&mut run, Reading::Distinct)
    }

    /// The poem of `latent`.
    ///
    /// # Errors
    /// The latent has another length; the arena is too short or misaligned.
    pub fn decode(
        &self,
        latent: &[f32],
        reading: Reading,
        arena: &mut [u8],
    ) -> Result<Ids, InputError> {
        let mut run = Run::on(self.generate, fitted(&self.generate, arena)?);
        run.set_f32(0, latent)?;
        self.read(&mut run, reading)
    }

    /// Runs, and reads a poem off the candidates.
    fn read(&self, run: &mut Run<'_, '_>, reading: Reading) -> Result<Ids, InputError> {
        run.execute()?;
        // Floats as integers in the same order; leads compare as well as they need to.
        if run.output_i32(1).is_err() {
            run.rewritten(1, |bits| (f32::from_bits(bits) * 65536.0) as i32)?;
        }
        let candidates = Candidates {
            ids: run.output_i32(0)?,
            scores: run.output_words(1)?,
            k: self.k,
        };
        Ok(match reading {
            Reading::Distinct => choose_distinct(candidates),
            Reading::Greedy => choose_first(candidates),
        })
    }

    /// Writes a poem as `XXXXX，XXXXX。`, piece by piece.
    pub fn write(&self, ids: &[i32], put: impl FnMut(&str)) {
        write(self.vocabulary, self.line, ids, put);
    }
}

/// Writes lines of `line` characters: a comma behind the first, a full stop behind the second, and so on.
fn write(vocabulary: Vocabulary<'_>, line: usize, ids: &[i32], mut put: impl FnMut(&str)) {
    let (mut at, mut first) = (0, true);
    for &id in ids {
        if at == line {
            put(if first { "，" } else { "。" });
            (at, first) = (0, !first);
        }
        put(vocabulary.text(id.max(0) as usize).unwrap_or("\u{FFFD}"));
        at = at.wrapping_add(1);
    }
    put("。");
}
