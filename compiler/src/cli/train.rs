//! `qibu train`.

mod poem;
mod tagger;

use super::stdout;
use crate::engine::{Device, Options};
use crate::error::{Error, Result};
use clap::{Args, Subcommand};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Trains a model through ONNX Runtime.
#[derive(Args, Debug)]
pub struct TrainArgs {
    #[command(subcommand)]
    model: Model,
}

#[derive(Subcommand, Debug)]
enum Model {
    /// A couplet from a seed: a variational autoencoder of Tang couplets.
    Poem(poem::PoemArgs),
    Tagger(tagger::TaggerArgs),
}

/// Runs the command.
pub fn run(args: TrainArgs) -> Result<()> {
    match args.model {
        Model::Poem(args) => poem::run(args),
        Model::Tagger(args) => tagger::run(args),
    }
}

/// How sessions run, from `--device` and `--threads`.
fn engine_options(device: &str, threads: u64) -> Result<Options> {
    let threads = match threads {
        0 => crate::poem::parallel::available(),
        threads => threads as usize,
    };
    Ok(Options {
        device: device.parse::<Device>()?,
        threads,
        optimise: true,
        deterministic: true,
        spin: false,
    })
}

/// What Ctrl-C sets; a second one ends the process at once.
fn stop_on_interrupt() -> Result<&'static AtomicBool> {
    static STOP: AtomicBool = AtomicBool::new(false);
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("\nfinishing the step, then saving; once more stops at once");
    })
    .map_err(|error| Error::environment(format!("cannot watch for Ctrl-C: {error}")))?;
    Ok(&STOP)
}

/// Says what was written.
fn finish(json: bool, metrics: &serde_json::Value, out: &Path) -> Result<()> {
    let text = match json {
        true => format!("{metrics}\n"),
        false => format!("wrote {}\n", out.join("model.onnx").display()),
    };
    stdout::put(&text).map(drop)
}
