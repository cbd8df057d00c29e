//! Quantisations that are left, because their integers are wanted, become arithmetic where no step
//! does it all: with a scale for each index of an axis.
//!
//! An int8 input that is read by one grid stays, too: it may be stored so.
//!
//! Before: `q = ToGrid(x)`. After: `q = Cast(Clip(Round(x / #scale) + #zero))`.
//! Before: `x = FromGrid(q)`. After: `x = (Cast(q) − #zero) · #scale`. Zeros and ones are left out.

use crate::error::Result;
use crate::graph::{Binary, Clamp, Dtype, Graph, Grid, Node, Op, Tensor, Unary, ValueId};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = graph.nodes[index].clone();
        let Some(x) = node.input(0) else { continue };
        let stays = stays(graph, &node);
        let mut steps = Steps {
            name: &node.name,
            graph,
            x,
        };
        let last = match &node.op {
            Op::ToGrid(grid, _) if grid.scale.len() == 1 => continue,
            Op::ToGrid(grid, to) => {
                steps.round(grid)?;
                Op::Cast { to: *to }
            }
            Op::FromGrid(_) if stays => continue,
            Op::FromGrid(grid) => {
                steps.mean(grid)?;
                Op::Identity
            }
            _ => continue,
        };
        let x = steps.x;
        graph.nodes[index].op = last;
        graph.nodes[index].inputs = vec![Some(x)];
        changed = true;
    }
    Ok(changed)
}

/// Whether `node` says what an int8 input means, by a single scale; views of the input come after
/// it ([`super::raise_grids`]).
fn stays(graph: &Graph, node: &Node) -> bool {
    let one = matches!(&node.op, Op::FromGrid(grid) if grid.scale.len() == 1);
    let input = node.input(0).filter(|x| graph.inputs.contains(x));
    one && input.is_some_and(|x| graph.value(x).dtype == Dtype::I8)
}

/// A chain of operators, each on the result of the one before.
struct Steps<'g> {
    graph: &'g mut Graph,
    name: &'g str,
    x: ValueId,
}

impl Steps<'_> {
    fn round(&mut self, grid: &Grid) -> Result<()> {
        self.with(Binary::Div, grid, &grid.scale)?;
        self.apply(Op::Unary(Unary::Round), None)?;
        self.with(Binary::Add, grid, &zeros(grid))?;
        let clamp = Clamp {
            low: grid.low as f32,
            high: grid.high as f32,
        };
        self.apply(Op::Clip(clamp), None)
    }

    fn mean(&mut self, grid: &Grid) -> Result<()> {
        self.apply(Op::Cast { to: Dtype::F32 }, None)?;
        self.with(Binary::Sub, grid, &zeros(grid))?;
        self.with(Binary::Mul, grid, &grid.scale)
    }

    fn apply(&mut self, op: Op, other: Option<ValueId>) -> Result<()> {
        let operands = [Some(self.x), other];
        let operands = &operands[..if other.is_some() { 2 } else { 1 }];
        self.x = self.graph.apply_one(op, operands, self.name)?;
        Ok(())
    }

    /// One of the grid's lists as an operand, unless it changes nothing.
    fn with(&mut self, kind: Binary, grid: &Grid, values: &[f32]) -> Result<()> {
        let neutral = match kind {
            Binary::Add | Binary::Sub => 0.0,
            _ => 1.0,
        };
        if values.iter().all(|&value| value == neutral) {
            return Ok(());
        }
        let mut shape = vec![];
        if values.len() > 1 {
            let rank = self.graph.shape(self.x).len();
            shape = vec![1; rank.saturating_sub(grid.axis).max(1)];
            shape[0] = values.len();
        }
        let tensor = Tensor::f32(&shape, values.to_vec())?;
        let constant = self.graph.add_constant(self.name, tensor);
        self.apply(Op::Binary(kind), Some(constant))
    }
}

fn zeros(grid: &Grid) -> Vec<f32> {
    grid.zero_point.iter().map(|&zero| zero as f32).collect()
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, tensor};
    use crate::testing::{Model, after};

    #[test]
    fn integers_that_are_wanted_are_computed() {
        let model = Model::default()
            .input("x", DataType::Float, &[2, 3])
            .input("q", DataType::Int8, &[2, 3])
            .tensor(tensor::f32("s", &[], &[0.01]))
            .tensor(tensor::f32("t", &[3], &[0.25, 0.5, 1.0]))
            .op("QuantizeLinear", &["x", "t"], "y")
            .op("QuantizeLinear", &["x", "s"], "one")
            .op("DequantizeLinear", &["q", "t"], "z")
            .output("y")
            .output("one")
            .output("z");
        let text = after(super::run, model);
        assert!(text.contains("one:u8[2,3] = ToGrid(x)"), "{text}");
        for step in [
            "Div(x, #",
            "Round(",
            "Clip[0..255]",
            "u8[2,3] = Cast",
            "Mul(",
        ] {
            assert!(text.contains(step), "{step}: {text}");
        }
        assert_eq!(text.matches("Grid").count(), 1, "{text}");
    }
}
