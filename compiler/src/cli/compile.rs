//! `qibu compile`.

mod files;
mod kernels;
mod search;
mod tune;

use super::{progress, stdout};
use crate::atomic;
use crate::calibrate::Method;
use crate::compile::{Compiled, Request, compile};
use crate::engine;
use crate::error::{Error, Result};
use crate::quantise::{Activations, Weights};
use crate::report::table::{Align, Style, Table};
use crate::report::{grouped, printable, short};
use crate::search::Goal;
use crate::target::{Arrangement, Target};
use crate::verify::{FunctionReport, Witness};
use clap::Args;
use std::path::{Path, PathBuf};

/// Compiles an ONNX model into one flat file.
///
/// import → simplify → calibrate → quantise → plan → write → verify. The same model, samples and
/// version give the same bytes on every machine, with or without ONNX Runtime (but for --target host
/// and a first --tune, which look at the machine); where it is found, the report adds a comparison
/// with it.
#[derive(Args, Debug)]
pub struct CompileArgs {
    /// The ONNX model; every dimension fixed.
    model: PathBuf,
    /// The file to write [default: the model's name with .qibu].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Samples (.npz or .safetensors), tensors named as the inputs, samples along the first axis
    /// [default: calibration.safetensors beside the model, else noise].
    #[arg(long, value_name = "FILE")]
    calibrate: Option<PathBuf>,
    /// Which part of the samples' values int8 activations cover.
    #[arg(long, value_enum, value_name = "METHOD", default_value = "minmax")]
    calibration_method: Method,
    /// Element type of weights.
    #[arg(long, value_enum, default_value = "int8")]
    weights: Weights,
    /// Element type of activations beside int8 weights [default: what the model asks for, else int8].
    #[arg(long, value_enum)]
    activations: Option<Activations>,
    /// Searches the format of every layer (int4, int8, int16 activations, f16) for the least noise in
    /// a file of at most this size; 200K and 1M are understood.
    #[arg(long, value_name = "BYTES", value_parser = search::bytes)]
    max_flash: Option<usize>,
    /// The same within this much RAM.
    #[arg(long, value_name = "BYTES", value_parser = search::bytes)]
    max_ram: Option<usize>,
    /// Searches for the smallest file whose every output has at least this signal-to-noise ratio.
    #[arg(long, value_name = "DB", value_parser = super::verify::decibels)]
    min_snr: Option<f64>,
    /// Processor that weights are arranged for; the file runs on all others too, slower there.
    #[arg(long, value_enum, value_name = "NAME", default_value = "portable")]
    target: Target,
    /// Stores int8 weights as int16 for processors whose instructions multiply pairs of them (--target
    /// cortex-m4, cortex-m7 or cortex-m33): fewer instructions, twice the flash.
    #[arg(long, conflicts_with = "tune")]
    weights_wide: bool,
    /// Measures which layout of each layer's weights is fastest on this machine and records it in this
    /// file; where the file exists, its choices are taken.
    #[arg(long, value_name = "FILE.json", conflicts_with = "target")]
    tune: Option<PathBuf>,
    /// Functions to keep, separated by commas [default: all].
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    functions: Vec<String>,
    /// Adds function `compose` to a poem model: the best characters of each tone and, where a line ends,
    /// of each rhyme group, for poems that keep the rules. A table of lines `东 TAB P TAB 一东`: a
    /// character, its tone (P level, Z oblique, B either), rhyme groups.
    #[arg(long, value_name = "FILE.tsv")]
    prosody: Option<PathBuf>,
    /// Draws the memory plan of every function (SVG); a function's name is added to the file's.
    #[arg(long, value_name = "FILE.svg")]
    memory_plan: Option<PathBuf>,
    /// Writes the list of kernels that the model needs, for `Model::load_with`: a firmware links
    /// them and no others.
    #[arg(long, value_name = "FILE.rs")]
    kernels: Option<PathBuf>,
    /// Writes the report as one HTML page, which opens offline.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Prints the report as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: CompileArgs) -> Result<()> {
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| args.model.with_extension("qibu"));
    // Choices that exist are read, and never replaced.
    let new_choices = args.tune.as_deref().filter(|path| !path.exists());
    if args.model.is_file() {
        files::check_targets(
            &output,
            &[
                (args.memory_plan.as_deref(), files::SVG),
                (args.report.as_deref(), files::HTML),
                (args.kernels.as_deref(), files::KERNELS),
                (new_choices, files::JSON),
            ],
        )?;
    }
    let goal = Goal {
        max_flash: args.max_flash,
        max_ram: args.max_ram,
        min_snr: args.min_snr,
    };
    if !goal.is_empty() && (args.activations.is_some() || args.weights != Weights::Int8) {
        return Err(Error::usage(
            "--max-flash, --max-ram and --min-snr choose the formats themselves",
        )
        .hint("leave out --weights and --activations"));
    }
    let integers = matches!(args.weights, Weights::Int8 | Weights::Int4);
    if args.activations.is_some() && !integers {
        return Err(
            Error::usage("--activations goes with int8 and int4 weights only")
                .hint("beside f16 and f32 weights, activations are f32"),
        );
    }
    if args.weights_wide {
        let targets = Target::all().iter().filter(|target| target.has_wide());
        let names: Vec<String> = targets.map(|target| target.name()).collect();
        if !names.contains(&args.target.name()) {
            let targets = names.join(", ");
            return Err(
                Error::usage("--weights-wide needs a processor that multiplies pairs")
                    .hint(format!("add --target with one of {targets}")),
            );
        }
        if args.weights != Weights::Int8 || !goal.is_empty() {
            return Err(Error::usage("--weights-wide goes with int8 weights only")
                .hint("leave out --weights, --max-flash, --max-ram and --min-snr"));
        }
    }
    let mut request = Request {
        model: args.model.clone(),
        functions: args.functions,
        calibration: args.calibrate,
        method: args.calibration_method,
        weights: args.weights,
        activations: args.activations,
        goal,
        arrangement: Arrangement {
            wide: args.weights_wide,
            ..args.target.into()
        },
        prosody: args.prosody,
    };
    let bar = progress::bar();
    let choices = match &args.tune {
        Some(path) => tune::choices(&mut request, path, |done, of| {
            progress::show(&bar, "tune", done, of);
        })?,
        None => None,
    };
    let compiled = compile(&request, &mut |pace, done, of| {
        progress::show(&bar, pace, done, of);
    });
    bar.finish_and_clear();
    let compiled = compiled?;
    let mut texts = match &args.memory_plan {
        Some(path) => files::drawings(path, &compiled.planned)?,
        None => Vec::new(),
    };
    if let Some(path) = &args.report {
        texts.push((path.clone(), files::page(&args.model, &compiled)));
    }
    if let Some(path) = &args.kernels {
        texts.push((path.clone(), kernels::listed(&compiled.bytes)?));
    }
    texts.extend(
        choices
            .zip(args.tune.clone())
            .map(|(text, path)| (path, text)),
    );
    let mut files: Vec<(&Path, &[u8])> = vec![(&output, &compiled.bytes)];
    files.extend(texts.iter().map(|(path, text)| (&**path, text.as_bytes())));
    atomic::write_all(&files)?;
    if compiled.report.noise_calibrated {
        eprintln!(
            "warning: no calibration samples: activation ranges come from noise\n  \
             help: pass --calibrate FILE (.npz or .safetensors) with a few hundred typical inputs"
        );
    }
    for (name, snr) in noisy(&compiled) {
        eprintln!(
            "warning: output `{}` has {snr:.1} dB of signal to noise, less than the {LEAST_SNR} dB \
             that `qibu verify` asks for\n  help: calibrate with real inputs, or try --min-snr \
             {LEAST_SNR}, --activations int16 or --weights f16",
            printable(name)
        );
    }
    let shown = if args.json {
        json(&compiled)? + "\n"
    } else {
        format!(
            "{}wrote {} ({} bytes)\n",
            text(&compiled, Style::for_stdout()),
            output.display(),
            grouped(compiled.bytes.len())
        )
    };
    stdout::put(&shown).map(|_| ())
}

