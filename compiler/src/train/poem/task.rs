//! What the training loop needs to know of poems.

#[cfg(test)]
mod tests;

use super::corpus::Encoded;
use super::pairs::Pairs;
use super::recipe::Recipe;
use super::{loss, lower, model, validate};
use crate::engine::{Options, Tensor};
use crate::error::Result;
use crate::train::graph::{Graph, V};
use crate::train::lower::vocabulary;
use crate::train::random::Random;
use crate::train::task::{self, Measured, Objective, Place};
use crate::train::weights::{Handles, Weights};

/// A poem model in training.
pub struct Task {
    /// Its recipe.
    pub recipe: Recipe,
    /// Its characters, by id.
    pub vocabulary: Vec<char>,
    /// Poems to train on.
    pub train: Encoded,
    /// Poems to measure on.
    pub valid: Option<Encoded>,
    /// The corpus' pairs, for the export.
    pub pairs: Option<Pairs>,
    /// Poems per step.
    pub batch: usize,
    /// Device and threads for measuring.
    pub options: Options,
    /// The order of poems of the epoch that it is for.
    pub order: Option<(usize, Vec<u32>)>,
}

/// Forward pass and loss on `ids` `[T·B]` and `noise` `[B, latent]`.
pub fn objective(
    graph: &mut Graph,
    recipe: &Recipe,
    weights: &Handles,
    [ids, noise, kl_weight]: [V; 3],
) -> loss::Loss {
    let [mean, logvar] = lower::encoder(graph, recipe, weights, ids);
    let mean = loss::posterior_mean(graph, recipe, weights, mean);
    let z = loss::sample(graph, mean, logvar, noise);
    let h = lower::generator(graph, recipe, weights, z);
    let [weight, bias] = [weights["vocabulary.weight"], weights["vocabulary.bias"]];
    let cross_entropy = vocabulary::loss(graph, h, weight, bias, ids);
    loss::combine(graph, recipe, cross_entropy, [mean, logvar], kl_weight)
}

impl Task {
    /// The poems of the step at `place`.
    fn chosen(&mut self, place: Place) -> Vec<u32> {
        if self
            .order
            .as_ref()
            .is_none_or(|(epoch, _)| *epoch != place.epoch)
        {
            let mut random = Random::new(self.recipe.seed, 0x0DE4_0000_0000 + place.epoch as u64);
            self.order = Some((place.epoch, random.order(self.train.len())));
        }
        let order = self.order.iter().flat_map(|(_, order)| order);
        let skipped = place.position * self.batch;
        order.copied().skip(skipped).take(self.batch).collect()
    }

    /// The chosen poems' ids, position by position.
    fn time_major(&self, chosen: &[u32]) -> Vec<i64> {
        let corpus = &self.train;
        let mut ids = Vec::with_capacity(chosen.len() * corpus.form);
        for position in 0..corpus.form {
            ids.extend(
                chosen
                    .iter()
                    .map(|&index| corpus.poem(index as usize)[position]),
            );
        }
        ids
    }

    /// How far a rate that grows over `steps` steps has grown.
    fn ramp(place: Place, steps: usize) -> f64 {
        match steps {
            0 => 1.0,
            steps => ((place.step + 1) as f64 / steps as f64).min(1.0),
        }
    }
}

impl task::Task for Task {
    fn start(&self) -> Weights {
        model::start(&self.recipe, self.vocabulary.len())
    }

    fn figures(&self) -> usize {
        3
    }

    fn objective(&self, graph: &mut Graph, weights: &Handles) -> Objective {
        let ids = graph.ids("ids", &[self.recipe.form * self.batch]);
        let noise = graph.input("noise", &[self.batch, self.recipe.latent]);
        let kl_weight = graph.input("kl_weight", &[1]);
        let loss = objective(graph, &self.recipe, weights, [ids, noise, kl_weight]);
        Objective {
            total: loss.total,
            figures: vec![loss.total, loss.reconstruction, loss.divergence],
        }
    }

    fn epochs(&self) -> Vec<usize> {
        vec![self.train.len() / self.batch; self.recipe.epochs]
    }

    fn feeds(&mut self, place: Place) -> Vec<(String, Tensor)> {
        let [batch, latent] = [self.batch, self.recipe.latent];
        let chosen = self.chosen(place);
        let ids = self.time_major(&chosen);
        let stream = 0x4015_E000_0000 + place.step as u64;
        let noise = Random::new(self.recipe.seed, stream).normals(batch * latent);
        let ramp = Self::ramp(place, self.recipe.kl_warmup);
        let kl_weight = f64::from(self.recipe.kl_weight) * ramp;
        vec![
            ("ids".into(), Tensor::i64(&[ids.len()], ids)),
            ("noise".into(), Tensor::f32(&[batch, latent], noise)),
            (
                "kl_weight".into(),
                Tensor::f32(&[1], vec![kl_weight as f32]),
            ),
        ]
    }

    fn learning_rate(&self, place: Place) -> f64 {
        let warmup = self.recipe.warmup_steps;
        let fall = match self.recipe.decay {
            false => 1.0,
            true => {
                let left = place.total - place.step;
                let span = place.total.saturating_sub(warmup).max(1);
                (left as f64 / span as f64).min(1.0)
            }
        };
        f64::from(self.recipe.learning_rate) * Self::ramp(place, warmup) * fall
    }

    fn describe(&self, figures: &[f32]) -> String {
        match figures {
            [loss, reconstruction, divergence] => {
                format!("loss {loss:.2} = {reconstruction:.2} + KL {divergence:.2}")
            }
            _ => String::new(),
        }
    }

    fn measure(&mut self, weights: &Weights) -> Result<Option<Measured>> {
        let Some(valid) = &self.valid else {
            return Ok(None);
        };
        // Enough poems for the moments of a batch-normalised mean; the export uses them all.
        let some = 8192 * self.recipe.form;
        let sample = Encoded {
            ids: self.train.ids.iter().copied().take(some).collect(),
            ..self.train.clone()
        };
        let plain = validate::plain(&self.recipe, weights, &sample, &self.options)?;
        let figures = validate::measure(&self.recipe, &plain, valid, &self.options)?;
        Ok(Some(Measured {
            text: format!(
                "; validation: {:.1} % from the mean, {:.2} nats + KL {:.2} = {:.2}",
                100.0 * figures.accuracy,
                figures.reconstruction,
                figures.divergence,
                figures.nelbo
            ),
            entry: serde_json::to_value(figures).expect("figures are plain data"),
            score: None,
        }))
    }
}
