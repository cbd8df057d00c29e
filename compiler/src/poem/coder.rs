//! What an autoencoder of poems can do, apart from how it does it.
//!
//! Walks and evaluation are written against this trait, so that their tests can use autoencoders of
//! three lines whose every number is known.

use crate::error::{Error, Result};
use qibu::poem::Reading;

/// Where the encoder puts a poem: a Gaussian with independent dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior {
    /// Mean of each dimension.
    pub mean: Vec<f32>,
    /// Natural logarithm of each dimension's variance.
    pub log_variance: Vec<f32>,
}

impl Posterior {
    /// The point that `noise`, standard normal, picks.
    #[must_use]
    pub fn at(&self, noise: &[f32]) -> Vec<f32> {
        let deviations = self
            .log_variance
            .iter()
            .map(|&log| qibu::math::exp(0.5 * log));
        self.mean
            .iter()
            .zip(deviations)
            .zip(noise)
            .map(|((mean, deviation), noise)| mean + deviation * noise)
            .collect()
    }

    /// Kullback–Leibler divergence to the standard normal, in nats.
    #[must_use]
    pub fn divergence(&self) -> f64 {
        let terms = self.mean.iter().zip(&self.log_variance).map(|(&m, &log)| {
            let (m, log) = (f64::from(m), f64::from(log));
            0.5 * (libm::exp(log) + m * m - 1.0 - log)
        });
        terms.sum()
    }
}

/// What comes of asking for a poem that keeps all rules.
#[derive(Clone, Debug, PartialEq)]
pub enum Composed {
    /// The poem's ids.
    Poem(Vec<i32>),
    /// There is none: the position and the rule, in words.
    Unsatisfiable(String),
}

/// An autoencoder of poems; shared by threads.
pub trait Coder: Sync {
    /// Dimensions of the latent.
    fn latent(&self) -> usize;
    /// Characters of a poem.
    fn positions(&self) -> usize;
    /// The characters, in id order.
    fn vocabulary(&self) -> &[char];
    /// Id of `character`.
    fn id(&self, character: char) -> Option<i32>;
    /// The temperature that the model recommends.
    fn temperature(&self) -> f32;
    /// The latent of `seed` at `temperature`.
    fn sample(&self, seed: u64, temperature: f32) -> Vec<f32>;
    /// Whether [`Worker::compose`] works.
    fn composes(&self) -> bool {
        false
    }
    /// One thread's hold on the model, with its own memory.
    fn worker(&self) -> Result<Box<dyn Worker + '_>>;

    /// Characters of `ids`; U+FFFD for an id outside the vocabulary.
    fn characters(&self, ids: &[i32]) -> Vec<char> {
        let character = |&id: &i32| {
            let index = usize::try_from(id).ok();
            let found = index.and_then(|index| self.vocabulary().get(index));
            found.copied().unwrap_or(char::REPLACEMENT_CHARACTER)
        };
        ids.iter().map(character).collect()
    }
}

/// What a model says that is asked to compose and cannot.
pub(super) fn cannot_compose() -> Error {
    Error::input("the model has no function compose")
        .hint("compile it with `qibu compile --prosody`")
}

/// The runs of one thread.
pub trait Worker {
    /// Posterior of the poem `ids`.
    fn encode(&mut self, ids: &[i32]) -> Result<Posterior>;
    /// Logits of every position and character, `[positions, vocabulary]`.
    fn score(&mut self, latent: &[f32]) -> Result<Vec<f32>>;
    /// The poem read off `latent`.
    fn read(&mut self, latent: &[f32], reading: Reading) -> Result<Vec<i32>>;
    /// The best poem at `latent` that keeps all rules: one of the tone patterns, rhyme, no character
    /// twice. `fixed` has an id for every position that is given, −1 for the open ones; it may be
    /// shorter than the poem.
    fn compose(&mut self, _latent: &[f32], _fixed: &[i32]) -> Result<Composed> {
        Err(cannot_compose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divergence_and_samples_by_hand() {
        let posterior = Posterior {
            mean: vec![0.0, 2.0],
            log_variance: vec![0.0, libm::logf(4.0)],
        };
        // ½(1 + 0 − 1 − 0) + ½(4 + 4 − 1 − ln 4)
        let expected = 0.5 * (7.0 - libm::log(4.0));
        assert!((posterior.divergence() - expected).abs() < 1e-6);
        let point = posterior.at(&[1.5, -1.0]);
        assert!((point[0] - 1.5).abs() < 1e-6 && point[1].abs() < 1e-6);
    }
}
