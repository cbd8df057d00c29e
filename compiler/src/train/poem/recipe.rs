//! What to train and how: every number that shapes a model, as one JSON object.

mod presets;
mod retouch;

use super::corpus::FORMS;
use crate::error::{Error, Result};
use crate::train::json::{self, Common, Fields};
use serde::{Deserialize, Serialize};

/// How the encoder's features over time become one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Posterior {
    /// Their mean: small, and the posterior collapses.
    Mean,
    /// All of them, one after the other: positions stay apart.
    Flatten,
}

/// How the compiled file stores the generator's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GeneratorWeights {
    /// One byte each.
    Int8,
    /// Half a byte each: about half the flash, for a little noise.
    Int4,
}

/// Fields that recipes of earlier versions do not have.
const LATER: [&str; 5] = [
    "generator_weights",
    "pair_count",
    "pair_bonus",
    "novelty",
    "themes",
];

/// A poem model and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Characters of a poem: 10 or 14 (couplets of lines of five, of seven), 20 or 28 (quatrains).
    pub form: usize,
    /// A character below this count is left out, with every poem that contains it.
    pub min_count: usize,
    /// Width of a character's embedding.
    pub embedding: usize,
    /// Standard deviation of the embedding's first values.
    pub embedding_start: f32,
    /// Channels of the decoder's convolutions.
    pub width: usize,
    /// Channels of the encoder's convolutions; 0 means `width`. The device's generator holds none.
    pub encoder_width: usize,
    /// Latent dimensions.
    pub latent: usize,
    /// Gated convolutions of the encoder.
    pub encoder_layers: usize,
    /// Gated convolutions of the decoder.
    pub decoder_layers: usize,
    /// Taps of every convolution; odd.
    pub kernel: usize,
    /// Width of a linear bottleneck before the vocabulary; 0 means none.
    pub head: usize,
    /// How features over time become the posterior.
    pub posterior: Posterior,
    /// Scale of the batch-normalised posterior mean (BN-VAE); 0 means no normalisation.
    pub bn_gamma: f32,
    /// Nats of divergence per latent dimension that cost nothing more.
    pub free_bits: f32,
    /// Steps over which the divergence's weight grows from 0 to `kl_weight`.
    pub kl_warmup: usize,
    /// Weight of the divergence after warm-up; 1 is the evidence bound.
    pub kl_weight: f32,
    /// Passes over the corpus.
    pub epochs: usize,
    /// Poems per step.
    pub batch: usize,
    /// Learning rate after warm-up.
    pub learning_rate: f32,
    /// Steps over which the learning rate grows from 0.
    pub warmup_steps: usize,
    /// Whether the learning rate then falls linearly to 0 at the last step.
    pub decay: bool,
    /// Seed of the first weights, the order of poems and the noise.
    pub seed: u64,
    /// Temperature that the model suggests for sampling, as a decimal.
    pub temperature: String,
    /// Scale of the latent that calibration poems are drawn with.
    pub latent_scale: f32,
    /// How the compiled file stores the generator's weights; training does not depend on it.
    pub generator_weights: GeneratorWeights,
    /// Neighbours that the corpus' lines have as often are pairs of the exported model; 0 means that
    /// it has none.
    pub pair_count: usize,
    /// What a pair adds to a poem's score when it is composed, in nats.
    pub pair_bonus: f32,
    /// How far common characters stand back where a poem is composed: this part of the logarithm of
    /// their frequency is taken off their scores.
    pub novelty: f32,
    /// Themes of the exported model; 0 means none.
    pub themes: usize,
    /// Author, as the model file names them.
    pub author: String,
    /// Licence, as the model file names it.
    pub licence: String,
}

impl Default for Recipe {
    fn default() -> Self {
        Self::seed_model()
    }
}

