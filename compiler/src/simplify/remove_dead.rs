//! Nodes that no output needs, and constants that no node reads, go.
//!
//! Before: `y = Relu(x)`, `z = Exp(x)`, output `z`. After: `z = Exp(x)`.

use crate::error::Result;
use crate::graph::Graph;

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let before = (graph.nodes.len(), graph.constants.len());
    graph.compact();
    Ok((graph.nodes.len(), graph.constants.len()) != before)
}

#[cfg(test)]
mod tests {
    use crate::graph::{Op, Unary};
    use crate::onnx::DataType;
    use crate::testing::{Model, import};

    #[test]
    fn nodes_without_readers_go() {
        let model = Model::default()
            .input("x", DataType::Float, &[2])
            .op("Exp", &["x"], "y")
            .output("y");
        let mut graph = import(model);
        let x = graph.find("x");
        graph
            .apply_one(Op::Unary(Unary::Tanh), &[x], "dead")
            .unwrap();
        assert!(super::run(&mut graph).unwrap());
        assert!(!super::run(&mut graph).unwrap());
        assert_eq!(
            graph.to_string(),
            "in x:[2]\ny:[2] = Exp(x)\nfn main(x) -> y\n"
        );
    }
}
