//! Random small models of one float input.

use super::Model;
use crate::onnx::{DataType, attribute, node};

/// A graph that grows node by node; every value is a candidate operand.
struct Growth {
    model: Model,
    values: Vec<(String, Vec<usize>)>,
    seed: u32,
}

impl Growth {
    fn pick(&mut self, choices: usize) -> usize {
        self.seed = self
            .seed
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        (self.seed >> 16) as usize % choices
    }

    fn add(&mut self, grow: impl FnOnce(Model, &str) -> Model, shape: Vec<usize>) {
        let name = format!("v{}", self.values.len());
        self.model = grow(std::mem::take(&mut self.model), &name);
        self.values.push((name, shape));
    }

    /// Adds one node over a value that exists, late ones preferred.
    fn step(&mut self) {
        let recent = self.values.len().min(4);
        let at = self.values.len() - 1 - self.pick(recent);
        let (x, shape) = self.values[at].clone();
        let x = x.as_str();
        match self.pick(9) {
            0 => {
                let kind = ["Relu", "Sigmoid", "Tanh", "Identity"][self.pick(4)];
                self.add(|model, y| model.op(kind, &[x], y), shape);
            }
            1 | 2 => self.transpose(x, &shape),
            3 => {
                let count: usize = shape.iter().product();
                let half = if count.is_multiple_of(2) {
                    vec![2, count / 2]
                } else {
                    vec![1, count]
                };
                let target = [shape.clone(), [vec![1], shape].concat(), half];
                let target = target[self.pick(3)].clone();
                let dims: Vec<i64> = target.iter().map(|&dim| dim as i64).collect();
                self.add(
                    |model, y| {
                        model.ints(&format!("{y}.s"), &dims).op(
                            "Reshape",
                            &[x, &format!("{y}.s")],
                            y,
                        )
                    },
                    target,
                );
            }
            4 => {
                let same: Vec<_> = self
                    .values
                    .iter()
                    .filter(|(_, s)| *s == shape)
                    .cloned()
                    .collect();
                let other = same[self.pick(same.len())].0.clone();
                let kind = ["Add", "Mul", "Sub"][self.pick(3)];
                self.add(|model, y| model.op(kind, &[x, &other], y), shape);
            }
            5 => {
                let last = *shape.last().unwrap();
                let kind = ["Add", "Mul"][self.pick(2)];
                self.add(
                    |model, y| {
                        model.weights(&format!("{y}.c"), &[last]).op(
                            kind,
                            &[x, &format!("{y}.c")],
                            y,
                        )
                    },
                    shape,
                );
            }
            6 if shape.len() == 3 => {
                let channels = shape[1];
                self.add(|model, y| model.gated(x, y, channels), shape);
            }
            7 if shape.len() > 1 => {
                let axis = self.pick(shape.len());
                let mut kept = shape.clone();
                kept.remove(axis);
                let attributes = vec![attribute::int("keepdims", 0)];
                self.add(
                    |model, y| {
                        let axes = format!("{y}.a");
                        let reduce = node("ReduceMean", &[x, &axes], &[y], attributes);
                        model.ints(&axes, &[axis as i64]).node(reduce)
                    },
                    kept,
                );
            }
            _ => {
                let last = *shape.last().unwrap();
                let mut result = shape.clone();
                *result.last_mut().unwrap() = 3;
                self.add(
                    |model, y| {
                        model.weights(&format!("{y}.w"), &[last, 3]).op(
                            "MatMul",
                            &[x, &format!("{y}.w")],
                            y,
                        )
                    },
                    if shape.len() == 1 { vec![3] } else { result },
                );
            }
        }
    }

    fn transpose(&mut self, x: &str, shape: &[usize]) {
        let mut axes: Vec<usize> = (0..shape.len()).collect();
        for index in (1..axes.len()).rev() {
            let other = self.pick(index + 1);
            axes.swap(index, other);
        }
        let turned = axes.iter().map(|&axis| shape[axis]).collect();
        let list: Vec<i64> = axes.iter().map(|&axis| axis as i64).collect();
        let attributes = vec![attribute::ints("perm", &list)];
        self.add(
            |model, y| model.node(node("Transpose", &[x], &[y], attributes)),
            turned,
        );
    }
}

/// A model of 3 to 16 nodes, always the same for a seed.
pub(crate) fn random(seed: u32) -> Model {
    let mut growth = Growth {
        model: Model::default().input("x", DataType::Float, &[1, 4, 5]),
        values: vec![("x".into(), vec![1, 4, 5])],
        seed: seed.wrapping_mul(2_654_435_761),
    };
    for _ in 0..3 + seed as usize % 14 {
        growth.step();
    }
    let last = growth.values.len() - 1;
    let middle = growth.values[1 + last / 2].0.clone();
    let end = growth.values[last].0.clone();
    let model = growth.model.output(&end);
    if middle == end {
        model
    } else {
        model.output(&middle)
    }
}