/// What `verify` asks of an output by default.
const LEAST_SNR: f64 = 20.0;

/// Outputs that have less.
fn noisy(compiled: &Compiled) -> impl Iterator<Item = (&str, f64)> {
    let functions = compiled.report.functions.iter();
    let outputs = functions.flat_map(|function| &function.outputs);
    let measured = outputs.filter_map(|output| Some((output.name.as_str(), output.snr_db?)));
    measured.filter(|&(_, snr)| snr < LEAST_SNR)
}

fn json(compiled: &Compiled) -> Result<String> {
    let mut value = serde_json::to_value(&compiled.report)
        .map_err(|error| Error::input(format!("cannot write JSON: {error}")))?;
    if let (Some(found), Some(object)) = (&compiled.found, value.as_object_mut()) {
        object.insert("frontier".into(), search::json(found));
    }
    serde_json::to_string(&value)
        .map_err(|error| Error::input(format!("cannot write JSON: {error}")))
}

/// The report for people.
fn text(compiled: &Compiled, style: Style) -> String {
    let report = &compiled.report;
    let mut text = String::new();
    if let Some(found) = &compiled.found {
        text.push_str(&search::text(found, style));
    }
    for function in &report.functions {
        text.push_str(&function_text(function, style));
    }
    if report.wide_bytes > 0 {
        text += &format!(
            "wide weights take {} bytes more flash than int8\n",
            grouped(report.wide_bytes)
        );
    }
    match (&report.witness, &report.witness_refusal) {
        (Some(witness), _) => text.push_str(&witness_text(witness, style)),
        (None, Some(refusal)) => text.push_str(&format!(
            "not compared with ONNX Runtime: {}\n",
            printable(&refusal.replace('\n', ";"))
        )),
        (None, None) => {
            let why = engine::available().err().map(|error| format!(": {error}"));
            text += &format!(
                "not compared with ONNX Runtime{}\n",
                why.unwrap_or_default()
            );
        }
    }
    text
}

