//! How good a model is, measured on the exported graph: what is compiled is what is judged.

use super::corpus::Encoded;
use super::loss::BN_EPSILON;
use super::model;
use super::recipe::Recipe;
use crate::engine::{Data, Options, Session, Tensor};
use crate::error::Result;
use crate::train::course::rounded;
use crate::train::graph::Graph;
use crate::train::random::Random;
use crate::train::weights::{self, Weights};
use prost::Message;
use serde::Serialize;

/// Poems per run.
const BATCH: usize = 128;

/// A model's figures on a corpus, per poem; nats, and shares of 1.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Figures {
    /// Poems measured.
    pub couplets: usize,
    /// Share of characters that come back from the posterior's mean.
    pub accuracy: f64,
    /// Cross-entropy with a latent sampled from the posterior.
    pub reconstruction: f64,
    /// Divergence of the posterior from the standard normal.
    pub divergence: f64,
    /// Their sum: the negative evidence bound.
    pub nelbo: f64,
    /// Latent dimensions whose mean varies by more than 0.01 over the corpus.
    pub active_units: usize,
}

/// The encoder alone, at a batch size.
pub struct Encoder {
    session: Session,
}

impl Encoder {
    /// Compiles the encoder of plain `weights`.
    pub fn new(recipe: &Recipe, weights: &Weights, options: &Options) -> Result<Self> {
        let mut graph = Graph::new();
        let ids = graph.ids("ids", &[BATCH, recipe.form]);
        let handles = weights::constants(&mut graph, weights);
        let [mean, logvar] = model::encoder(&mut graph, recipe, &handles, ids);
        graph.output(mean, "mean");
        graph.output(logvar, "logvar");
        Ok(Self {
            session: load(&graph, options)?,
        })
    }

    /// Mean and log-variance of a full batch.
    fn run(&mut self, ids: Tensor) -> Result<[Tensor; 2]> {
        let outputs = self.session.values(&[("ids", ids)])?;
        Ok(outputs.try_into().expect("an encoder has two outputs"))
    }
}

fn load(graph: &Graph, options: &Options) -> Result<Session> {
    let options = Options {
        optimise: true,
        ..*options
    };
    Session::load(&graph.to_model("validate").encode_to_vec(), &options)
}

/// Batches of poems: ids of a full batch (the last one padded by repeats) and how many count.
fn batches(corpus: &Encoded) -> impl Iterator<Item = (Tensor, usize)> + '_ {
    let form = corpus.form;
    corpus.ids.chunks(BATCH * form).map(move |chunk| {
        let count = chunk.len() / form;
        let ids: Vec<i64> = chunk.iter().copied().cycle().take(BATCH * form).collect();
        (Tensor::i64(&[BATCH, form], ids), count)
    })
}

/// Plain weights: the batch normalisation of the mean, over `corpus`, is folded into the dense
/// layer before it, and the exported model needs none.
pub fn plain(
    recipe: &Recipe,
    weights: &Weights,
    corpus: &Encoded,
    options: &Options,
) -> Result<Weights> {
    let mut plain = weights.clone();
    let Some(shift) = plain.remove("mean.shift") else {
        return Ok(plain);
    };
    let latent = recipe.latent;
    let mut encoder = Encoder::new(recipe, &plain, options)?;
    let mut sums = vec![[0.0f64; 2]; latent];
    for (ids, count) in batches(corpus) {
        let [mean, _] = encoder.run(ids)?;
        for row in mean.as_f32("mean")?.chunks_exact(latent).take(count) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                sum[0] += f64::from(value);
                sum[1] += f64::from(value) * f64::from(value);
            }
        }
    }
    let shift = shift.as_f32("mean.shift")?.to_vec();
    let total = corpus.len() as f64;
    let fold = sums.iter().zip(shift).map(|(sum, shift)| {
        let centre = sum[0] / total;
        let variance = (sum[1] / total - centre * centre).max(0.0);
        let scale = f64::from(recipe.bn_gamma) / libm::sqrt(variance + f64::from(BN_EPSILON));
        [scale, centre, f64::from(shift)]
    });
    let fold: Vec<[f64; 3]> = fold.collect();
    if let Some(Data::F32(weight)) = plain.get_mut("mean.weight").map(|tensor| &mut tensor.data) {
        let inputs = weight.len() / latent;
        for (row, [scale, _, _]) in weight.chunks_exact_mut(inputs).zip(&fold) {
            row.iter_mut()
                .for_each(|value| *value = (f64::from(*value) * scale) as f32);
        }
    }
    if let Some(Data::F32(bias)) = plain.get_mut("mean.bias").map(|tensor| &mut tensor.data) {
        for (value, [scale, centre, shift]) in bias.iter_mut().zip(&fold) {
            *value = ((f64::from(*value) - centre) * scale + shift) as f32;
        }
    }
    Ok(plain)
}

/// Posterior means of the poems of `corpus` by plain `weights`, row after row.
pub fn means(
    recipe: &Recipe,
    weights: &Weights,
    corpus: &Encoded,
    options: &Options,
) -> Result<Vec<f32>> {
    let mut encoder = Encoder::new(recipe, weights, options)?;
    let mut means = Vec::with_capacity(corpus.len() * recipe.latent);
    for (ids, count) in batches(corpus) {
        let [mean, _] = encoder.run(ids)?;
        means.extend_from_slice(&mean.as_f32("mean")?[..count * recipe.latent]);
    }
    Ok(means)
}

