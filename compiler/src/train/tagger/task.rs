//! What the training loop needs to know of taggers.

#[cfg(test)]
mod tests;

use super::batch::{Epoch, Source};
use super::corpus::Format;
use super::crf::{self, Inputs};
use super::masks::{self, Mask};
use super::model::{self, CRF};
use super::recipe::{Recipe, Schedule};
use super::rows::{self, Encoded};
use super::transitions::Transitions;
use super::validate::{Scorer, Valid};
use super::vocabulary::Vocabulary;
use super::{lower, prune};
use crate::engine::{Options, Tensor};
use crate::error::Result;
use crate::train::graph::Graph;
use crate::train::task::{self, Measured, Objective, Place};
use crate::train::weights::{self, Handles, Weights};

/// A tagger in training.
pub struct Task {
    /// Its recipe.
    pub recipe: Recipe,
    /// Its characters, pairs and labels.
    pub vocabulary: Vocabulary,
    /// How its corpus is written.
    pub format: Format,
    /// Texts to learn from.
    pub source: Source,
    /// Texts to measure on.
    pub valid: Option<Valid>,
    /// Which pair ids are left, once some have lost their embeddings.
    pub kept: Option<Vec<bool>>,
    /// Device and threads for measuring.
    pub options: Options,
    steps: Vec<usize>,
    masks: Vec<Mask>,
    epoch: Option<Epoch>,
    scorer: Option<Scorer>,
}

impl Task {
    /// A tagger of `recipe`.
    pub fn new(
        recipe: Recipe,
        vocabulary: Vocabulary,
        format: Format,
        source: Source,
        valid: Option<Valid>,
        options: Options,
    ) -> Self {
        Self {
            steps: source.steps(&recipe),
            masks: masks::of(&recipe),
            recipe,
            vocabulary,
            format,
            source,
            valid,
            kept: None,
            options,
            epoch: None,
            scorer: None,
        }
    }

    /// What no labels may do, where the recipe says so.
    pub fn mask(&self) -> Option<Transitions> {
        (self.recipe.mask && self.format == Format::Words).then(Transitions::segmentation)
    }

    /// The figures of `weights` on the validation texts.
    pub fn figures_of(&mut self, weights: &Weights) -> Result<Option<super::score::Figures>> {
        let Some(valid) = &self.valid else {
            return Ok(None);
        };
        let encode = |text| {
            let mut encoded = Encoded::new(text, &self.vocabulary);
            encoded.keep(self.kept.as_deref());
            encoded
        };
        let texts: Vec<Encoded> = valid.texts.iter().map(encode).collect();
        let transitions = Transitions::of(weights, self.mask().as_ref());
        let network = network(weights);
        let scorer = match &mut self.scorer {
            Some(scorer) => scorer,
            empty => empty.insert(Scorer::new(&self.recipe, &network, &self.options)?),
        };
        let scores = scorer.run(&network, &texts)?;
        valid.measure(&scores, &transitions).map(Some)
    }

    /// Positions of a row, rows, tags.
    fn sizes(&self) -> [usize; 3] {
        [
            self.recipe.row,
            self.recipe.batch,
            self.vocabulary.labels.len(),
        ]
    }
}

/// The weights without the transition scores.
pub fn network(weights: &Weights) -> Weights {
    let own = weights
        .iter()
        .filter(|(name, _)| !CRF.contains(&name.as_str()));
    own.map(|(name, tensor)| (name.clone(), tensor.clone()))
        .collect()
}

impl task::Task for Task {
    fn start(&self) -> Weights {
        let parameters = model::parameters(&self.recipe, self.vocabulary.sizes());
        weights::draw(parameters, self.recipe.seed)
    }

    fn figures(&self) -> usize {
        1
    }

    fn objective(&self, graph: &mut Graph, weights: &Handles) -> Objective {
        let recipe = &self.recipe;
        let length = recipe.row + 2 * recipe.reach();
        let ids = graph.ids("ids", &[length * recipe.batch]);
        let pairs = graph.ids("pairs", &[(length - 1) * recipe.batch]);
        let inputs = Inputs::new(graph, self.sizes());
        let mut noise =
            |graph: &mut Graph, x, site| match self.masks.iter().find(|mask| mask.site == site) {
                None => x,
                Some(mask) => {
                    let values = graph.input(&mask.name, &mask.shape);
                    graph.mul(x, values)
                }
            };
        let batch = recipe.batch;
        let emissions = lower::emissions(graph, recipe, weights, [ids, pairs], batch, &mut noise);
        let scores = CRF.map(|name| weights[name]);
        let loss = inputs.loss(graph, emissions, scores, self.mask().as_ref());
        let mut total = loss;
        if recipe.auxiliary > 0.0 {
            let each = inputs.cross_entropy(graph, emissions);
            let weighted = graph.scale(each, recipe.auxiliary);
            total = graph.add(total, weighted);
        }
        Objective {
            total,
            figures: vec![loss],
        }
    }

