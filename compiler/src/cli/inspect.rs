//! `qibu inspect`.

use super::stdout;
use crate::error::Result;
use crate::footprint;
use crate::model_file::ModelFile;
use crate::report::table::{Align, Style, Table};
use crate::report::{element_type, grouped, printable};
use clap::Args;
use qibu::format::{Section, Tensor, header};
use qibu::{Function, Model};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Shows what a .qibu file holds and what each function needs on the device.
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// The file.
    file: PathBuf,
    /// Lists every step.
    #[arg(long)]
    steps: bool,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: InspectArgs) -> Result<()> {
    let file = ModelFile::open(&args.file)?;
    let model = file.model()?;
    let shown = if args.json {
        format!("{}\n", as_json(&model, file.bytes()))
    } else {
        as_text(&model, &file, args.steps, Style::for_stdout())
    };
    stdout::put(&shown).map(|_| ())
}

/// Metadata for display: the vocabulary as its length.
fn metadata(model: &Model<'_>) -> Vec<(String, String)> {
    let entries = model.metadata().entries().map(|(key, value)| {
        let shown = match key {
            "vocab" => format!("{} characters", value.chars().count()),
            _ => value.to_owned(),
        };
        (key.to_owned(), shown)
    });
    entries.collect()
}

fn described(model: &Model<'_>, tensor: Tensor<'_>) -> String {
    let dims: Vec<String> = tensor.shape().iter().map(ToString::to_string).collect();
    let dtype = element_type(tensor.dtype());
    format!("{} {dtype}[{}]", model.tensor_name(tensor), dims.join(","))
}

fn signature(model: &Model<'_>, function: &Function<'_>) -> (String, String) {
    let list = |indices: &[u32]| {
        let tensors = indices.iter().filter_map(|&index| model.tensor(index));
        tensors
            .map(|tensor| described(model, tensor))
            .collect::<Vec<_>>()
            .join(", ")
    };
    (list(function.inputs()), list(function.outputs()))
}

fn macs(function: &Function<'_>) -> u64 {
    function.steps().map(|step| step.macs()).sum()
}

fn as_text(model: &Model<'_>, file: &ModelFile, steps: bool, style: Style) -> String {
    let mut text = format!("{}\n", style.bold(&printable(file.name())));
    for (key, value) in metadata(model) {
        text.push_str(&printable(&format!("  {key}: {value}")));
        text.push('\n');
    }
    let (_, weights) = model.section(Section::Weights);
    text.push_str(&format!(
        "  {} bytes, {} of them weights; {} tensors, {} steps; sha256 {}\n",
        grouped(file.bytes().len()),
        grouped(weights),
        model.tensors(),
        model.steps(),
        crate::sha256_hex(file.bytes()),
    ));
    if noise_calibrated(model) {
        text.push_str("  calibrated on noise: activation ranges may not fit real inputs\n");
    }
    let mut table = Table::new(&[
        ("function", Align::Left),
        ("flash", Align::Right),
        ("RAM", Align::Right),
        ("MACs", Align::Right),
        ("inputs → outputs", Align::Left),
    ]);
    for function in model.functions() {
        let (inputs, outputs) = signature(model, &function);
        table.row([
            function.name().to_owned(),
            grouped(footprint::flash(model, &function)),
            grouped(function.arena()),
            grouped(macs(&function) as usize),
            format!("{inputs} → {outputs}"),
        ]);
    }
    text.push_str(&table.render(style));
    text.push_str(&tables_text(model, style));
    text.push_str("flash: bytes of a file with that function alone; RAM: bytes of arena\n");
    if steps {
        for function in model.functions() {
            text.push_str(&steps_text(model, &function, style));
        }
    }
    text
}

/// Constants that no step reads.
fn tables_text(model: &Model<'_>, style: Style) -> String {
    let mut table = Table::new(&[
        ("table", Align::Left),
        ("elements", Align::Left),
        ("flash", Align::Right),
    ]);
    let mut none = true;
    for (name, found) in model.tables() {
        none = false;
        let dims: Vec<String> = found.shape().iter().map(ToString::to_string).collect();
        let elements = format!(
            "{}[{}]",
            element_type(found.record().dtype()),
            dims.join(",")
        );
        table.row([name.to_owned(), elements, grouped(found.bytes().len())]);
    }
    match none {
        true => String::new(),
        false => format!("\n{}", table.render(style)),
    }
}

fn steps_text(model: &Model<'_>, function: &Function<'_>, style: Style) -> String {
    let mut table = Table::new(&[
        ("step", Align::Right),
        ("operator", Align::Left),
        ("outputs", Align::Left),
        ("arena", Align::Right),
        ("MACs", Align::Right),
    ]);
    for (index, step) in function.steps().enumerate() {
        let outputs: Vec<Tensor> = step
            .outputs()
            .iter()
            .filter_map(|&index| model.tensor(index))
            .collect();
        let shown: Vec<String> = outputs
            .iter()
            .map(|tensor| described(model, *tensor).trim().to_owned())
            .collect();
        let offset = outputs.first().map_or(0, |tensor| tensor.offset() as usize);
        table.row([
            index.to_string(),
            step.opcode().name().to_owned(),
            shown.join(", "),
            grouped(offset),
            grouped(step.macs() as usize),
        ]);
    }
    format!(
        "\n{}\n{}",
        style.bold(&printable(function.name())),
        table.render(style)
    )
}

fn noise_calibrated(model: &Model<'_>) -> bool {
    model.header().flags & header::FLAG_NOISE_CALIBRATED != 0
}

fn as_json(model: &Model<'_>, bytes: &[u8]) -> Value {
    let functions: Vec<Value> = model
        .functions()
        .map(|function| {
            let (inputs, outputs) = signature(model, &function);
            json!({
                "name": function.name(),
                "flash": footprint::flash(model, &function),
                "ram": function.arena(),
                "macs": macs(&function),
                "steps": function.steps().count(),
                "inputs": inputs,
                "outputs": outputs,
            })
        })
        .collect();
    let tables: Vec<Value> = model
        .tables()
        .map(|(name, table)| {
            json!({
                "name": name,
                "type": element_type(table.record().dtype()),
                "shape": table.shape(),
                "bytes": table.bytes().len(),
            })
        })
        .collect();
    let metadata: serde_json::Map<String, Value> = metadata(model)
        .into_iter()
        .map(|(key, value)| (key, Value::String(value)))
        .collect();
    json!({
        "bytes": bytes.len(),
        "sha256": crate::sha256_hex(bytes),
        "format": model.header().version,
        "noise_calibrated": noise_calibrated(model),
        "metadata": metadata,
        "functions": functions,
        "tables": tables,
    })
}
