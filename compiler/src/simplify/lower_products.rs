//! Matrix products of two operands that both change at run time.
//!
//! Before: `y = MatMul(a, b:[…,K,N])`. After: `t = Transpose(b)`, `y = Products(a, t)`: rows against
//! rows, as the kernel reads them. Before: `y = MatMul(#a:[M,K], b)`. After: a Dense with the
//! weights a between two transposes. What a Gemm adds and multiplies besides becomes Mul and Add.
//! Leading ones of constant matrices go, so that `lower_dense` takes them.

use crate::error::Result;
use crate::graph::{Binary, Gemm, Graph, Op, Tensor, ValueId};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        changed |= match graph.nodes[index].op.clone() {
            Op::MatMul => lower_mat_mul(graph, index)?,
            Op::Gemm(gemm) => lower_gemm(graph, index, gemm)?,
            _ => false,
        };
    }
    Ok(changed)
}

/// The last two axes exchanged.
fn turned(graph: &mut Graph, x: ValueId, name: &str) -> Result<ValueId> {
    let mut permutation: Vec<usize> = (0..graph.shape(x).len()).collect();
    if let [.., rows, columns] = &mut permutation[..] {
        std::mem::swap(rows, columns);
    }
    graph.apply_one(Op::Transpose { permutation }, &[Some(x)], name)
}

fn constant(graph: &Graph, id: ValueId) -> Option<&Tensor> {
    graph.constant(id)
}

fn lower_mat_mul(graph: &mut Graph, index: usize) -> Result<bool> {
    let node = graph.nodes[index].clone();
    let (Some(a), Some(b)) = (node.input(0), node.input(1)) else {
        return Ok(false);
    };
    let (left, right) = (graph.shape(a).to_vec(), graph.shape(b).to_vec());
    let (fixed_a, fixed_b) = (constant(graph, a), constant(graph, b));
    if let (None, Some(_), [ones @ .., rows, columns]) = (fixed_a, fixed_b, &right[..])
        && ones.iter().all(|&dim| dim == 1)
        && right.len() <= left.len()
    {
        if ones.is_empty() {
            return Ok(false); // what lower_dense waits for
        }
        let shape = vec![*rows, *columns];
        let flat = graph.apply_one(Op::Reshape { shape }, &[Some(b)], &node.name)?;
        graph.nodes[index].inputs[1] = Some(flat);
        return Ok(true);
    }
    let rows = turned(graph, b, &node.name)?;
    if left.len() == 2 && constant(graph, a).is_some() && constant(graph, b).is_none() {
        let dense = Op::Dense { clamp: None };
        let columns = graph.apply_one(dense, &[Some(rows), Some(a)], &node.name)?;
        let mut permutation: Vec<usize> = (0..right.len()).collect();
        permutation.swap(right.len() - 2, right.len() - 1);
        graph.nodes[index].op = Op::Transpose { permutation };
        graph.nodes[index].inputs = vec![Some(columns)];
        return Ok(true);
    }
    graph.nodes[index].op = Op::Products;
    graph.nodes[index].inputs = vec![Some(a), Some(rows)];
    Ok(true)
}

/// A Gemm that `lower_dense` leaves: b or the addend changes at run time.
fn lower_gemm(graph: &mut Graph, index: usize, gemm: Gemm) -> Result<bool> {
    let node = graph.nodes[index].clone();
    let (Some(mut a), Some(mut b)) = (node.input(0), node.input(1)) else {
        return Ok(false);
    };
    if gemm.transpose_a {
        a = turned(graph, a, &node.name)?;
    }
    if gemm.transpose_b {
        b = turned(graph, b, &node.name)?;
    }
    let mut steps = vec![(Op::MatMul, b)];
    if gemm.alpha != 1.0 {
        let alpha = scalar(graph, &node.name, gemm.alpha)?;
        steps.push((Op::Binary(Binary::Mul), alpha));
    }
    if let Some(addend) = node.input(2) {
        let mut addend = addend;
        if gemm.beta != 1.0 {
            let beta = scalar(graph, &node.name, gemm.beta)?;
            let operands = [Some(addend), Some(beta)];
            addend = graph.apply_one(Op::Binary(Binary::Mul), &operands, &node.name)?;
        }
        steps.push((Op::Binary(Binary::Add), addend));
    }
    let mut x = a;
    let last = steps.len() - 1;
    for (position, (op, other)) in steps.into_iter().enumerate() {
        if position == last {
            graph.nodes[index].op = op;
            graph.nodes[index].inputs = vec![Some(x), Some(other)];
        } else {
            x = graph.apply_one(op, &[Some(x), Some(other)], &node.name)?;
        }
    }
    Ok(true)
}

fn scalar(graph: &mut Graph, base: &str, value: f32) -> Result<ValueId> {
    Ok(graph.add_constant(base, Tensor::f32(&[], vec![value])?))
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, attribute, node};
    use crate::testing::{Model, after};

    fn two() -> Model {
        Model::default()
            .input("a", DataType::Float, &[2, 4, 3])
            .input("b", DataType::Float, &[2, 3, 5])
    }

    #[test]
    fn two_activations_multiply_by_rows() {
        assert_eq!(
            after(super::run, two().op("MatMul", &["a", "b"], "y").output("y")),
            "in a:[2,4,3]\nin b:[2,3,5]\ny.2:[2,5,3] = Transpose[0, 2, 1](b)\n\
             y:[2,4,5] = Products(a, y.2)\nfn main(a, b) -> y\n"
        );
    }

    #[test]
    fn constants_on_the_left_are_weights() {
        let model = two()
            .weights("w", &[4, 3])
            .op("MatMul", &["w", "b"], "y")
            .output("y");
        let text = after(super::run, model);
        assert!(text.contains("Dense(y.3, #w:[4,3])"), "{text}");
    }

    #[test]
    fn leading_ones_of_weights_go() {
        let model = two()
            .weights("w", &[1, 3, 4])
            .op("MatMul", &["a", "w"], "y")
            .output("y");
        let text = after(super::run, model);
        assert!(text.contains("MatMul(a, #y.2:[3,4])"), "{text}");
    }

    #[test]
    fn a_product_of_activations_with_factors_and_addend() {
        let attributes = vec![
            attribute::float("alpha", 0.5),
            attribute::float("beta", 2.0),
            attribute::int("transA", 1),
            attribute::int("transB", 1),
        ];
        let model = Model::default()
            .input("a", DataType::Float, &[3, 4])
            .input("b", DataType::Float, &[5, 3])
            .input("c", DataType::Float, &[5])
            .node(node("Gemm", &["a", "b", "c"], &["y"], attributes))
            .output("y");
        let text = after(super::run, model);
        assert!(!text.contains("Gemm"), "{text}");
        assert!(text.contains("y:[4,5] = Add("), "{text}");
    }
}
