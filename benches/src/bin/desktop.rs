//! Speed on this machine, against the peers, in one run.
//!
//!     benches/peers/install
//!     cargo run --release -p qibu-benches --features peers --bin desktop -- [--only NAME] [--quick]
//!         [--json] [--record] [--original]
//!
//! `--record` writes `benches/record/<processor>-<date>.json` and the page `benches/record/desktop.html`
//! from it; `--page FILE.json` only draws the page anew. `--original` takes the published files of
//! MLPerf Tiny (in the folder `MLPERF_TINY`) instead of the seeded networks of the same geometry.
//! Without `--features peers` (tract takes minutes to compile) tract and rten are reported missing.

use qibu_benches::desktop::machine::{self, slug};
use qibu_benches::desktop::race::Effort;
use qibu_benches::desktop::record::Record;
use qibu_benches::desktop::{cases, entries, lite, page, prepare, table};
use qibu_compiler::engine;
use qibu_compiler::error::{Error, Result};
use qibu_compiler::target::Target;
use qibu_tests::need::root;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What names ONNX Runtime's library.
const LIBRARY: &str = "ORT_DYLIB_PATH";

#[derive(Default)]
struct Arguments {
    only: Option<String>,
    quick: bool,
    json: bool,
    record: bool,
    original: bool,
    page: Option<PathBuf>,
}

fn main() -> ExitCode {
    // The library is chosen by the environment, which a process cannot safely change of itself.
    if let (None, Some(library)) = (std::env::var_os(LIBRARY), prepare::onnx_runtime()) {
        let again = std::env::current_exe().and_then(|program| {
            let mut program = Command::new(program);
            program
                .args(std::env::args_os().skip(1))
                .env(LIBRARY, library);
            program.status()
        });
        let code = again.ok().and_then(|status| status.code());
        return ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1));
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn arguments() -> Result<Arguments> {
    let usage = "expected [--only NAME] [--quick] [--json] [--record] [--original] [--page FILE]";
    let usage = || Error::usage(usage);
    let mut found = Arguments::default();
    let mut rest = std::env::args().skip(1);
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--only" => found.only = Some(rest.next().ok_or_else(usage)?),
            "--page" => found.page = Some(rest.next().ok_or_else(usage)?.into()),
            "--quick" => found.quick = true,
            "--json" => found.json = true,
            "--record" => found.record = true,
            "--original" => found.original = true,
            _ => return Err(usage()),
        }
    }
    Ok(found)
}

fn run() -> Result<()> {
    let arguments = arguments()?;
    if let Some(path) = &arguments.page {
        let text = qibu_compiler::input_file::read_text(path, "give a record")?;
        let record: Record = serde_json::from_str(&text)
            .map_err(|error| Error::input(format!("{}: {error}", path.display())))?;
        return write(&folder().join("desktop.html"), &page::draw(&record));
    }
    let record = measure(&arguments)?;
    let json = serde_json::to_string_pretty(&record)
        .map_err(|error| Error::input(format!("the record: {error}")))?;
    match arguments.json {
        true => println!("{json}"),
        false => print!("{}", table::draw(&record)),
    }
    if arguments.record {
        let name = format!("{}-{}.json", slug(&record.machine.cpu), record.date);
        write(&folder().join(name), &(json + "\n"))?;
        write(&folder().join("desktop.html"), &page::draw(&record))?;
    }
    Ok(())
}

fn folder() -> PathBuf {
    root().join("benches/record")
}

fn write(path: &Path, text: &str) -> Result<()> {
    let failed = |error| Error::input(format!("{}: {error}", path.display()));
    std::fs::create_dir_all(folder()).map_err(failed)?;
    std::fs::write(path, text).map_err(failed)?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

fn measure(arguments: &Arguments) -> Result<Record> {
    let place = tempfile::tempdir().map_err(|error| Error::input(error.to_string()))?;
    let effort = match arguments.quick {
        true => Effort::QUICK,
        false => Effort::FULL,
    };
    let lite = lite::start(place.path());
    let all = cases::all(place.path(), arguments.only.as_deref(), arguments.original)?;
    if all.is_empty() {
        return Err(Error::usage("no case has such a name"));
    }
    let mut results = Vec::new();
    for case in &all {
        eprintln!("{} …", case.name);
        let files = place.path().join(format!("{}-peers", case.name));
        std::fs::create_dir(&files).map_err(|error| Error::input(error.to_string()))?;
        let prepared = prepare::prepare(case, &files)?;
        results.push(entries::measure(case, &prepared, &lite, effort)?);
    }
    let mut versions = BTreeMap::new();
    let mut version = |name: &str, version: Option<String>| {
        versions.extend(version.map(|version| (name.to_owned(), version)));
    };
    version("ONNX Runtime", engine::version().ok());
    let worker = lite.as_ref().ok().map(|worker| worker.borrow());
    version(
        "TensorFlow Lite (ai-edge-litert)",
        worker.as_ref().map(|worker| worker.version.clone()),
    );
    if cfg!(feature = "peers") {
        version("tract", machine::version_of("tract-onnx"));
        version("rten", machine::version_of("rten"));
    }
    Ok(Record {
        date: machine::date(),
        commit: machine::commit(),
        machine: machine::here(),
        versions,
        target: Target::Host.name(),
        original: arguments.original,
        rounds: effort.rounds,
        turn: effort.turn,
        call: worker.as_ref().map(|worker| worker.call),
        cases: results,
    })
}
