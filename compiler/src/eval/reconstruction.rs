//! What a model keeps of couplets: characters that come back, and the bound on the likelihood.
//!
//! Every couplet counts. A character outside the vocabulary cannot come back: it is an error in the
//! two reconstruction rates, and on input character 0 stands for it. Likelihoods cannot be given for
//! such couplets; `nelbo`, `nll`, `kl` and `active_units` are over the couplets that are fully known
//! ([`Outcomes::known`] says how many).

use crate::error::{Error, Result};
use crate::poem::coder::{Coder, Worker};
use crate::poem::parallel;
use crate::train::poem::corpus::Corpus;
use qibu::poem::Reading;
use qibu::random::Random;
use serde::Serialize;

/// Measures of one file on a corpus.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reconstruction {
    /// Characters right, decoded greedily from the posterior mean through `generate`.
    pub reconstruction_mean: f64,
    /// Characters right, the best logit of `score` at one seeded posterior sample.
    pub reconstruction_sampled: f64,
    /// Negative evidence lower bound in nats a couplet: `nll + kl`.
    pub nelbo: f64,
    /// −ln p(couplet | the same posterior sample), in nats.
    pub nll: f64,
    /// Divergence of the posterior to the standard normal, in nats.
    pub kl: f64,
    /// Dimensions whose posterior mean varies over the corpus with a variance above 0.01.
    pub active_units: usize,
}

/// What a file did with each couplet.
pub struct Outcomes {
    form: usize,
    couplets: Vec<Outcome>,
}

struct Outcome {
    /// Ids that `generate` gave from the mean.
    greedy: Vec<i32>,
    right: [usize; 2],
    /// Likelihood, divergence and mean, where all characters are known.
    bound: Option<(f64, f64, Vec<f32>)>,
}

/// Runs `coder` over `corpus`; the noise of the posterior samples follows from `seed`, couplet by
/// couplet, and is the same for every file. `done` is called after each couplet.
///
/// # Errors
/// The model lacks a function.
pub fn run(
    coder: &impl Coder,
    corpus: &Corpus,
    seed: u64,
    threads: usize,
    done: &(dyn Fn() + Sync),
) -> Result<Outcomes> {
    let mut random = Random::new(seed);
    let noise: Vec<f32> = (0..corpus.len() * coder.latent())
        .map(|_| random.gaussian())
        .collect();
    let couplets = parallel::map(
        corpus.len(),
        threads,
        || coder.worker(),
        |worker, index| {
            let couplet = &corpus.characters[index * corpus.form..][..corpus.form];
            let noise = &noise[index * coder.latent()..][..coder.latent()];
            let ids: Vec<Option<i32>> = couplet.iter().map(|&c| coder.id(c)).collect();
            let outcome = one(worker.as_mut(), &ids, noise, coder.vocabulary().len());
            done();
            outcome
        },
    )?;
    Ok(Outcomes {
        form: corpus.form,
        couplets,
    })
}

fn one(
    worker: &mut dyn Worker,
    ids: &[Option<i32>],
    noise: &[f32],
    characters: usize,
) -> Result<Outcome> {
    let input: Vec<i32> = ids.iter().map(|id| id.unwrap_or(0)).collect();
    let posterior = worker.encode(&input)?;
    let greedy = worker.read(&posterior.mean, Reading::Greedy)?;
    let logits = worker.score(&posterior.at(noise))?;
    let rows = || logits.chunks_exact(characters).zip(ids);
    let from_mean = greedy
        .iter()
        .zip(ids)
        .filter(|&(&got, &id)| id == Some(got))
        .count();
    let sampled = rows().filter(|&(row, &id)| id == Some(best(row))).count();
    let known = ids.iter().all(Option::is_some);
    let bound = known.then(|| {
        let nll = rows()
            .map(|(row, id)| surprise(row, id.unwrap_or(0) as usize))
            .sum();
        (nll, posterior.divergence(), posterior.mean)
    });
    Ok(Outcome {
        greedy,
        right: [from_mean, sampled],
        bound,
    })
}

/// Index of the greatest logit, the first of equals.
fn best(row: &[f32]) -> i32 {
    let mut best = 0;
    for (index, &logit) in row.iter().enumerate() {
        if logit > row[best] {
            best = index;
        }
    }
    best as i32
}

/// −ln softmax(row)[index], in f64.
fn surprise(row: &[f32], index: usize) -> f64 {
    let most = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, qibu::math::max));
    let sum: f64 = row
        .iter()
        .map(|&logit| libm::exp(f64::from(logit) - most))
        .sum();
    most + libm::log(sum) - f64::from(row[index])
}

impl Outcomes {
    /// Couplets all of whose characters are known.
    #[must_use]
    pub fn known(&self) -> usize {
        self.couplets
            .iter()
            .filter(|outcome| outcome.bound.is_some())
            .count()
    }

    /// The measures; sums run in the corpus' order.
    ///
    /// # Errors
    /// No couplet is fully known.
    pub fn summary(&self) -> Result<Reconstruction> {
        let bounds = || {
            self.couplets
                .iter()
                .filter_map(|outcome| outcome.bound.as_ref())
        };
        let known = bounds().count() as f64;
        if known == 0.0 {
            return Err(Error::input(
                "no couplet of the corpus is wholly in the model's vocabulary",
            )
            .hint(
                "give a corpus in the model's script; its vocabulary is shown by `qibu inspect`",
            ));
        }
        let all = (self.couplets.len() * self.form) as f64;
        let right = |which: usize| -> f64 {
            let sum: usize = self
                .couplets
                .iter()
                .map(|outcome| outcome.right[which])
                .sum();
            sum as f64 / all
        };
        let nll = bounds().map(|bound| bound.0).sum::<f64>() / known;
        let kl = bounds().map(|bound| bound.1).sum::<f64>() / known;
        Ok(Reconstruction {
            reconstruction_mean: right(0),
            reconstruction_sampled: right(1),
            nelbo: nll + kl,
            nll,
            kl,
            active_units: active_units(bounds().map(|bound| bound.2.as_slice()), known),
        })
    }

    /// Equal greedy characters of two files, and characters in all.
    #[must_use]
    pub fn agreement(&self, other: &Self) -> (usize, usize) {
        let pairs = self.couplets.iter().zip(&other.couplets);
        pairs.fold((0, 0), |(equal, all), (a, b)| {
            let same = a
                .greedy
                .iter()
                .zip(&b.greedy)
                .filter(|(a, b)| a == b)
                .count();
            (equal + same, all + a.greedy.len())
        })
    }
}

/// Dimensions with a population variance above 0.01.
fn active_units<'a>(means: impl Iterator<Item = &'a [f32]> + Clone, count: f64) -> usize {
    let sum = |term: &dyn Fn(usize, f64) -> f64| {
        let mut sums: Vec<f64> = Vec::new();
        for mean in means.clone() {
            sums.resize(mean.len(), 0.0);
            for (index, (sum, &value)) in sums.iter_mut().zip(mean).enumerate() {
                *sum += term(index, f64::from(value));
            }
        }
        sums.into_iter()
            .map(|sum| sum / count)
            .collect::<Vec<f64>>()
    };
    let centre = sum(&|_, value| value);
    let variance = sum(&|index, value| (value - centre[index]) * (value - centre[index]));
    variance
        .into_iter()
        .filter(|&variance| variance > 0.01)
        .count()
}
