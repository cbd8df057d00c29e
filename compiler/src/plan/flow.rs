//! What a function's steps read, write and may overwrite, by number: all that planning looks at.

use crate::program::{Function, Program, Step, TensorId};
use std::collections::BTreeMap;

/// A value in the arena: a tensor with all its views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// The tensor; never a view.
    pub tensor: TensorId,
    /// Bytes, rounded up to the alignment.
    pub bytes: usize,
    /// Steps that read it, in order.
    pub readers: Vec<usize>,
    /// First step that writes it; none for an input of the function.
    pub writer: Option<usize>,
    /// Whether it is a result of the function.
    pub result: bool,
}

/// A step, its values as indices into [`Flow::values`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// Values that it reads, each once.
    pub reads: Vec<usize>,
    /// Values that it writes; the first is output 0.
    pub writes: Vec<usize>,
    /// Values whose bytes output 0 may take, if they die here.
    pub replaceable: Vec<usize>,
}

/// One function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    /// All values, in order of first use.
    pub values: Vec<Value>,
    /// All steps, in the given order.
    pub steps: Vec<Node>,
    /// Whether several steps write one value: then the order stays, and nothing is in place.
    pub fixed: bool,
}

impl Flow {
    pub fn of(program: &Program, function: &Function) -> Self {
        let mut flow = Self::default();
        let mut indices = BTreeMap::new();
        for &input in &function.inputs {
            flow.value(program, &mut indices, input);
        }
        for (index, step) in function.steps.iter().enumerate() {
            let mut node = Node::default();
            for &id in &step.inputs {
                let Some(value) = flow.value(program, &mut indices, id) else {
                    continue;
                };
                if !node.reads.contains(&value) {
                    node.reads.push(value);
                    flow.values[value].readers.push(index);
                }
            }
            for &id in &step.outputs {
                if let Some(value) = flow.value(program, &mut indices, id) {
                    node.writes.push(value);
                    flow.fixed |= flow.values[value].writer.is_some();
                    flow.values[value].writer.get_or_insert(index);
                }
            }
            flow.steps.push(node);
        }
        for &output in &function.outputs {
            if let Some(value) = flow.value(program, &mut indices, output) {
                flow.values[value].result = true;
            }
        }
        let free = if flow.fixed { 0 } else { usize::MAX };
        for (index, step) in function.steps.iter().enumerate().take(free) {
            flow.steps[index].replaceable = flow.replaceable(program, step, index);
        }
        flow
    }

    fn value(
        &mut self,
        program: &Program,
        indices: &mut BTreeMap<TensorId, usize>,
        id: TensorId,
    ) -> Option<usize> {
        if !program.in_arena(id) {
            return None;
        }
        let tensor = program.root(id);
        Some(*indices.entry(tensor).or_insert_with(|| {
            self.values.push(Value {
                tensor,
                bytes: super::padded(program, tensor),
                readers: Vec::new(),
                writer: None,
                result: false,
            });
            self.values.len() - 1
        }))
    }

    /// Values that output 0 of `step` may replace: the operator reads them only in places where it
    /// works in place, they have the output's length and type, and the caller is owed none of them.
    fn replaceable(&self, program: &Program, step: &Step, index: usize) -> Vec<usize> {
        let Some(&out) = step.outputs.first() else {
            return Vec::new();
        };
        let node = &self.steps[index];
        let alike = |id: TensorId| {
            let (a, b) = (&program.tensors[id], &program.tensors[out]);
            (a.dtype, a.bytes()) == (b.dtype, b.bytes())
        };
        let may = |&&value: &&usize| {
            let Value { tensor, result, .. } = self.values[value];
            let mut uses = (0..)
                .zip(&step.inputs)
                .filter(|&(_, &id)| program.in_arena(id) && program.root(id) == tensor);
            !result
                && tensor != program.root(out)
                && uses.all(|(position, &id)| step.opcode.in_place(position) && alike(id))
        };
        node.reads.iter().filter(may).copied().collect()
    }
}