fn decibels(snr: Option<f64>) -> String {
    snr.map_or_else(|| "–".into(), |snr| format!("{snr:.1}"))
}

fn function_text(function: &FunctionReport, style: Style) -> String {
    let mut table = Table::new(&[
        ("step", Align::Left),
        ("operator", Align::Left),
        ("output", Align::Left),
        ("flash", Align::Right),
        ("RAM", Align::Right),
        ("MACs", Align::Right),
        ("SNR dB", Align::Right),
    ]);
    for layer in &function.layers {
        let shape: Vec<String> = layer.shape.iter().map(ToString::to_string).collect();
        table.row([
            short(&layer.name),
            layer.operator.into(),
            format!("{} {}", layer.dtype, shape.join("×")),
            grouped(layer.flash),
            grouped(layer.ram),
            grouped(layer.macs as usize),
            decibels(layer.snr_db),
        ]);
    }
    let outputs: Vec<String> = function
        .outputs
        .iter()
        .filter(|output| output.snr_db.is_some())
        .map(|output| format!("{} {} dB", printable(&output.name), decibels(output.snr_db)))
        .collect();
    format!(
        "{}\n{}flash {}, RAM {} (lower bound {}), {} MACs; {}\n\n",
        style.bold(&printable(&format!("function {}", function.name))),
        table.render(style),
        grouped(function.flash),
        grouped(function.ram),
        grouped(function.ram_lower_bound),
        grouped(function.macs as usize),
        outputs.join(", "),
    )
}

fn witness_text(witness: &Witness, style: Style) -> String {
    let mut table = Table::new(&[
        ("output", Align::Left),
        ("float path", Align::Right),
        ("compiled file", Align::Right),
    ]);
    let percent = |share: f64| format!("{:.2} % equal", 100.0 * share);
    for output in &witness.outputs {
        let float = output.float_error.map(|error| format!("error {error:.1e}"));
        let file = output.snr_db.map(|snr| format!("{snr:.1} dB"));
        table.row([
            format!("{}/{}", output.function, output.name),
            float
                .or(output.float_equal.map(percent))
                .unwrap_or_default(),
            file.or(output.equal.map(percent)).unwrap_or_default(),
        ]);
    }
    let title = format!("against ONNX Runtime {}", witness.version);
    format!("{}\n{}\n", style.bold(&title), table.render(style))
}
