//! Single layers and whole models, ours and what ONNX Runtime, tract and rten make of them.
//!
//!     cargo bench -p qibu-benches [--features peers] [-- NAME]
//!
//! For work on one kernel: criterion compares with the last run of the same bench. What counts against
//! the peers is `--bin desktop`, where all take turns.

use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use qibu_benches::desktop::race::Entry;
use qibu_benches::desktop::{case::Case, cases, onnx_runtime, ours};
use qibu_compiler::error::Result;
use qibu_compiler::target::Target;
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(2))
        .warm_up_time(Duration::from_millis(500))
        .sample_size(30)
        .configure_from_args();
    let folder = tempfile::tempdir().expect("a folder");
    let all = cases::all(folder.path(), None, false).expect("the cases are there");
    for case in &all {
        bench(&mut criterion, case).expect("ours runs");
    }
    criterion.final_summary();
}

fn bench(criterion: &mut Criterion, case: &Case) -> Result<()> {
    let mut group = criterion.benchmark_group(&case.name);
    let first = case.channels_first();
    // Nothing is compiled or loaded for a bench that the command line leaves out.
    let mut file = None;
    group.bench_function("qibu", |bencher| {
        let file =
            file.get_or_insert_with(|| ours::build(case, Target::Host).expect("it compiles"));
        let mut arena = file.arena().expect("it loads");
        let mut entry = file.load(&mut arena, &case.form.feeds).expect("it loads");
        bencher.iter_custom(|runs| time(&mut entry, runs));
    });
    if let Some(file) = &file {
        group.throughput(Throughput::Elements(file.macs()?));
    }
    if qibu_compiler::engine::available().is_ok() {
        peer(&mut group, "ONNX Runtime", || {
            onnx_runtime::load(&first.onnx, &first.feeds)
        });
    }
    #[cfg(feature = "peers")]
    {
        use qibu_benches::desktop::{rten, tract};
        peer(&mut group, "tract", || {
            tract::load(&first.onnx, &first.feeds)
        });
        peer(&mut group, "rten", || rten::load(&first.onnx, &first.feeds));
    }
    group.finish();
    Ok(())
}

/// A bench of a peer, unless it refuses the model.
fn peer<E: Entry>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    load: impl Fn() -> Result<E>,
) {
    group.bench_function(name, |bencher| match load() {
        Ok(mut entry) => bencher.iter_custom(|runs| time(&mut entry, runs)),
        Err(error) => {
            eprintln!("{name}: {error}");
            bencher.iter(|| ());
        }
    });
}

fn time(entry: &mut impl Entry, runs: u64) -> Duration {
    Duration::from_secs_f64(entry.turn(runs).expect("it runs"))
}