    fn epochs(&self) -> Vec<usize> {
        self.steps.clone()
    }

    fn feeds(&mut self, place: Place) -> Vec<(String, Tensor)> {
        let [row, lanes, tags] = self.sizes();
        let epoch = match self.epoch.take() {
            Some(epoch) if epoch.number == place.epoch => epoch,
            _ => {
                let kept = self.kept.as_deref();
                self.source
                    .epoch(&self.recipe, place.epoch, &self.vocabulary, kept)
            }
        };
        let first = (place.position * lanes).min(epoch.rows.len());
        let rows = &epoch.rows[first..epoch.rows.len().min(first + lanes)];
        let mut ids = rows::ids(rows, &epoch.texts, [row, self.recipe.reach(), lanes]);
        self.source.hide(&self.recipe, &mut ids, place.step);
        let mut feeds = masks::draw(&self.recipe, &self.masks, place.step);
        feeds.push(("ids".into(), Tensor::i64(&[ids.ids.len()], ids.ids)));
        if self.recipe.has_pairs() {
            let pairs = Tensor::i64(&[ids.pairs.len()], ids.pairs);
            feeds.push(("pairs".into(), pairs));
        }
        let gold = crf::feeds(rows, &epoch.texts, [row, lanes, tags]);
        feeds.extend(gold.into_iter().map(|(name, tensor)| (name.into(), tensor)));
        self.epoch = Some(epoch);
        feeds
    }

    fn learning_rate(&self, place: Place) -> f64 {
        let done = place.step as f64 / place.total.max(1) as f64;
        let warmup = f64::from(self.recipe.warmup) * place.total as f64;
        let ramp = ((place.step + 1) as f64 / warmup.max(1.0)).min(1.0);
        let fall = match self.recipe.schedule {
            Schedule::Constant => 1.0,
            Schedule::Linear => 1.0 - done,
            Schedule::Cosine => 0.5 * (1.0 + libm::cos(core::f64::consts::PI * done)),
        };
        f64::from(self.recipe.learning_rate) * ramp * fall
    }

    fn decay(&self, name: &str) -> f32 {
        match name {
            "character_table" | "pair_table" => self.recipe.embedding_decay,
            name if name.ends_with(".weight") => self.recipe.layer_decay,
            _ => 0.0,
        }
    }

    fn average(&self) -> Option<f32> {
        (self.recipe.average > 0.0).then_some(self.recipe.average)
    }

    fn patience(&self) -> usize {
        self.recipe.patience
    }

    fn describe(&self, figures: &[f32]) -> String {
        let loss = figures.first().copied().unwrap_or(f32::NAN);
        format!("loss {loss:.4} nats a character")
    }

    fn turn(&mut self, epochs: usize, weights: &Weights) -> Result<Option<(String, String)>> {
        if epochs != prune::epoch(&self.recipe) {
            return Ok(None);
        }
        let kept = prune::largest(weights, self.recipe.pairs_kept)?;
        let text = prune::to_text(&kept);
        self.kept = Some(kept);
        self.epoch = None;
        Ok(Some((prune::ENTRY.into(), text)))
    }

    fn measure(&mut self, weights: &Weights) -> Result<Option<Measured>> {
        let Some(figures) = self.figures_of(weights)? else {
            return Ok(None);
        };
        let (score, name) = figures.score();
        let mut text = format!("; validation: {name} {score:.2}");
        if let Some(recall) = figures.oov_recall {
            text += &format!(", {recall:.1} % of the new words");
        }
        // Before some pairs lose their embeddings, a score is not that of the model to be.
        let whole = prune::epoch(&self.recipe) == 0 || self.kept.is_some();
        Ok(Some(Measured {
            text,
            entry: serde_json::to_value(figures).expect("figures are plain data"),
            score: whole.then_some(score),
        }))
    }
}
