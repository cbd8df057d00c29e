//! Proof by execution that a rewriting keeps every output.

use super::{Model, models::noise, run};
use crate::error::Result;
use crate::graph::{Dtype, Graph, Tensor, ValueId};
use crate::import::{ImportOptions, from_bytes};

pub(crate) fn import(model: Model) -> Graph {
    from_bytes(&model.bytes(), None, &ImportOptions::default()).unwrap()
}

/// Applies one pass alone, proves that it changes something but no output, and gives the text.
pub(crate) fn after(pass: fn(&mut Graph) -> Result<bool>, model: Model) -> String {
    let before = import(model);
    let mut after = before.clone();
    assert!(
        pass(&mut after).unwrap(),
        "the pass found nothing\n{before}"
    );
    after.compact();
    after.restore_names();
    assert_same_outputs(&before, &after);
    after.to_string()
}

/// Runs both graphs on the same seeded inputs; floats may differ by rounding only.
pub(crate) fn assert_same_outputs(before: &Graph, after: &Graph) {
    assert_same_outputs_on(&inputs(before), before, after);
}

/// [`assert_same_outputs`] on named inputs.
pub(crate) fn assert_same_outputs_on(named: &[(String, Tensor)], before: &Graph, after: &Graph) {
    let inputs: Vec<_> = named
        .iter()
        .map(|(name, t)| (name.as_str(), t.clone()))
        .collect();
    let (expected, found) = (run(before, &inputs), run(after, &inputs));
    assert!(expected.keys().eq(found.keys()));
    for (name, expected) in &expected {
        let found = &found[name];
        assert_eq!(expected.shape(), found.shape(), "{name}");
        match (expected.as_f32(), found.as_f32()) {
            (Some(expected), Some(found)) => {
                let pairs = expected.iter().zip(found);
                let worst = pairs.fold(0.0f32, |worst, (a, b)| {
                    worst.max((a - b).abs() / (1.0 + a.abs()))
                });
                assert!(worst < 1e-5, "{name} differs by {worst}\n{after}");
            }
            _ => assert_eq!(expected, found, "{name}\n{after}"),
        }
    }
}

/// Seeded values for every input; indices stay below 7.
fn inputs(graph: &Graph) -> Vec<(String, Tensor)> {
    let mut seed = 77;
    let mut tensor = |id: &ValueId| {
        let value = graph.value(*id);
        let floats = noise(&mut seed, value.len());
        let tensor = match value.dtype {
            Dtype::I64 => {
                let ids = floats.iter().map(|f| ((f + 0.5) * 7.0) as i64).collect();
                Tensor::i64(&value.shape, ids)
            }
            Dtype::I8 => {
                let steps: Vec<i64> = floats.iter().map(|f| (f * 255.0) as i64).collect();
                Tensor::of(Dtype::I8, &value.shape, &steps)
            }
            _ => Tensor::f32(&value.shape, floats),
        };
        (value.name.clone(), tensor.unwrap())
    };
    graph.inputs.iter().map(&mut tensor).collect()
}
