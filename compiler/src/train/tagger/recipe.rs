//! What tagger to train and how: every number that shapes it, as one JSON object.

mod check;

use crate::error::{Error, Result};
use crate::train::json::{Common, Fields};
use serde::{Deserialize, Serialize};

/// One convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Layer {
    /// Channels that it gives.
    pub width: usize,
    /// Characters that it reads; odd.
    pub kernel: usize,
    /// Distance of those characters from each other.
    pub dilation: usize,
    /// `a·σ(b)` of two convolutions instead of `max(a, 0)` of one.
    pub gated: bool,
    /// Whether its input is added to its output; both then have the same channels.
    pub residual: bool,
}

impl Default for Layer {
    fn default() -> Self {
        Self {
            width: 128,
            kernel: 3,
            dilation: 1,
            gated: false,
            residual: false,
        }
    }
}

impl Layer {
    /// Characters on each side of the middle that it reads.
    pub fn reach(&self) -> usize {
        self.kernel / 2 * self.dilation
    }
}

/// A tagger and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// A character that occurs less often is the unknown one.
    pub min_count: usize,
    /// Width of a character's embedding.
    pub embedding: usize,
    /// Width of the embedding of two neighbouring characters; 0 means none.
    pub pair_embedding: usize,
    /// A pair that occurs less often has no embedding of its own.
    pub pair_min_count: usize,
    /// Pairs that each character sees: 1 (with the one before it) or 2 (and with the one after).
    pub pair_sides: usize,
    /// Standard deviation of the embeddings' first values.
    pub embedding_start: f32,
    /// The convolutions, in order.
    pub layers: Vec<Layer>,
    /// Characters that the compiled network tags at once.
    pub window: usize,
    /// Whether transitions that no segmentation has are forbidden (words only).
    pub mask: bool,
    /// Share of embedding channels that are zeroed while training.
    pub embedding_dropout: f32,
    /// Share of pair embedding channels that are zeroed while training.
    pub pair_dropout: f32,
    /// Share of each layer's outputs that are zeroed while training.
    pub layer_dropout: f32,
    /// A character that occurs n times becomes the unknown one with probability c/(c+n).
    pub unknown_rate: f32,
    /// A pair becomes the unknown one with this probability.
    pub no_pair_rate: f32,
    /// A pair that occurs n times becomes the unknown one with probability c/(c+n) besides.
    pub rare_pair_rate: f32,
    /// Share of words that are replaced by words seen beside the same neighbour (words only).
    pub augment: f32,
    /// Share of the epochs, from the first on, in which they are.
    pub augment_epochs: f32,
    /// Pairs that keep their embeddings, those of the largest norm; 0 means all do.
    pub pairs_kept: usize,
    /// Share of the epochs after which the others lose theirs.
    pub prune_after: f32,
    /// Weight of a cross-entropy at each character beside the CRF's loss.
    pub auxiliary: f32,
    /// Decoupled weight decay of the embeddings.
    pub embedding_decay: f32,
    /// Decoupled weight decay of the convolutions.
    pub layer_decay: f32,
    /// Decay of the averaged weights, which are what is exported; 0 means the last ones are.
    pub average: f32,
    /// Passes over the corpus.
    pub epochs: usize,
    /// Epochs without a better score on the validation file after which training ends; 0 means never.
    pub patience: usize,
    /// Characters in a row of a batch: a power of two. Longer texts are cut.
    pub row: usize,
    /// Rows per step.
    pub batch: usize,
    /// Learning rate after warm-up.
    pub learning_rate: f32,
    /// Share of the steps over which the learning rate grows from 0.
    pub warmup: f32,
    /// How the learning rate then falls to 0.
    pub schedule: Schedule,
    /// Seed of the first weights, the order of texts and the dropouts; restart n has `seed + n`.
    pub seed: u64,
    /// Runs from different seeds, of which the best on the validation file is kept.
    pub restarts: usize,
    /// Author, as the model file names them.
    pub author: String,
    /// Licence, as the model file names it.
    pub licence: String,
}

/// How the learning rate falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// It does not.
    Constant,
    /// On a line.
    Linear,
    /// On half a cosine.
    Cosine,
}

impl Default for Recipe {
    fn default() -> Self {
        Self::seed_model()
    }
}

impl Recipe {
    /// The seed's model: three plain convolutions, no pairs.
    pub fn seed_model() -> Self {
        Self {
            min_count: 1,
            embedding: 128,
            pair_embedding: 0,
            pair_min_count: 2,
            pair_sides: 2,
            embedding_start: 0.1,
            layers: vec![Layer::default(); 3],
            window: 32,
            mask: true,
            embedding_dropout: 0.3,
            pair_dropout: 0.3,
            layer_dropout: 0.3,
            unknown_rate: 0.3,
            no_pair_rate: 0.0,
            rare_pair_rate: 1.0,
            augment: 0.0,
            augment_epochs: 0.8,
            pairs_kept: 0,
            prune_after: 0.6,
            auxiliary: 0.0,
            embedding_decay: 0.0,
            layer_decay: 0.0,
            average: 0.999,
            epochs: 20,
            patience: 0,
            row: 128,
            batch: 12,
            learning_rate: 2e-3,
            warmup: 0.05,
            schedule: Schedule::Cosine,
            seed: 1,
            restarts: 1,
            author: "The Qibu authors".into(),
            licence: "MIT OR Apache-2.0".into(),
        }
    }

    /// Three plain convolutions of `width` channels with residuals, and pairs.
    fn with_pairs(width: usize) -> Self {
        let layer = Layer {
            width,
            ..Layer::default()
        };
        let residual = Layer {
            residual: true,
            ..layer
        };
        Self {
            layers: vec![layer, residual, residual],
            pair_sides: 1,
            embedding_dropout: 0.2,
            pair_dropout: 0.2,
            layer_dropout: 0.15,
            embedding_decay: 2.0,
            augment: 0.15,
            epochs: 12,
            ..Self::seed_model()
        }
    }

    /// Characters before and after one that its scores depend on.
    pub fn reach(&self) -> usize {
        let layers: usize = self.layers.iter().map(Layer::reach).sum();
        layers + usize::from(self.has_pairs())
    }

    /// Whether characters see the pairs that they are in.
    pub fn has_pairs(&self) -> bool {
        self.pair_embedding > 0
    }

    /// Channels that the first convolution reads.
    pub fn features(&self) -> usize {
        self.embedding + self.pair_embedding * self.pair_sides
    }
}

impl Fields for Recipe {
    fn preset(name: &str) -> Result<Self> {
        match name {
            "seed" => Ok(Self::seed_model()),
            "600k" => Ok(Self {
                embedding: 48,
                pair_embedding: 4,
                pair_min_count: 1,
                epochs: 16,
                ..Self::with_pairs(128)
            }),
            "300k" => Ok(Self {
                embedding: 24,
                pair_embedding: 8,
                ..Self::with_pairs(96)
            }),
            "150k" => Ok(Self {
                min_count: 2,
                embedding: 16,
                pair_embedding: 4,
                pair_min_count: 3,
                rare_pair_rate: 0.3,
                epochs: 20,
                ..Self::with_pairs(64)
            }),
            other => Err(Error::usage(format!(
                "unknown preset {other:?}; known: seed, 600k, 300k, 150k"
            ))),
        }
    }

    fn common(&mut self) -> Common<'_> {
        Common {
            epochs: &mut self.epochs,
            batch: &mut self.batch,
            seed: &mut self.seed,
        }
    }
}
