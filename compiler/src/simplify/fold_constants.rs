//! Nodes whose operands are all known become constants, where that is cheap.
//!
//! Before: `y = Transpose(#w)`. After: `#y`.

use crate::error::Result;
use crate::graph::Graph;

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        let facts: Vec<_> = node
            .outputs
            .iter()
            .map(|&id| (graph.value(id).dtype, graph.shape(id).to_vec()))
            .collect();
        if let Some(tensor) = graph.fold(&node.op, &node.inputs, &facts)? {
            let output = node.outputs[0];
            graph.count_folded(&tensor)?;
            graph.constants.insert(output, tensor);
            graph.nodes[index].outputs.clear();
            changed = true;
        }
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use crate::graph::{Node, Op};
    use crate::onnx::DataType;
    use crate::testing::{Model, import};

    #[test]
    fn transposed_weights_are_constants() {
        let model = Model::default()
            .input("x", DataType::Float, &[2, 3])
            .weights("w", &[4, 3])
            .weights("v", &[3, 4])
            .op("MatMul", &["x", "v"], "y")
            .output("y");
        let mut graph = import(model);
        let w = graph.add_constant(
            "w",
            crate::graph::Tensor::f32(&[4, 3], vec![1.0; 12]).unwrap(),
        );
        let v = graph.find("v").unwrap();
        graph.constants.remove(&v);
        graph.nodes.insert(
            0,
            Node {
                name: "turn".into(),
                op: Op::Transpose {
                    permutation: vec![1, 0],
                },
                inputs: vec![Some(w)],
                outputs: vec![v],
            },
        );
        assert!(super::run(&mut graph).unwrap());
        graph.compact();
        assert_eq!(
            graph.to_string(),
            "in x:[2,3]\ny:[2,4] = MatMul(x, #v:[3,4])\nfn main(x) -> y\n"
        );
    }
}
