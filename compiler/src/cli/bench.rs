//! `qibu bench`.

use super::stdout;
use crate::bench::{FunctionTimes, Times, bench, per_ns};
use crate::error::{Error, Result};
use crate::model_file::ModelFile;
use crate::report::table::{Align, Style, Table};
use crate::report::{grouped, printable};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// Times a .qibu file on this machine: one thread, one run at a time, inputs of seeded noise.
///
/// The median is what to expect, the best what the machine can do undisturbed. Instructions on
/// Cortex-M: `cargo run -p qibu-benches --bin cortex-m`.
///
///   qibu bench model.qibu                                every function
///   qibu bench model.qibu --function encode --per-step   where its time goes
///   qibu bench model.qibu --per-step --json              for a script
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub struct BenchArgs {
    /// The file.
    file: PathBuf,
    /// Times every step, too.
    #[arg(long)]
    per_step: bool,
    /// The function to time [default: all].
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Seconds for each function, as many again for its steps; one run at least.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    time: Duration,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

fn seconds(text: &str) -> std::result::Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.001..=3600.0).contains(&value) => Ok(Duration::from_secs_f64(value)),
        _ => Err("expected a number from 0.001 to 3600".into()),
    }
}

/// Runs the command.
pub fn run(args: BenchArgs) -> Result<()> {
    let file = ModelFile::open(&args.file)?;
    if cfg!(debug_assertions) {
        eprintln!("warning: qibu was built without optimisation: cargo run --release -- bench …");
    }
    let found = bench(&file, args.function.as_deref(), args.time, args.per_step)
        .map_err(|error| named(error, &file))?;
    let shown = match args.json {
        true => format!("{}\n", as_json(&found)?),
        false => as_text(&file, &found, Style::for_stdout()),
    };
    stdout::put(&shown).map(drop)
}

/// The error, with the file that it is about.
fn named(error: Error, file: &ModelFile) -> Error {
    match error.message().contains(file.name()) {
        true => error,
        false => error.within(file.name()),
    }
}

fn as_json(found: &[FunctionTimes]) -> Result<Value> {
    let functions = serde_json::to_value(found)
        .map_err(|error| Error::input(format!("cannot write JSON: {error}")))?;
    Ok(json!({ "functions": functions }))
}

/// A time in the unit that leaves three or four digits.
fn shown(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns if ns < 1e9 => format!("{:.2} ms", ns / 1e6),
        ns => format!("{:.2} s", ns / 1e9),
    }
}

fn speed(macs: u64, times: Times) -> String {
    per_ns(macs, times).map_or("–".into(), |speed| format!("{speed:.2}"))
}

fn as_text(file: &ModelFile, found: &[FunctionTimes], style: Style) -> String {
    let mut text = format!("{}\n", style.bold(&printable(file.name())));
    let mut table = Table::new(&[
        ("function", Align::Left),
        ("median", Align::Right),
        ("best", Align::Right),
        ("MACs", Align::Right),
        ("MAC/ns", Align::Right),
        ("runs", Align::Right),
    ]);
    for function in found {
        table.row([
            function.name.clone(),
            shown(function.times.median_ns),
            shown(function.times.best_ns),
            grouped(function.macs as usize),
            speed(function.macs, function.times),
            grouped(function.runs),
        ]);
    }
    text += &table.render(style);
    for function in found.iter().filter(|function| !function.steps.is_empty()) {
        let title = style.bold(&printable(&function.name));
        text += &format!("\n{title}\n{}", steps(function).render(style));
    }
    text
}

fn steps(function: &FunctionTimes) -> Table {
    let mut table = Table::new(&[
        ("step", Align::Right),
        ("operator", Align::Left),
        ("kernel", Align::Left),
        ("median", Align::Right),
        ("best", Align::Right),
        ("share", Align::Right),
        ("MACs", Align::Right),
        ("MAC/ns", Align::Right),
    ]);
    for (number, step) in function.steps.iter().enumerate() {
        table.row([
            number.to_string(),
            step.operator.to_owned(),
            step.kernel.to_owned(),
            shown(step.times.median_ns),
            shown(step.times.best_ns),
            format!("{:.1} %", step.share * 100.0),
            grouped(step.macs as usize),
            speed(step.macs, step.times),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (ns, text) in [
            (999.0, "999 ns"),
            (1_500.0, "1.50 µs"),
            (2_340_000.0, "2.34 ms"),
            (3.2e9, "3.20 s"),
        ] {
            assert_eq!(shown(ns), text);
        }
    }

    #[test]
    fn seconds_are_within_reason() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "NaN", "inf", "3601", "x"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
