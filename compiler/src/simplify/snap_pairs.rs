//! A quantisation whose inverse follows only rounds.
//!
//! Before: `q = ToGrid(x)`, `y = FromGrid(q)`, both of one grid. After: `y = Snap(x)`, which keeps
//! the grid that a pre-quantised model brings with it. Other readers of the integers keep them.

use crate::error::Result;
use crate::graph::{Graph, Grid, Op};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        let Op::FromGrid(meaning) = &node.op else {
            continue;
        };
        let source = node.input(0).and_then(|x| producers.get(&x));
        let Some(source) = source.map(|&index| &graph.nodes[index]) else {
            continue;
        };
        let grid = match &source.op {
            Op::ToGrid(grid, _) if same(grid, meaning) => grid.clone(),
            _ => continue,
        };
        let x = source.inputs.clone();
        graph.nodes[index].op = Op::Snap(grid);
        graph.nodes[index].inputs = x;
        changed = true;
    }
    Ok(changed)
}

/// Whether integers mean the same; bounds matter to rounding only.
fn same(a: &Grid, b: &Grid) -> bool {
    let along = a.scale.len() == 1 || a.axis == b.axis;
    along && a.scale == b.scale && a.zero_point == b.zero_point
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, tensor};
    use crate::testing::{Model, after, import};

    fn pair(second: f32) -> Model {
        let scale = |name: &str, value: f32| tensor::f32(name, &[], &[value]);
        Model::default()
            .input("x", DataType::Float, &[2, 3])
            .tensor(scale("s", 0.125))
            .tensor(scale("t", second))
            .op("QuantizeLinear", &["x", "s"], "q")
            .op("DequantizeLinear", &["q", "t"], "y")
            .output("y")
    }

    #[test]
    fn there_and_back_is_rounding() {
        assert_eq!(
            after(super::run, pair(0.125)),
            "in x:[2,3]\ny:[2,3] = Snap(x)\nfn main(x) -> y\n"
        );
    }

    #[test]
    fn another_scale_on_the_way_back_is_no_rounding() {
        assert!(!super::run(&mut import(pair(0.25))).unwrap());
    }
}
