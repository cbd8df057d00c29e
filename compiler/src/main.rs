//! The `qibu` command.

use clap::{Parser, Subcommand};
use qibu_compiler::cli;
use std::process::ExitCode;

/// Small networks on any chip.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Eval(cli::eval::EvalArgs),
    Poem(cli::poem::PoemArgs),
    Train(cli::train::TrainArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Eval(args) => cli::eval::run(args, &|path| {
            let message = format!("cannot compile {} yet", path.display());
            Err(qibu_compiler::error::Error::usage(message)
                .hint("give --float a .qibu file with f32 weights"))
        }),
        Command::Poem(args) => cli::poem::run(args),
        Command::Train(args) => cli::train::run(args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
