//! Limits of flash and wanted ratios: what the search finds.

use super::{Goal, search};
use crate::calibrate::{Calibrated, Method, Samples, calibrate};
use crate::onnx::DataType;
use crate::quantise::Weights;
use crate::simplify::{Simplified, simplify};
use crate::target::Arrangement;
use crate::testing::{Model, import};

fn model() -> Simplified {
    let model = Model::default()
        .input("x", DataType::Float, &[4, 24])
        .weights("w1", &[24, 40])
        .weights("w2", &[40, 40])
        .weights("w3", &[40, 8])
        .op("MatMul", &["x", "w1"], "a")
        .op("Relu", &["a"], "b")
        .op("MatMul", &["b", "w2"], "c")
        .op("Tanh", &["c"], "d")
        .op("MatMul", &["d", "w3"], "y")
        .output("y");
    simplify(import(model)).unwrap()
}

fn with<T>(
    goal: Goal,
    then: impl Fn(crate::error::Result<super::Found>, &Calibrated<'_>) -> T,
) -> T {
    let simplified = model();
    let samples = Samples::noise();
    let calibrated = calibrate(&simplified, &samples, Method::default(), |_, _| {}).unwrap();
    let found = search(
        &simplified,
        &calibrated,
        &samples,
        &goal,
        &Arrangement::default(),
        |_, _| {},
    );
    then(found, &calibrated)
}

#[test]
fn a_wanted_ratio_takes_the_smallest_file_that_has_it() {
    for least in [15.0, 35.0, 50.0] {
        let goal = Goal {
            min_snr: Some(least),
            ..Goal::default()
        };
        with(goal, |found, _| {
            let found = found.unwrap();
            let chosen = &found.frontier[found.chosen];
            assert!(chosen.snr_db >= least);
            let smaller = found
                .frontier
                .iter()
                .filter(|point| point.flash < chosen.flash);
            assert!(smaller.into_iter().all(|point| point.snr_db < least));
        });
    }
}

#[test]
fn a_limit_of_flash_is_kept_with_the_least_noise() {
    let all = with(
        Goal {
            min_snr: Some(0.0),
            ..Goal::default()
        },
        |found, _| found.unwrap().frontier,
    );
    let (least, most) = (all[0].flash, all[all.len() - 1].flash);
    assert!(least < most);
    assert!(
        all[0]
            .formats
            .layers
            .values()
            .all(|scheme| scheme.weights == Weights::Int4)
    );
    let middle = least + (most - least) / 4;
    let goal = Goal {
        max_flash: Some(middle),
        ..Goal::default()
    };
    with(goal, |found, _| {
        let found = found.unwrap();
        let chosen = &found.frontier[found.chosen];
        assert!(chosen.flash <= middle);
        assert!(chosen.snr_db > all[0].snr_db);
        let allowed = found.frontier.iter().filter(|point| point.flash <= middle);
        assert!(
            allowed
                .into_iter()
                .all(|point| point.snr_db <= chosen.snr_db)
        );
    });
}

#[test]
fn what_cannot_be_kept_is_said_with_what_could_be() {
    let goal = Goal {
        max_flash: Some(100),
        ..Goal::default()
    };
    with(goal, |found, _| {
        let text = found.err().unwrap().to_string();
        assert!(text.contains("flash ≤ 100 (the least found is"), "{text}");
    });
}

#[test]
fn the_same_search_finds_the_same() {
    let goal = Goal {
        max_ram: Some(4096),
        ..Goal::default()
    };
    let once = || with(goal, |found, _| found.unwrap().formats);
    assert_eq!(once(), once());
}
