//! Scores of label sequences: which labels start and end a text, which follow which.

use super::super::weights::Weights;
use super::model::CRF;
use crate::engine::Data;
use serde_json::Value;

/// Scores of a label sequence's start, neighbours and end, in nats; −∞ where forbidden.
#[derive(Clone, Debug, PartialEq)]
pub struct Transitions {
    /// Number of tags.
    pub tags: usize,
    /// Score of each first tag.
    pub start: Vec<f32>,
    /// Score of each tag after each: `transitions[from · tags + to]`.
    pub transitions: Vec<f32>,
    /// Score of each last tag.
    pub end: Vec<f32>,
}

impl Transitions {
    /// Those of `weights`, with what `mask` forbids at −∞.
    pub fn of(weights: &Weights, mask: Option<&Transitions>) -> Self {
        let part = |name: &str, mask: Option<&Vec<f32>>| -> Vec<f32> {
            let mut values = match weights.get(name).map(|tensor| &tensor.data) {
                Some(Data::F32(values)) => values.clone(),
                _ => Vec::new(),
            };
            for (value, allowed) in values.iter_mut().zip(mask.into_iter().flatten()) {
                if *allowed == f32::NEG_INFINITY {
                    *value = f32::NEG_INFINITY;
                }
            }
            values
        };
        let start = part(CRF[0], mask.map(|mask| &mask.start));
        Self {
            tags: start.len(),
            start,
            transitions: part(CRF[1], mask.map(|mask| &mask.transitions)),
            end: part(CRF[2], mask.map(|mask| &mask.end)),
        }
    }

    /// What no segmentation into words has, with the tags begin, middle, end and single.
    pub fn segmentation() -> Self {
        const NO: f32 = f32::NEG_INFINITY;
        let (inside, between) = ([NO, 0.0, 0.0, NO], [0.0, NO, NO, 0.0]);
        Self {
            tags: 4,
            start: between.into(),
            transitions: [inside, inside, between, between].concat(),
            end: vec![NO, NO, 0.0, 0.0],
        }
    }

    /// As the decoder's table: start scores, a row for each tag before, end scores.
    pub fn table(&self) -> Vec<f32> {
        [&self.start[..], &self.transitions, &self.end].concat()
    }

    /// As JSON, `null` being −∞.
    pub fn to_json(&self) -> Value {
        let row = |values: &[f32]| -> Value {
            let one = |value: &f32| match value.is_finite() {
                true => Value::from(f64::from(*value)),
                false => Value::Null,
            };
            values.iter().map(one).collect()
        };
        let rows: Value = self.transitions.chunks(self.tags.max(1)).map(row).collect();
        serde_json::json!({
            "start": row(&self.start),
            "transitions": rows,
            "end": row(&self.end),
        })
    }
}