impl Recipe {
    /// Refuses values that no graph can have.
    pub fn check(&self) -> Result<()> {
        let refuse = |what: &str| Err(Error::usage(format!("recipe: {what}")));
        let sizes = [
            self.embedding,
            self.width,
            self.latent,
            self.batch,
            self.epochs,
        ];
        let finite = [
            self.embedding_start,
            self.bn_gamma,
            self.free_bits,
            self.kl_weight,
            self.learning_rate,
            self.latent_scale,
            self.pair_bonus,
            self.novelty,
        ];
        if !FORMS.contains(&self.form) {
            return refuse(
                "form must be 10 or 14 (couplets of lines of five, of seven), 20 or 28 (quatrains)",
            );
        }
        if sizes.iter().any(|&size| size == 0 || size > 1 << 16) {
            return refuse("embedding, width, latent, batch and epochs must be 1 to 65,536");
        }
        if self.encoder_width.max(self.head) > 1 << 16
            || self.encoder_layers.max(self.decoder_layers) > 64
        {
            return refuse("at most 64 layers of at most 65,536 channels");
        }
        if self.kernel.is_multiple_of(2) || self.kernel > self.form {
            return refuse("kernel must be odd and no longer than the poem");
        }
        if finite
            .iter()
            .any(|value| !value.is_finite() || *value < 0.0)
        {
            return refuse("rates, weights and scales must be finite and not negative");
        }
        if self.pair_bonus > 100.0 || self.novelty > 10.0 || self.themes > 256 {
            return refuse(
                "pair_bonus is at most 100 nats, novelty at most 10, themes are at most 256",
            );
        }
        match self.temperature.parse::<f32>() {
            Ok(value) if value.is_finite() && value > 0.0 => Ok(()),
            _ => refuse("temperature must be a positive decimal"),
        }
    }

    /// Channels of the encoder.
    pub fn encoder_channels(&self) -> usize {
        if self.encoder_width == 0 {
            self.width
        } else {
            self.encoder_width
        }
    }

    /// Features that the vocabulary projection reads.
    pub fn features(&self) -> usize {
        if self.head == 0 {
            self.width
        } else {
            self.head
        }
    }
}

impl Fields for Recipe {
    fn preset(name: &str) -> Result<Self> {
        match name {
            "seed" => Ok(Self::seed_model()),
            "best" => Ok(Self::best()),
            "small" => Ok(Self::small()),
            "couplet7" => Ok(Self::best_of(14)),
            "wujue" => Ok(Self::best_of(20)),
            "qijue" => Ok(Self::best_of(28)),
            other => Err(Error::usage(format!(
                "unknown preset {other:?}; known: seed, best, couplet7, wujue, qijue, small"
            ))),
        }
    }

    /// Leaves out usual values of the fields that older recipes do not name, so that these keep
    /// their text.
    fn to_json(&self) -> String {
        let usual = json::text(&Self::default());
        let later = |line: &str| {
            LATER
                .iter()
                .any(|name| line.contains(&format!("\"{name}\":")))
        };
        let lines = usual.lines().filter(|line| later(line));
        lines.fold(json::text(self), |text, line| {
            text.replace(&format!("{line}\n"), "")
        })
    }

    fn common(&mut self) -> Common<'_> {
        Common {
            epochs: &mut self.epochs,
            batch: &mut self.batch,
            seed: &mut self.seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_its_text_form() {
        for recipe in [Recipe::best(), Recipe::small()] {
            assert_eq!(Recipe::parse(&recipe.to_json()).unwrap(), recipe);
        }
        let text = Recipe::best().to_json();
        assert!(LATER.iter().all(|name| !text.contains(name)), "{text}");
        let tuned = Recipe {
            pair_bonus: 3.5,
            themes: 120,
            ..Recipe::best()
        };
        let text = tuned.to_json();
        assert!(text.contains("\"pair_bonus\": 3.5,\n  \"themes\": 120,\n"));
        assert!(!text.contains("pair_count"), "{text}");
        assert_eq!(Recipe::parse(&text).unwrap(), tuned);
        assert!(Recipe::small().to_json().contains("\"free_bits\": 0.25,\n"));
        assert!(Recipe::best().to_json().contains("\"free_bits\": 0.12,\n"));
        assert_eq!(Recipe::parse("{}").unwrap(), Recipe::seed_model());
        assert!(Recipe::parse("{\"widht\": 3}").is_err());
    }

    #[test]
    fn sets_one_field() {
        let mut recipe = Recipe::seed_model();
        for assignment in [
            "width=128",
            "posterior=flatten",
            "temperature=0.7",
            "decay=false",
        ] {
            recipe.set(assignment).unwrap();
        }
        assert_eq!((recipe.width, recipe.posterior), (128, Posterior::Flatten));
        assert_eq!((recipe.temperature.as_str(), recipe.decay), ("0.7", false));
        for assignment in ["width", "width=-1", "posterior=round", "nothing=1"] {
            assert!(recipe.set(assignment).is_err(), "{assignment}");
        }
    }

    #[test]
    fn refuses_what_no_graph_can_have() {
        for assignment in [
            "form=12",
            "kernel=4",
            "width=0",
            "learning_rate=-1",
            "temperature=hot",
            "pair_bonus=-1",
            "pair_bonus=1000",
            "themes=1000",
        ] {
            let mut recipe = Recipe::seed_model();
            recipe.set(assignment).unwrap();
            assert!(recipe.check().is_err(), "{assignment}");
        }
    }
}
