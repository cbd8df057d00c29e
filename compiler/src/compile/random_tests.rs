//! Random small graphs through paces 1 to 6 into the runtime, in every number format.

use crate::testing::{F16, F32, INT8, INT16, build, deviations, random};

/// Graphs tried.
const GRAPHS: u32 = 200;

#[test]
fn random_graphs_compute_what_they_computed() {
    let mut compiled = 0;
    for seed in 0..GRAPHS {
        let exact = match build(random(seed), F32) {
            Ok(exact) => exact,
            Err(error) => {
                // What the runtime lacks is named; anything else is a defect.
                assert!(
                    error.to_string().contains("no runtime operator"),
                    "seed {seed}: {error}"
                );
                continue;
            }
        };
        compiled += 1;
        for (name, deviation) in deviations(&exact) {
            assert!(
                deviation.largest < 1e-5,
                "seed {seed}, {name}: {deviation:?}"
            );
        }
        for (scheme, least) in [(F16, 40.0), (INT16, 25.0), (INT8, 15.0)] {
            let file = build(random(seed), scheme).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            for (name, deviation) in deviations(&file) {
                let snr = deviation.decibels().unwrap_or(f64::INFINITY);
                println!("seed {seed} {scheme:?} {name} {snr:.1}");
                assert!(snr > least, "seed {seed}, {scheme:?}, {name}: {snr:.1} dB");
            }
        }
    }
    assert!(compiled > GRAPHS / 4, "only {compiled} of {GRAPHS} compile");
}
