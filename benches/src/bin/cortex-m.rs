//! What a model costs on an emulated Cortex-M: instructions of every step, exact to one.

use clap::Parser;
use clap::builder::PossibleValuesParser;
use qibu_compiler::error::{Error, Result};
use qibu_compiler::model_file::ModelFile;
use qibu_compiler::report::table::{Align, Style, Table};
use qibu_compiler::report::{grouped, printable};
use qibu_tests::cortex_m::{self, CORES, Core, Counted, CountedFunction, OPT_LEVEL};
use serde_json::{Value, json};
use std::fmt::Write;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Counts the instructions that a model takes on an emulated Cortex-M, step by step.
///
/// Any .qibu file runs on one program for each core, compiled for speed (target-cpu of the core,
/// opt-level 3, whole-program optimisation), under QEMU: 256 ns of its time pass with each
/// instruction, so that a timer counts them, exact to one. Instructions are not cycles. Inputs are
/// seeded noise; checksums of all that is written are compared with this machine's, and a difference
/// is an error. Kernels in assembly serve files that were compiled for the core.
///
///   cortex-m model.qibu --core m4                         a table of all functions
///   cortex-m model.qibu --core m55 --function generate    one function
///   cortex-m model.qibu --core m4 --json                  for a script
///
/// Exit codes: 0 done, 1 the results differ, 2 wrong usage, 3 a bad or too large file, 4 something
/// that the machine lacks (firmware-examples/toolchain installs targets and QEMU).
#[derive(Parser)]
#[command(name = "cortex-m", verbatim_doc_comment)]
struct Arguments {
    /// The .qibu file.
    #[arg(value_name = "MODEL.qibu")]
    model: PathBuf,
    /// The processor: Cortex-M0, M3, M4F, M7, M33 or M55.
    #[arg(long, value_parser = PossibleValuesParser::new(CORES.map(|core| core.name)))]
    core: String,
    /// The function to count [default: all].
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// How the program is optimised.
    #[arg(long, value_name = "LEVEL", default_value = OPT_LEVEL, value_parser = ["1", "2", "3", "s", "z"])]
    opt_level: String,
    /// Links the model's kernels alone, too, and prints the bytes of their code (.text, without a
    /// board's).
    #[arg(long)]
    text: bool,
    /// Counts poems of seeds 1 to 3 at full temperature, from the latent to the characters: read off
    /// position by position, and composed by all rules.
    #[arg(long, conflicts_with_all = ["function", "text"])]
    verse: bool,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let core = Core::find(&arguments.core);
    let core = core.ok_or_else(|| Error::usage("no such core"))?;
    let opt = &arguments.opt_level;
    let file = ModelFile::open(&arguments.model)?;
    if arguments.verse {
        let shown = verse(core, &file, arguments)?;
        let _ = std::io::stdout().write_all(shown.as_bytes());
        return Ok(());
    }
    let counted = cortex_m::count(core, &file, arguments.function.as_deref(), opt)?;
    let text = match arguments.text {
        true => Some(cortex_m::text(core, &file.model()?, opt)?),
        false => None,
    };
    let shown = match arguments.json {
        true => format!("{}\n", as_json(core, &counted, opt, text)),
        false => as_text(core, &file, &counted, opt, text),
    };
    // A reader that has left, such as `head`, is no error.
    let _ = std::io::stdout().write_all(shown.as_bytes());
    Ok(())
}

/// Poems by both ways.
fn verse(core: Core, file: &ModelFile, arguments: &Arguments) -> Result<String> {
    let counted = cortex_m::verse(core, file, &arguments.opt_level)?;
    if arguments.json {
        let poems = counted.poems.iter();
        let poems = poems.map(|[plain, composed]| json!({"plain": plain, "composed": composed}));
        let object = json!({
            "poems": poems.collect::<Vec<_>>(),
            "arena": counted.arena,
            "stack": counted.stack,
            "core": core.title,
        });
        return Ok(format!("{object}\n"));
    }
    let mut text = String::new();
    for (seed, [plain, composed]) in (1..).zip(&counted.poems) {
        let ratio = *composed as f64 / (*plain).max(1) as f64;
        let _ = writeln!(
            text,
            "seed {seed}: plain {}, composed {} instructions, {ratio:.3} times as many",
            grouped(*plain as usize),
            grouped(*composed as usize)
        );
    }
    let (arena, stack) = (counted.arena, counted.stack);
    let _ = writeln!(
        text,
        "RAM: arena {arena}, stack {stack} bytes of the whole program"
    );
    Ok(text)
}