/// Measures plain `weights` on `corpus`; the latent's noise comes from the recipe's seed.
pub fn measure(
    recipe: &Recipe,
    weights: &Weights,
    corpus: &Encoded,
    options: &Options,
) -> Result<Figures> {
    let latent = recipe.latent;
    let mut encoder = Encoder::new(recipe, weights, options)?;
    let mut scorer = scorer(recipe, weights, options)?;
    let mut random = Random::new(recipe.seed, 0x7A11_DA7E);
    let mut figures = Figures::default();
    let mut moments = vec![[0.0f64; 2]; latent];
    let mut right = 0usize;
    for (ids, count) in batches(corpus) {
        let [mean, logvar] = encoder.run(ids.clone())?;
        let [mean, logvar] = [mean.as_f32("mean")?, logvar.as_f32("logvar")?];
        let noise = random.normals(mean.len());
        let each = mean.iter().zip(logvar).zip(&noise);
        let sampled: Vec<f32> = each
            .map(|((mean, logvar), noise)| mean + noise * libm::expf(0.5 * logvar))
            .collect();
        for index in 0..count * latent {
            let [mean, logvar] = [f64::from(mean[index]), f64::from(logvar[index])];
            figures.divergence += 0.5 * (mean * mean + libm::exp(logvar) - logvar - 1.0);
            let moment = &mut moments[index % latent];
            moment[0] += mean;
            moment[1] += mean * mean;
        }
        let shape = [BATCH, latent];
        let mut score = |z: Vec<f32>| {
            let inputs = [("z", Tensor::f32(&shape, z)), ("ids", ids.clone())];
            scorer.values(&inputs)
        };
        let best = score(mean.to_vec())?;
        let losses = score(sampled)?;
        let known = ids.as_i64("ids")?;
        let rows = count * recipe.form;
        let best = best[0].as_i64("best")?;
        right += (0..rows).filter(|&row| best[row] == known[row]).count();
        let losses = &losses[1].as_f32("losses")?[..rows];
        figures.reconstruction -= losses.iter().map(|&loss| f64::from(loss)).sum::<f64>();
    }
    let total = corpus.len() as f64;
    figures.couplets = corpus.len();
    figures.accuracy = rounded(right as f64 / (total * recipe.form as f64));
    figures.nelbo = rounded((figures.reconstruction + figures.divergence) / total);
    figures.reconstruction = rounded(figures.reconstruction / total);
    figures.divergence = rounded(figures.divergence / total);
    let varies = |moment: &&[f64; 2]| {
        let mean = moment[0] / total;
        moment[1] / total - mean * mean > 0.01
    };
    figures.active_units = moments.iter().filter(varies).count();
    Ok(figures)
}

/// Latents and ids to the best id per position and the log-probability of the given one.
fn scorer(recipe: &Recipe, weights: &Weights, options: &Options) -> Result<Session> {
    let mut graph = Graph::new();
    let z = graph.input("z", &[BATCH, recipe.latent]);
    let ids = graph.ids("ids", &[BATCH, recipe.form]);
    let handles = weights::constants(&mut graph, weights);
    let logits = model::generator(&mut graph, recipe, &handles, z);
    let [_, best] = graph.top_k(logits, 1);
    let logs = graph.log_softmax(logits);
    let column = graph.reshape(ids, &[BATCH, recipe.form, 1]);
    let picked = graph.pick(logs, column);
    graph.output(best, "best");
    graph.output(picked, "log_probability");
    load(&graph, options)
}

#[cfg(test)]
mod tests {
    use super::super::{loss, lower};
    use super::*;
    use crate::train::testing::engine_or_skip;

    /// A batch of the whole corpus normalises by the corpus' own moments: so does the folded layer.
    #[test]
    fn folded_mean_equals_the_normalised_one() {
        if !engine_or_skip() {
            return;
        }
        let recipe = Recipe {
            embedding: 8,
            embedding_start: 1.0,
            width: 8,
            latent: 4,
            bn_gamma: 0.6,
            ..Recipe::seed_model()
        };
        const COUPLETS: usize = BATCH + 5;
        let options = Options::default();
        let mut random = Random::new(9, 1);
        let ids: Vec<i64> = (0..COUPLETS * recipe.form)
            .map(|_| i64::from(random.below(30)))
            .collect();
        let mut weights = model::start(&recipe, 30);
        weights.insert("mean.shift".into(), Tensor::f32(&[4], random.normals(4)));

        let mut graph = Graph::new();
        let input = graph.ids("ids", &[recipe.form * COUPLETS]);
        let handles = crate::train::lower::packing::constants(&mut graph, &weights);
        let [mean, _] = lower::encoder(&mut graph, &recipe, &handles, input);
        let mean = loss::posterior_mean(&mut graph, &recipe, &handles, mean);
        graph.output(mean, "mean");
        let time_major: Vec<i64> = (0..recipe.form)
            .flat_map(|position| ids.iter().skip(position).step_by(recipe.form).copied())
            .collect();
        let feed = ("ids", Tensor::i64(&[time_major.len()], time_major));
        let trained = load(&graph, &options)
            .unwrap()
            .values(&[feed])
            .unwrap()
            .remove(0);

        let corpus = Encoded {
            form: recipe.form,
            known: ids.len(),
            total: ids.len(),
            ids,
        };
        let plain = plain(&recipe, &weights, &corpus, &options).unwrap();
        assert!(!plain.contains_key("mean.shift"));
        let mut encoder = Encoder::new(&recipe, &plain, &options).unwrap();
        let mut folded = Vec::new();
        for (ids, count) in batches(&corpus) {
            let [mean, _] = encoder.run(ids).unwrap();
            folded.extend_from_slice(&mean.as_f32("mean").unwrap()[..count * recipe.latent]);
        }
        let trained = trained.as_f32("mean").unwrap();
        assert_eq!(folded.len(), trained.len());
        for (a, b) in folded.iter().zip(trained) {
            assert!((a - b).abs() < 1e-4, "{a} and {b}");
        }
    }
}
