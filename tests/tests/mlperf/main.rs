//! MLPerf Tiny: four geometries, from ONNX file to device, beside ONNX Runtime.
//!
//! ```text
//! for each model:
//!     qibu compile model.onnx -o model.qibu     under 10 s; RAM within 2 % of the lower bound
//!     float file                                within 1e-4 of ONNX Runtime, optimisations off
//!     int8 file, calibrated on 64 samples       on 512 others, logits 1 dB above ONNX Runtime's own
//!                                               quantize_static, top-1 no lower
//!     a model that comes quantised              99.5 % of outputs within one step, top-1 equal
//! ```
//!
//! The own networks ([`qibu_tests::mlperf`]) are checked everywhere, their sizes against
//! `tests/golden/footprint.txt`; the published files where `../shared/models` has them, their
//! figures against the README. What needs ONNX Runtime is skipped without `target/venv`, which
//! `tests/run` makes.
//!
//! - `cargo test -p qibu-tests --test mlperf -- --nocapture` prints both tables.
//! - `MODEL=kws cargo test …` judges only models whose name holds that, without the records.
//! - `UPDATE=1 cargo test --release -p qibu-tests --test mlperf` records sizes and figures anew.

mod compile;
mod judge;
mod measure;
mod record;
mod reference;
mod table;

use judge::Verdict;
use qibu_tests::mlperf::models::{self, Model};
use qibu_tests::need::{python, say, skip};

/// Judges all of `models` and prints the table.
fn judge_all(test: &str, models: &[Model]) -> Vec<Verdict> {
    let folder = tempfile::tempdir().expect("a folder");
    let python = python();
    if let Err(missing) = &python {
        skip(test, &format!("nothing to compare with: {missing}"));
    }
    let wanted = |model: &&Model| filter().is_none_or(|part| model.name.contains(&part));
    let judge = |model| judge::judge(model, folder.path(), python.as_deref().ok());
    let verdicts: Vec<Verdict> = models.iter().filter(wanted).map(judge).collect();
    let mut lines = vec![table::line(&table::HEAD)];
    for verdict in &verdicts {
        lines.push(table::line(&table::cells(verdict)));
    }
    for verdict in verdicts
        .iter()
        .filter(|verdict| !verdict.remarks.is_empty())
    {
        lines.push(format!("{}: {}", verdict.name, verdict.remarks.join("; ")));
    }
    say(&lines.join("\n"));
    verdicts
}

/// The part of the names that are asked for alone.
fn filter() -> Option<String> {
    std::env::var("MODEL").ok()
}

/// Fails with all that is missed.
fn demand(verdicts: &[Verdict], more: Vec<String>) {
    let missed = verdicts.iter().flat_map(|verdict| verdict.missed.clone());
    let missed: Vec<String> = missed.chain(more).collect();
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
}

#[test]
fn own_networks() {
    let folder = tempfile::tempdir().expect("a folder");
    let verdicts = judge_all("own_networks", &models::own(folder.path()));
    let missed = match filter() {
        None => record::check_footprint(&verdicts),
        Some(_) => Vec::new(),
    };
    demand(&verdicts, missed);
}

#[test]
fn published_models() {
    let models = match models::published() {
        Ok(models) => models,
        Err(missing) => {
            say(&format!("skipped: published_models: {missing}"));
            return;
        }
    };
    let verdicts = judge_all("published_models", &models);
    let missed = match filter() {
        None => record::check_readme(&verdicts),
        Some(_) => Vec::new(),
    };
    demand(&verdicts, missed);
}
