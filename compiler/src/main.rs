//! The `qibu` command: arguments only.

use clap::{Parser, Subcommand};
use qibu_compiler::cli;
use std::process::ExitCode;

/// Puts small neural networks on any chip.
///
/// Train a model or bring an ONNX file, compile it in seven paces into one flat int8 file, and run
/// that file with the `no_std` runtime: the same bits on a chip and on a desktop.
///
///   qibu poem models/poem5/model.qibu --seed 7 --count 5     couplets from seeds
///   qibu tag model.qibu < text.txt                           words, or labels of characters
///   qibu compile model.onnx -o model.qibu                    the seven paces, with a report
///   qibu verify model.onnx model.qibu                        the file against float and ONNX Runtime
///   qibu inspect model.qibu                                  what a file holds and needs
///   qibu bench model.qibu --per-step                         how long it takes here, step by step
///   qibu eval poem model.qibu --corpus …                     what it keeps and writes, beside people
///   qibu eval tag model.qibu --gold valid.txt                precision, recall and F1 of words, speed
///   qibu train poem --corpus tang.txt --out models/mine      a model of your own
///   qibu train tagger --corpus words.txt --out models/cws    words, names: a label a character
///
/// Exit codes: 0 done, 1 a comparison failed, 2 wrong usage, 3 a bad input file, 4 something that
/// the machine lacks, 130 interrupted.
#[derive(Parser)]
#[command(version, verbatim_doc_comment)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Bench(cli::bench::BenchArgs),
    Compile(cli::compile::CompileArgs),
    Eval(cli::eval::EvalArgs),
    Inspect(cli::inspect::InspectArgs),
    Poem(cli::poem::PoemArgs),
    Tag(cli::tag::TagArgs),
    Train(cli::train::TrainArgs),
    Verify(cli::verify::VerifyArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Bench(args) => cli::bench::run(args),
        Command::Compile(args) => cli::compile::run(args),
        Command::Eval(args) => cli::eval::run(args),
        Command::Inspect(args) => cli::inspect::run(args),
        Command::Poem(args) => cli::poem::run(args),
        Command::Tag(args) => cli::tag::run(args),
        Command::Train(args) => cli::train::run(args),
        Command::Verify(args) => cli::verify::run(args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