fn as_json(core: Core, counted: &Counted, opt: &str, text: Option<u32>) -> Value {
    let several = counted.functions.len() > 1;
    let steps = |function: &CountedFunction| -> Vec<Value> {
        let numbered = function.steps.iter().enumerate().map(|(number, step)| {
            let name = match several {
                true => format!("{}/{number} {}", function.name, step.operator),
                false => format!("{number} {}", step.operator),
            };
            json!({
                "name": name,
                "kernel": step.kernel,
                "instructions": step.instructions,
                "macs": step.macs,
            })
        });
        numbered.collect()
    };
    let functions = counted.functions.iter();
    let mut value = json!({
        "instructions": counted.instructions(),
        "macs": counted.macs(),
        "steps": functions.clone().flat_map(steps).collect::<Vec<_>>(),
        "load": counted.load,
        "weights_crc": counted.weights_crc,
        "stack": counted.stack,
        "core": core.title,
        "target_cpu": core.cpu,
        "opt_level": opt,
        "outputs": functions.flat_map(|function| &function.outputs).collect::<Vec<_>>(),
    });
    if let (Some(text), Some(object)) = (text, value.as_object_mut()) {
        object.insert("text".into(), text.into());
    }
    value
}

fn as_text(
    core: Core,
    file: &ModelFile,
    counted: &Counted,
    opt: &str,
    code: Option<u32>,
) -> String {
    let style = Style::for_stdout();
    let mut text = format!(
        "{} on {}, compiled with target-cpu={} and opt-level={opt}\n",
        style.bold(&printable(file.name())),
        core.title,
        core.cpu
    );
    for function in &counted.functions {
        let _ = write!(text, "\n{}\n", style.bold(&printable(&function.name)));
        text += &table(function).render(style);
    }
    let _ = writeln!(
        text,
        "\nload {} instructions (structural), weights' CRC {}; stack {} bytes{}",
        grouped(counted.load as usize),
        grouped(counted.weights_crc as usize),
        grouped(counted.stack as usize),
        code.map_or(String::new(), |code| format!(
            "; code of these kernels {} bytes",
            grouped(code as usize)
        )),
    );
    let sums: Vec<String> = counted
        .functions
        .iter()
        .map(|function| function.outputs.join(" "))
        .collect();
    let _ = writeln!(
        text,
        "checksums of the outputs, as on this machine: {}",
        sums.join(" ")
    );
    text
}

fn table(function: &CountedFunction) -> Table {
    let mut table = Table::new(&[
        ("step", Align::Right),
        ("operator", Align::Left),
        ("kernel", Align::Left),
        ("instructions", Align::Right),
        ("MACs", Align::Right),
        ("per MAC", Align::Right),
    ]);
    let per_mac = |instructions: u64, macs: u64| match macs {
        0 => "–".into(),
        _ => format!("{:.2}", instructions as f64 / macs as f64),
    };
    for (number, step) in function.steps.iter().enumerate() {
        table.row([
            number.to_string(),
            step.operator.to_owned(),
            step.kernel.to_owned(),
            grouped(step.instructions as usize),
            grouped(step.macs as usize),
            per_mac(step.instructions, step.macs),
        ]);
    }
    let (instructions, macs) = (function.instructions, function.macs());
    table.row([
        String::new(),
        "total".into(),
        String::new(),
        grouped(instructions as usize),
        grouped(macs as usize),
        per_mac(instructions, macs),
    ]);
    table
}
