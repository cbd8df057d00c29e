//! `qibu verify`.

use super::{progress, stdout};
use crate::error::{Error, ErrorKind, Result};
use crate::report::table::{Align, Style, Table};
use crate::report::{grouped, printable, short};
use crate::verify::{
    Checked, LayerOfFile, Subject, Thresholds, Verification, VerifiedFunction, verify_file,
};
use clap::Args;
use std::path::PathBuf;

/// Compares a compiled file with the ONNX model that it comes from, layer by layer and end to end.
///
/// On the same samples run the file, the model in f32 in the runtime, and the model in ONNX Runtime
/// with graph optimisations off, where that is installed. An output of a file in f32 may differ by
/// --float-tolerance, one of any other file must have a signal-to-noise ratio of --min-snr. What is
/// beyond a threshold ends with exit code 1.
///
///   qibu verify model.onnx model.qibu                          64 seeded samples of noise
///   qibu verify model.onnx model.qibu --inputs samples.npz     your own
///   qibu verify model.onnx model.qibu --min-snr 30 --json      stricter, for a script
#[derive(Args, Debug)]
#[command(verbatim_doc_comment, allow_negative_numbers = true)]
pub struct VerifyArgs {
    /// The ONNX model that the file was compiled from.
    model: PathBuf,
    /// The .qibu file, in any number formats.
    file: PathBuf,
    /// Samples (.npz or .safetensors), tensors named as the inputs, samples along the first axis
    /// [default: 64 seeded samples, smooth waves and noise, that no calibration uses].
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// Largest error over the largest magnitude: of the float path against ONNX Runtime, and of
    /// files in f32.
    #[arg(long, value_name = "ERROR", default_value = "1e-4", value_parser = tolerance)]
    float_tolerance: f64,
    /// Smallest signal-to-noise ratio of an output in decibels, of files that are not in f32.
    #[arg(long, value_name = "DB", default_value = "20", value_parser = decibels)]
    min_snr: f64,
    /// Smallest share, 0 to 1, of equal ids or truth values in an output, of files that are not in
    /// f32 [default: any].
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_equal: Option<f64>,
    /// Smallest share, 0 to 1, of samples with the same best class, of files that are not in f32
    /// [default: any].
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_top1: Option<f64>,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

fn tolerance(text: &str) -> std::result::Result<f64, String> {
    number(text, |value| value >= 0.0, "a number from 0 on")
}

pub(super) fn decibels(text: &str) -> std::result::Result<f64, String> {
    number(
        text,
        |value| value.abs() <= 200.0,
        "a number from -200 to 200",
    )
}

fn share(text: &str) -> std::result::Result<f64, String> {
    number(
        text,
        |value| (0.0..=1.0).contains(&value),
        "a number from 0 to 1",
    )
}

fn number(
    text: &str,
    good: impl Fn(f64) -> bool,
    expected: &str,
) -> std::result::Result<f64, String> {
    let value = text
        .parse()
        .ok()
        .filter(|&value: &f64| value.is_finite() && good(value));
    value.ok_or_else(|| format!("expected {expected}"))
}

/// Runs the command.
pub fn run(args: VerifyArgs) -> Result<()> {
    let subject = Subject {
        model: args.model,
        file: args.file,
        inputs: args.inputs,
        thresholds: Thresholds {
            float_tolerance: args.float_tolerance,
            min_snr: args.min_snr,
            min_equal: args.min_equal,
            min_top1: args.min_top1,
        },
    };
    let bar = progress::bar();
    let found = verify_file(&subject, |done, of| {
        progress::show(&bar, "verify", done, of)
    });
    bar.finish_and_clear();
    let found = found?;
    let shown = if args.json {
        let json = serde_json::to_string(&found);
        json.map_err(|error| Error::input(format!("cannot write JSON: {error}")))? + "\n"
    } else {
        text(&found, Style::for_stdout())
    };
    stdout::put(&shown)?;
    if found.pass {
        return Ok(());
    }
    let failed = found.failures.len();
    Err(Error::new(
        ErrorKind::Verification,
        format!("{}: beyond their thresholds: {failed}", found.file),
    )
    .hint(
        "calibrate on samples of real inputs, or give sensitive layers a wider format; \
         --float-tolerance and --min-snr set the thresholds",
    ))
}

/// The report for people.
fn text(found: &Verification, style: Style) -> String {
    let mut text = format!(
        "{} beside {}, on {}\n\n",
        style.bold(&printable(&found.file)),
        printable(&found.model),
        samples(found)
    );
    for function in &found.functions {
        text += &function_text(function, style);
    }
    if let Some(why) = &found.layers_not_compared {
        text += &format!("layers not compared: {}\n", printable(why));
    }
    match (&found.onnx_runtime, &found.not_compared) {
        (Some(version), _) => text += &format!("compared with ONNX Runtime {version}\n"),
        (None, why) => {
            let why = why.as_deref().unwrap_or_default().replace('\n', ";");
            text += &format!("not compared with ONNX Runtime: {}\n", printable(&why));
        }
    }
    for failure in &found.failures {
        text += &format!("beyond its threshold: {}\n", printable(failure));
    }
    let verdict = if found.pass { "pass" } else { "FAIL" };
    text += &format!(
        "{}: comparisons {}, beyond their thresholds {}\n",
        style.bold(&format!("verdict: {verdict}")),
        grouped(found.comparisons),
        grouped(found.failures.len())
    );
    text
}

fn samples(found: &Verification) -> String {
    let count = grouped(found.samples);
    match found.inputs.as_str() {
        "noise" => format!("{count} samples of noise"),
        path => format!("{count} samples of {}", printable(path)),
    }
}

fn function_text(function: &VerifiedFunction, style: Style) -> String {
    let mut text = format!(
        "{}\n",
        style.bold(&printable(&format!("function {}", function.name)))
    );
    if !function.layers.is_empty() {
        text += &layers(&function.layers, style);
        text.push('\n');
    }
    let mut table = Table::new(&[
        ("output", Align::Left),
        ("compared", Align::Left),
        ("SNR dB", Align::Right),
        ("error", Align::Right),
        ("equal", Align::Right),
        ("top-1", Align::Right),
        ("", Align::Left),
    ]);
    for output in &function.outputs {
        for (what, checked) in [
            ("file / float", output.file_vs_float),
            ("float / ONNX Runtime", output.float_vs_onnx_runtime),
            ("file / ONNX Runtime", output.file_vs_onnx_runtime),
        ] {
            if let Some(checked) = checked {
                table.row(cells(&output.name, what, &checked));
            }
        }
    }
    text + &table.render(style) + "\n"
}

fn cells(name: &str, what: &str, checked: &Checked) -> [String; 7] {
    let measured = &checked.measured;
    let shown =
        |value: Option<f64>, write: fn(f64) -> String| value.map_or_else(|| "–".to_owned(), write);
    let percent: fn(f64) -> String = |share| format!("{:.2} %", 100.0 * share);
    [
        name.to_owned(),
        what.to_owned(),
        shown(measured.snr_db, |snr| format!("{snr:.1}")),
        shown(measured.relative_error, |error| format!("{error:.1e}")),
        shown(measured.equal, percent),
        shown(measured.top1, percent),
        if checked.pass { "ok" } else { "FAIL" }.to_owned(),
    ]
}

/// How many of the worst layers are named again below the table.
const WORST: usize = 3;

fn layers(layers: &[LayerOfFile], style: Style) -> String {
    let mut table = Table::new(&[
        ("step", Align::Left),
        ("operator", Align::Left),
        ("output", Align::Left),
        ("SNR dB", Align::Right),
    ]);
    for layer in layers {
        let shape: Vec<String> = layer.shape.iter().map(ToString::to_string).collect();
        table.row([
            short(&layer.name),
            layer.operator.into(),
            format!("{} {}", layer.dtype, shape.join("×")),
            layer
                .snr_db
                .map_or_else(|| "–".into(), |snr| format!("{snr:.1}")),
        ]);
    }
    let known = layers.iter();
    let mut worst: Vec<(f64, &str)> = known
        .filter_map(|layer| Some((layer.snr_db?, layer.name.as_str())))
        .collect();
    worst.sort_by(|a, b| a.0.total_cmp(&b.0));
    let worst = worst.iter().take(WORST);
    let worst: Vec<String> = worst
        .map(|(snr, name)| format!("{} {snr:.1} dB", printable(&short(name))))
        .collect();
    match worst.is_empty() {
        true => table.render(style),
        false => format!(
            "{}worst layers: {}\n",
            table.render(style),
            worst.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_numbers_in_their_range() {
        for (parse, good, bad) in [
            (tolerance as fn(&str) -> _, "1e-4", "-1"),
            (decibels, "-3.5", "201"),
            (share, "0.995", "1.1"),
        ] {
            assert!(parse(good).is_ok() && parse(bad).is_err() && parse("NaN").is_err());
            assert!(parse("").is_err() && parse("inf").is_err());
        }
    }
}
