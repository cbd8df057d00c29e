//! `qibu compile`.

use super::{progress, stdout};
use crate::atomic;
use crate::compile::{Compiled, Request, compile};
use crate::engine;
use crate::error::{Error, Result};
use crate::plan::Planned;
use crate::quantise::{Activations, Weights};
use crate::report::memory_svg::{self, Arena, Block};
use crate::report::table::{Align, Style, Table};
use crate::report::{grouped, printable};
use crate::verify::{FunctionReport, Report, Witness};
use clap::Args;
use std::path::{Path, PathBuf};

/// Compiles an ONNX model into one flat file.
///
/// import → simplify → calibrate → quantise → plan → write → verify. The same model, samples and
/// version give the same bytes on every machine, with or without ONNX Runtime; where it is found,
/// the report adds a comparison with it.
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
    /// Element type of weights.
    #[arg(long, value_enum, default_value = "int8")]
    weights: Weights,
    /// Element type of activations beside int8 weights [default: what the model asks for, else int8].
    #[arg(long, value_enum)]
    activations: Option<Activations>,
    /// Functions to keep, separated by commas [default: all].
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    functions: Vec<String>,
    /// Draws the memory plan of every function (SVG); a function's name is added to the file's.
    #[arg(long, value_name = "FILE.svg")]
    memory_plan: Option<PathBuf>,
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
    if args.model.is_file() {
        check_targets(&output, args.memory_plan.as_deref())?;
    }
    if args.activations.is_some() && args.weights != Weights::Int8 {
        return Err(Error::usage("--activations goes with int8 weights only")
            .hint("beside f16 and f32 weights, activations are f32"));
    }
    let request = Request {
        model: args.model,
        functions: args.functions,
        calibration: args.calibrate,
        weights: args.weights,
        activations: args.activations,
    };
    let bar = progress::bar();
    let compiled = compile(&request, &mut |pace, done, of| {
        progress::show(&bar, pace, done, of);
    });
    bar.finish_and_clear();
    let compiled = compiled?;
    let drawings = match &args.memory_plan {
        Some(path) => drawings(path, &compiled.planned)?,
        None => Vec::new(),
    };
    let mut files: Vec<(&Path, &[u8])> = vec![(&output, &compiled.bytes)];
    files.extend(drawings.iter().map(|(path, svg)| (&**path, svg.as_bytes())));
    atomic::write_all(&files)?;
    if compiled.report.noise_calibrated {
        eprintln!(
            "warning: no calibration samples: activation ranges come from noise\n  \
             help: pass --calibrate FILE (.npz or .safetensors) with a few hundred typical inputs"
        );
    }
    let shown = if args.json {
        json(&compiled.report)? + "\n"
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

fn json(report: &Report) -> Result<String> {
    serde_json::to_string(report)
        .map_err(|error| Error::input(format!("cannot write JSON: {error}")))
}

/// The report for people.
fn text(compiled: &Compiled, style: Style) -> String {
    let report = &compiled.report;
    let mut text = String::new();
    for function in &report.functions {
        text.push_str(&function_text(function, style));
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
            layer.name.clone(),
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

/// What may be replaced: older files of the same kind.
fn check_targets(output: &Path, drawing: Option<&Path>) -> Result<()> {
    let target = atomic::check_target(output, &[&qibu::format::MAGIC])?;
    let Some(drawing) = drawing else {
        return Ok(());
    };
    if atomic::check_target(drawing, SVG)? == target {
        return Err(Error::usage(format!("{} is given twice", output.display()))
            .hint("name different files with -o and --memory-plan"));
    }
    Ok(())
}

/// How pictures start.
const SVG: &[&[u8]] = &[b"<svg", b"<?xml"];

/// `path` with a function's name added. The name comes from the model: it must lead to no other
/// folder.
fn beside(path: &Path, function: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| {
        if c.is_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = function.chars().map(plain).collect();
    path.with_file_name(format!("{stem}-{name}.svg"))
}

/// Each function's plan as a picture, and the file for it.
fn drawings(path: &Path, planned: &Planned) -> Result<Vec<(PathBuf, String)>> {
    let mut drawings = Vec::new();
    let single = planned.functions.len() == 1;
    for (function, plan) in planned.program.functions.iter().zip(&planned.functions) {
        let block = |lifetime: &crate::plan::Lifetime| Block {
            name: planned.program.tensors[lifetime.tensor].name.clone(),
            offset: lifetime.offset,
            bytes: lifetime.bytes,
            first_step: lifetime.first,
            last_step: lifetime.last,
        };
        let arena = Arena {
            title: function.name.clone(),
            steps: function.steps.len(),
            blocks: plan.lifetimes.iter().map(block).collect(),
            peak: plan.peak,
            lower_bound: plan.lower_bound,
        };
        let target = if single {
            path.to_owned()
        } else {
            beside(path, &function.name)
        };
        atomic::check_target(&target, SVG)?;
        drawings.push((target, memory_svg::draw(&arena)));
    }
    Ok(drawings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_function_leads_to_no_other_folder() {
        let path = Path::new("plans/memory.svg");
        assert_eq!(beside(path, "encode"), Path::new("plans/memory-encode.svg"));
        assert_eq!(
            beside(path, "/../../x"),
            Path::new("plans/memory-_.._.._x.svg")
        );
    }
}
