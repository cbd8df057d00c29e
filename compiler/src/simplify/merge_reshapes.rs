//! A reshape of a reshape is one reshape; a transpose that moves only axes of length 1 is one too.
//!
//! Before: `a = Reshape(x)`, `y = Reshape(a)`. After: `y = Reshape(x)`.

use super::permutation::moves_only_units;
use crate::error::Result;
use crate::graph::{Graph, Op};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        let Some(x) = node.input(0) else {
            continue;
        };
        match &node.op {
            Op::Transpose { permutation } if moves_only_units(permutation, graph.shape(x)) => {
                let shape = graph.shape(node.outputs[0]).to_vec();
                graph.nodes[index].op = Op::Reshape { shape };
                changed = true;
            }
            Op::Reshape { .. } => {
                let source = producers.get(&x).map(|&producer| &graph.nodes[producer]);
                if let Some(source) = source
                    && matches!(source.op, Op::Reshape { .. })
                {
                    graph.nodes[index].inputs = source.inputs.clone();
                    changed = true;
                }
            }
            _ => {}
        }
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, attribute, node};
    use crate::testing::{Model, after};

    #[test]
    fn views_of_views_are_views() {
        let model = Model::default()
            .input("x", DataType::Float, &[1, 1, 6])
            .node(node(
                "Transpose",
                &["x"],
                &["t"],
                vec![attribute::ints("perm", &[2, 0, 1])],
            ))
            .ints("shape", &[2, 3])
            .op("Reshape", &["t", "shape"], "y")
            .output("y");
        let text = after(super::run, model);
        assert_eq!(
            text,
            "in x:[1,1,6]\ny:[2,3] = Reshape(x)\nfn main(x) -> y\n"
        );
    }
}
