//! A graph on its way: what exists, what may be read, and the piece that is being made.
//!
//! ```text
//! value: name, shape, kind, bound on the magnitude, whether steps lie behind it
//! piece: one or a few nodes with their constants; some of their results are values
//! ```

use super::{Kind, Piece, RandomGraph, Value};
use qibu::random::Random;
use qibu_compiler::onnx::{AttributeProto, TensorProto, node, tensor};

/// Elements of a value at most.
const LARGEST: usize = 1024;

/// Axes of a value at most.
const DEEPEST: usize = 4;

/// Magnitude above which a value is brought back before it is used.
const BOUND: f32 = 8.0;

/// A growing graph.
pub(super) struct Growth {
    pub(super) graph: RandomGraph,
    random: Random,
    values: Vec<Value>,
    piece: Piece,
    names: usize,
}

impl Growth {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            graph: RandomGraph {
                seed,
                ..RandomGraph::default()
            },
            random: Random::new(seed),
            values: Vec::new(),
            piece: Piece::default(),
            names: 0,
        }
    }

    /// A number below `choices`.
    pub(super) fn pick(&mut self, choices: usize) -> usize {
        self.random.next_u32() as usize % choices.max(1)
    }

    /// A number from `low` to `high`.
    pub(super) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.pick(high - low + 1)
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.pick(100) < percent
    }

    /// One of several.
    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.pick(of.len())]
    }

    pub(super) fn float(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.random.uniform()
    }

    /// Floats within ±`bound`.
    pub(super) fn floats(&mut self, count: usize, bound: f32) -> Vec<f32> {
        (0..count).map(|_| self.float(-bound, bound)).collect()
    }

    /// A random order of `0..count`.
    pub(super) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for index in (1..count).rev() {
            let other = self.pick(index + 1);
            order.swap(index, other);
        }
        order
    }

    /// Some of `0..count`, at least one, ascending.
    pub(super) fn some(&mut self, count: usize) -> Vec<usize> {
        let sure = self.pick(count);
        (0..count)
            .filter(|&i| i == sure || self.chance(40))
            .collect()
    }

    /// `index` as it is, or counted from the end.
    pub(super) fn signed(&mut self, index: usize, length: usize) -> i64 {
        match self.chance(30) {
            true => index as i64 - length as i64,
            false => index as i64,
        }
    }

    /// A value that fits, late ones preferred.
    pub(super) fn value(&mut self, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        let found: Vec<&Value> = self.values.iter().filter(|value| fits(value)).collect();
        let count = found.len();
        let found: Vec<Value> = found.into_iter().cloned().collect();
        if count == 0 {
            return None;
        }
        let recent = if self.chance(70) { count.min(3) } else { count };
        let back = self.pick(recent);
        Some(found[count - 1 - back].clone())
    }

    /// Floats of at least `rank` axes, brought back to a moderate magnitude.
    pub(super) fn real(&mut self, fits: impl Fn(&[usize]) -> bool) -> Option<Value> {
        let value = self.value(|v| v.kind == Kind::Real && fits(&v.shape))?;
        Some(self.tamed(value, BOUND))
    }

    /// `value`, by a piece of its own within ±`bound` where it is larger.
    pub(super) fn tamed(&mut self, value: Value, bound: f32) -> Value {
        if value.bound <= bound {
            return value;
        }
        let name = if self.chance(50) {
            self.node("Tanh", &[&value.name], vec![])
        } else {
            let factor = self.real_constant(&[], vec![bound / value.bound * 0.9]);
            self.node("Mul", &[&value.name, &factor], vec![])
        };
        Value {
            name,
            bound: bound.max(1.0),
            ..value
        }
    }

    /// `value` made positive: at least 0.5.
    pub(super) fn positive(&mut self, value: &Value) -> Value {
        let magnitude = self.node("Abs", &[&value.name], vec![]);
        let half = self.real_constant(&[], vec![0.5]);
        let name = self.node("Add", &[&magnitude, &half], vec![]);
        Value {
            name,
            bound: value.bound + 0.5,
            ..value.clone()
        }
    }

    fn name(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}{}", self.names)
    }

    /// A float constant of the current piece.
    pub(super) fn real_constant(&mut self, shape: &[usize], values: Vec<f32>) -> String {
        let name = self.name("c");
        self.constant(tensor::f32(&name, shape, &values))
    }

    /// A float constant within ±`bound`, sometimes as the result of a node over constants.
    pub(super) fn weights(&mut self, shape: &[usize], bound: f32) -> String {
        let values = self.floats(shape.iter().product(), bound);
        let constant = self.real_constant(shape, values);
        match self.pick(30) {
            0 => self.node("Neg", &[&constant], vec![]),
            1 => self.node("Tanh", &[&constant], vec![]),
            _ => constant,
        }
    }

    /// An int64 constant of the current piece.
    pub(super) fn whole_constant(&mut self, shape: &[usize], values: &[i64]) -> String {
        let name = self.name("k");
        self.constant(tensor::i64(&name, shape, values))
    }

    /// A list of int64.
    pub(super) fn list(&mut self, values: &[i64]) -> String {
        self.whole_constant(&[values.len()], values)
    }

    /// Truth values.
    pub(super) fn truth_constant(&mut self, shape: &[usize]) -> String {
        let count: usize = shape.iter().product();
        let name = self.name("t");
        let truths: Vec<bool> = (0..count).map(|_| self.chance(50)).collect();
        self.constant(tensor::truth(&name, shape, &truths))
    }

    fn constant(&mut self, tensor: TensorProto) -> String {
        let name = tensor.name.clone();
        self.piece.constants.push(tensor);
        name
    }

    /// A node of the current piece; the name of its first result.
    pub(super) fn node(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        self.nodes(op, inputs, attributes, 1).remove(0)
    }

    /// A node of several results.
    pub(super) fn nodes(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
        results: usize,
    ) -> Vec<String> {
        let names: Vec<String> = (0..results).map(|_| self.name("v")).collect();
        let outputs: Vec<&str> = names.iter().map(String::as_str).collect();
        self.piece
            .nodes
            .push(node(op, inputs, &outputs, attributes));
        names
    }

    /// A result of the current piece that later pieces may read.
    pub(super) fn result(&mut self, name: String, shape: &[usize], like: &Value) {
        self.piece.results.push(Value {
            name,
            shape: shape.to_vec(),
            ..like.clone()
        });
    }

    /// A new input of the graph.
    pub(super) fn input(&mut self, shape: &[usize], kind: Kind) -> Value {
        let value = Value {
            name: self.name("x"),
            shape: shape.to_vec(),
            kind,
            bound: 2.0,
            stepped: false,
        };
        self.graph.inputs.push(value.clone());
        if kind == Kind::Real {
            self.values.push(value.clone());
        }
        value
    }

    /// Keeps the piece or drops it, where it grew too large or `made` says that nothing fitted.
    pub(super) fn close(&mut self, made: Option<()>) -> bool {
        let piece = std::mem::take(&mut self.piece);
        let small = |value: &Value| {
            let count: usize = value.shape.iter().product();
            (1..=LARGEST).contains(&count) && value.shape.len() <= DEEPEST
        };
        let kept = made.is_some() && !piece.results.is_empty() && piece.results.iter().all(small);
        if kept {
            self.values.extend(piece.results.iter().cloned());
            self.graph.pieces.push(piece);
        }
        kept
    }
}
