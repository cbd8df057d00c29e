//! Recipes that come with Qibu.

use super::{GeneratorWeights, Posterior, Recipe};

impl Recipe {
    /// The seed's model: mean pooling and the plain bound; its posterior collapses.
    pub fn seed_model() -> Self {
        Self {
            form: 10,
            min_count: 15,
            embedding: 64,
            embedding_start: 0.1,
            width: 64,
            encoder_width: 0,
            latent: 64,
            encoder_layers: 2,
            decoder_layers: 1,
            kernel: 3,
            head: 0,
            posterior: Posterior::Mean,
            bn_gamma: 0.0,
            free_bits: 0.0,
            kl_warmup: 0,
            kl_weight: 1.0,
            epochs: 16,
            batch: 64,
            learning_rate: 2e-3,
            warmup_steps: 200,
            decay: true,
            seed: 1,
            temperature: "0.75".into(),
            latent_scale: 1.0,
            generator_weights: GeneratorWeights::Int8,
            pair_count: 2,
            pair_bonus: 8.0,
            novelty: 0.3,
            themes: 12,
            author: "The Qibu authors".into(),
            licence: "MIT OR Apache-2.0".into(),
        }
    }

    /// The best found so far: positions kept apart and a floor under the divergence.
    pub fn best() -> Self {
        Self {
            embedding: 96,
            width: 96,
            latent: 128,
            posterior: Posterior::Flatten,
            free_bits: 0.12,
            ..Self::seed_model()
        }
    }

    /// The same for another form: couplets of seven (14), quatrains of five (20, wujue) and of seven
    /// characters a line (28, qijue). Those of seven are also trained on Song poems, which are eight
    /// times as many as the Tang, and so in few epochs. The more positions share a latent, the more of
    /// them it leaves open, and the more is to be taken off common characters.
    pub fn best_of(form: usize) -> Self {
        let (epochs, novelty) = match form {
            14 => (4, 0.55),
            20 => (16, 0.7),
            _ => (6, 0.8),
        };
        Self {
            form,
            epochs,
            novelty,
            ..Self::best()
        }
    }

    /// For chips of 256 KB of flash and 16 KB of RAM: frequent characters only, weights of 4 bits. The
    /// encoder stays wide, since the device holds none of it.
    pub fn small() -> Self {
        Self {
            min_count: 60,
            encoder_width: 96,
            width: 48,
            decoder_layers: 2,
            latent: 64,
            free_bits: 0.25,
            generator_weights: GeneratorWeights::Int4,
            ..Self::best()
        }
    }
}
