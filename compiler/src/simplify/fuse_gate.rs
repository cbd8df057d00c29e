//! The gate of a gated convolution becomes one operator.
//!
//! Before: `s = Sigmoid(b)`, `m = Mul(a, s)`, `y = Add(m, x)`, operands in any order.
//! After: `y = Gate(a, b, x)`.

use crate::error::Result;
use crate::graph::{Binary, Graph, Op, Unary, ValueId};
use std::collections::BTreeMap;

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let uses = graph.use_counts();
    let finder = Finder {
        graph,
        producers: &producers,
        uses: &uses,
    };
    let found: Vec<_> = (0..graph.nodes.len())
        .filter_map(|index| Some((index, finder.gate(index)?)))
        .collect();
    let changed = !found.is_empty();
    for (index, operands) in found {
        graph.nodes[index].op = Op::Gate;
        graph.nodes[index].inputs = operands.map(Some).to_vec();
    }
    Ok(changed)
}

struct Finder<'a> {
    graph: &'a Graph,
    producers: &'a BTreeMap<ValueId, usize>,
    uses: &'a BTreeMap<ValueId, usize>,
}

impl Finder<'_> {
    /// `[a, b, x]` if the node adds `x` to `a·σ(b)`.
    fn gate(&self, index: usize) -> Option<[ValueId; 3]> {
        let node = &self.graph.nodes[index];
        let (m, x) = match (&node.op, &node.inputs[..]) {
            (Op::Binary(Binary::Add), &[Some(m), Some(x)]) => (m, x),
            _ => return None,
        };
        let shape = self.graph.shape(node.outputs[0]);
        let found = self.product(m, x).or_else(|| self.product(x, m))?;
        let fits = |&id: &ValueId| self.graph.shape(id) == shape && !self.is_constant(id);
        found.iter().all(fits).then_some(found)
    }

    fn is_constant(&self, id: ValueId) -> bool {
        self.graph.constants.contains_key(&id)
    }

    fn product(&self, m: ValueId, x: ValueId) -> Option<[ValueId; 3]> {
        match self.private(m)? {
            (Op::Binary(Binary::Mul), &[Some(a), Some(s)]) => {
                let right = self.sigmoid(s).map(|b| [a, b, x]);
                right.or_else(|| self.sigmoid(a).map(|b| [s, b, x]))
            }
            _ => None,
        }
    }

    fn sigmoid(&self, s: ValueId) -> Option<ValueId> {
        match self.private(s)? {
            (Op::Unary(Unary::Sigmoid), &[Some(b)]) => Some(b),
            _ => None,
        }
    }

    /// The operator behind a value that nothing else reads.
    fn private(&self, id: ValueId) -> Option<(&Op, &[Option<ValueId>])> {
        if self.uses.get(&id) != Some(&1) {
            return None;
        }
        let node = &self.graph.nodes[*self.producers.get(&id)?];
        Some((&node.op, &node.inputs))
    }
}

#[cfg(test)]
mod tests {
    use crate::onnx::DataType;
    use crate::testing::{Model, after};

    #[test]
    fn operands_may_stand_in_any_order() {
        for (product, sum) in [(["a", "s"], ["m", "x"]), (["s", "a"], ["x", "m"])] {
            let model = Model::default()
                .input("a", DataType::Float, &[2, 3])
                .input("b", DataType::Float, &[2, 3])
                .input("x", DataType::Float, &[2, 3])
                .op("Sigmoid", &["b"], "s")
                .op("Mul", &product, "m")
                .op("Add", &sum, "y")
                .output("y");
            let text = after(super::run, model);
            assert!(text.contains("y:[2,3] = Gate(a, b, x)"), "{text}");
        }
    }

    #[test]
    fn a_product_that_is_read_elsewhere_stays() {
        let model = Model::default()
            .input("a", DataType::Float, &[2])
            .op("Sigmoid", &["a"], "s")
            .op("Mul", &["a", "s"], "m")
            .op("Add", &["m", "a"], "y")
            .output("y")
            .output("m");
        assert!(!super::run(&mut crate::testing::import(model)).unwrap());
    }
}
