//! 100,000 seeded mutations of a model, both checksums recomputed: each is refused or runs to its
//! end, with overflow checks and debug assertions on.

use qibu::Limits;
use qibu::random::Random;
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::exercise::{End, load_and_run};
use qibu_tests::mutate::Victim;
use qibu_tests::need::{poem5, say};
use qibu_tests::sample::sample;
use std::collections::BTreeSet;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

const MUTATIONS: u64 = 100_000;
const ARENA: usize = 1 << 20;
const LIMITS: Limits = Limits { macs: 100_000_000 };

/// What became of some mutations.
#[derive(Default)]
struct Tally {
    refused: u64,
    /// Every function ran to its end that fits the arena.
    ran: u64,
    reasons: BTreeSet<String>,
}

/// Mutations `first`, `first + step`, … of `file`.
fn mutate(file: &[u8], first: u64, step: u64) -> Tally {
    let mut file = AlignedBytes::from(file);
    let mut arena = AlignedBytes::zeros(ARENA);
    let mut victim = Victim::new(&mut file);
    let mut tally = Tally::default();
    for index in (first..MUTATIONS).step_by(step as usize) {
        let bytes = victim.damage(&mut Random::new(index));
        let run = || load_and_run(bytes, &mut arena, LIMITS, index);
        let end = catch_unwind(AssertUnwindSafe(run));
        match end.unwrap_or_else(|_| panic!("mutation {index} panics")) {
            End::Refused(error) => {
                tally.refused += 1;
                let mut reason = format!("{error:?}");
                reason.retain(|character| !character.is_ascii_digit());
                tally.reasons.insert(reason);
            }
            End::Ran(_) => tally.ran += 1,
        }
        victim.repair();
    }
    tally
}

/// All mutations of `file`, on all cores.
fn mutate_all(name: &str, file: &[u8]) {
    let start = std::time::Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let mut sum = Tally::default();
    std::thread::scope(|scope| {
        let work = |first| scope.spawn(move || mutate(file, first, threads));
        let workers: Vec<_> = (0..threads).map(work).collect();
        for worker in workers {
            let tally = worker.join().expect("no mutation panics");
            sum.refused += tally.refused;
            sum.ran += tally.ran;
            sum.reasons.extend(tally.reasons);
        }
    });
    assert_eq!(sum.refused + sum.ran, MUTATIONS);
    say(&format!(
        "{MUTATIONS} mutations of {name}: {} refused for {} reasons, {} ran to \
         their end; {:.0} s",
        sum.refused,
        sum.reasons.len(),
        sum.ran,
        start.elapsed().as_secs_f32()
    ));
    // The damage is varied: neither all refused at the door nor all harmless.
    assert!(sum.reasons.len() >= 20, "{:?}", sum.reasons);
    assert!(sum.refused >= MUTATIONS / 10 && sum.ran >= MUTATIONS / 10);
}

// One test, so that the two do not share the cores.
#[test]
fn every_mutation_is_refused_or_runs_to_its_end() {
    // The profile of `cargo test` has what this test relies on; that of `--release` has not.
    let checked = catch_unwind(|| black_box(i32::MAX) + black_box(1)).is_err();
    assert!(
        checked || !cfg!(debug_assertions),
        "overflow checks are off"
    );
    mutate_all("the sample", &sample());
    mutate_all(
        "poem5",
        &std::fs::read(poem5()).expect("the model is in the repository"),
    );
}
