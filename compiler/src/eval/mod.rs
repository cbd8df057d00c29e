//! How good a poem model is: everything behind `qibu eval poem`. [`tag`] is the same for tag models.
//!
//! 1. [`reference`] reads the lines to compare with, and from them the [`trigram`] model.
//! 2. [`reconstruction`] runs a file over a corpus: what comes back, likelihood bound, divergence.
//! 3. [`verse`] measures poems by the rules of [`meter`] and otherwise: those read off latents, the
//!    [`composed`] ones, and an equal number of human ones ([`draw`]).
//! 4. [`report`] is the result: one JSON object, or a table with the targets beside it.
//!
//! The int8 file is measured beside its float twin. Sums run in a fixed order and random numbers
//! are drawn before the threads start: the report does not depend on the number of threads.

pub mod composed;
pub mod draw;
pub mod meter;
pub mod reconstruction;
pub mod reference;
pub mod report;
pub mod tag;
pub mod trigram;
pub mod verse;

use crate::error::{Error, Result};
use crate::poem::coder::Coder;
use crate::poem::parallel;
use crate::poem::text::line_of;
use crate::prosody::Prosody;
use crate::train::poem::corpus::Corpus;
use indicatif::{ProgressBar, ProgressStyle};
use qibu::poem::Reading;
use reference::Reference;
use report::{Agreement, Report};
use std::collections::BTreeSet;
use verse::Judge;

/// What to measure on.
pub struct Materials {
    /// Poems that the model has not seen.
    pub corpus: Corpus,
    /// What people wrote.
    pub reference: Reference,
    /// Tones and rhymes.
    pub prosody: Prosody,
    /// Poems of each kind: generated, composed, acrostics, and human ones, as far as there are.
    pub samples: usize,
    /// First seed of the generated poems; posterior samples and the human sample follow from it.
    pub seed: u64,
    /// Of all latents; where left out, what the model recommends, and 1 for composed poems.
    pub temperature: Option<f32>,
    /// Threads; they do not change the result.
    pub threads: usize,
}

/// Measures the file `int8` and, where given, its `float` twin.
///
/// # Errors
/// The two are not of the same model, a function is missing, or the corpus is too small.
pub fn run<C: Coder>(int8: &C, float: Option<&C>, on: &Materials) -> Result<Report> {
    check(int8, float, on)?;
    let files = 1 + usize::from(float.is_some());
    let sets = files + 2 * usize::from(int8.composes());
    let bar = bar(files * on.corpus.len() + sets * on.samples);
    let done = || bar.inc(1);

    bar.set_message("int8: the corpus");
    let outcomes = reconstruction::run(int8, &on.corpus, on.seed, on.threads, &done)?;
    bar.set_message("float: the corpus");
    let twin = float
        .map(|float| reconstruction::run(float, &on.corpus, on.seed, on.threads, &done))
        .transpose()?;

    bar.set_message("poems");
    let latents = |temperature: f32| -> Vec<Vec<f32>> {
        let seeds = (0..on.samples as u64).map(|index| on.seed.wrapping_add(index));
        seeds.map(|seed| int8.sample(seed, temperature)).collect()
    };
    let temperature = on.temperature.unwrap_or(int8.temperature());
    let drawn = latents(temperature);
    let read = |coder: &C, reading| read(coder, &drawn, reading, on.threads);
    let generated = int8.characters(&read(int8, Reading::Distinct)?);
    bar.inc(on.samples as u64);
    let agreement = match (float, &twin) {
        (Some(float), Some(twin)) => {
            let pair = (read(int8, Reading::Greedy)?, read(float, Reading::Greedy)?);
            bar.inc(on.samples as u64);
            Some(Agreement::new(outcomes.agreement(twin), &pair))
        }
        _ => None,
    };

    let form = on.corpus.form;
    let human: Vec<char> = draw::indices(on.corpus.len(), on.samples, on.seed)
        .into_iter()
        .flat_map(|index| &on.corpus.characters[index * form..][..form])
        .copied()
        .collect();
    let vocabulary: BTreeSet<char> = int8.vocabulary().iter().copied().collect();
    let judge = Judge {
        form,
        vocabulary: &vocabulary,
        prosody: &on.prosody,
        reference: &on.reference,
        compared: on.samples.min(on.corpus.len()),
    };
    let (mut composed, mut acrostics) = (None, None);
    if int8.composes() {
        bar.set_message("composed poems");
        let temperature = on.temperature.unwrap_or(FULL);
        let latents = latents(temperature);
        let free = composed::free(int8, &latents, judge, on.threads, &done)?;
        composed = Some((temperature, free));
        let heads = (&on.corpus, on.seed);
        acrostics = composed::acrostics(int8, &latents, judge, heads, on.threads, &done)?;
    }
    bar.finish_and_clear();
    let covered = on
        .corpus
        .characters
        .iter()
        .filter(|&&c| int8.id(c).is_some())
        .count();
    Ok(Report {
        int8: outcomes.summary()?,
        float: twin.map(|twin| twin.summary()).transpose()?,
        temperature,
        generated: judge.measure(&generated),
        composed,
        acrostics,
        human: judge.measure(&human),
        coverage: covered as f64 / on.corpus.characters.len().max(1) as f64,
        form,
        poems: on.corpus.len(),
        known: outcomes.known(),
        agreement,
    })
}

/// The temperature of the standard normal that the model was trained with.
const FULL: f32 = 1.0;

fn check<C: Coder>(int8: &C, float: Option<&C>, on: &Materials) -> Result<()> {
    let form = |characters: usize| {
        let line = line_of(characters);
        format!("{} lines of {line}", characters / line)
    };
    if on.corpus.form != int8.positions() {
        return Err(Error::usage(format!(
            "the corpus has poems of {}, the model of {}",
            form(on.corpus.form),
            form(int8.positions())
        )));
    }
    if on.samples == 0 {
        return Err(Error::usage("no samples asked for").hint("give --samples from 1 on"));
    }
    match float {
        Some(float)
            if float.vocabulary() != int8.vocabulary()
                || float.latent() != int8.latent()
                || float.positions() != int8.positions() =>
        {
            Err(
                Error::input("the float model has another vocabulary or form than the int8 file")
                    .hint("give the model.onnx that the file was compiled from, with --float"),
            )
        }
        _ => Ok(()),
    }
}

/// The poems of `latents`, one after the other.
fn read(
    coder: &impl Coder,
    latents: &[Vec<f32>],
    reading: Reading,
    threads: usize,
) -> Result<Vec<i32>> {
    let ids = parallel::map(
        latents.len(),
        threads,
        || coder.worker(),
        |worker, index| worker.read(&latents[index], reading),
    )?;
    Ok(ids.concat())
}

/// Progress on standard error; hidden where that is no terminal.
fn bar(steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{bar:30.green/dim} {pos}/{len}  {msg}  {elapsed} done, {eta} left",
    );
    let bar = ProgressBar::new(steps as u64);
    bar.set_style(style.expect("the template is fixed").progress_chars("━╸─"));
    bar
}

#[cfg(test)]
mod tests;
