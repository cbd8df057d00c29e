//! Matrix products with constant weights become `Dense`, weights as rows `[N,K]`.
//!
//! Before: `y = Gemm(x, #w:[K,N], #b)`. After: `y = Dense(x, #w':[N,K], #b')`, where w' and b'
//! carry alpha and beta.

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

fn constant_matrix(graph: &Graph, id: Option<ValueId>) -> Option<(ValueId, Tensor)> {
    let id = id?;
    let tensor = graph.constant(id)?;
    (tensor.shape().len() == 2).then(|| (id, tensor.clone()))
}

fn lower_mat_mul(graph: &mut Graph, index: usize) -> Result<bool> {
    let node = &graph.nodes[index];
    let (x, weights) = (node.input(0), constant_matrix(graph, node.input(1)));
    let (Some(x), Some((id, tensor))) = (x, weights) else {
        return Ok(false);
    };
    if graph.constants.contains_key(&x) {
        return Ok(false);
    }
    let base = graph.value(id).name.clone();
    let weights = graph.add_constant(&base, tensor.transposed(&[1, 0]));
    let node = &mut graph.nodes[index];
    node.op = Op::Dense { clamp: None };
    node.inputs = vec![Some(x), Some(weights)];
    Ok(true)
}

fn lower_gemm(graph: &mut Graph, index: usize, gemm: Gemm) -> Result<bool> {
    let node = graph.nodes[index].clone();
    let weights = constant_matrix(graph, node.input(1));
    let (Some(mut x), Some((id, tensor))) = (node.input(0), weights) else {
        return Ok(false);
    };
    let rows = if gemm.transpose_b {
        tensor
    } else {
        tensor.transposed(&[1, 0])
    };
    let channels = rows.shape()[0];
    let addend = node.input(2);
    let bias = match addend.and_then(|id| graph.constant(id)) {
        Some(tensor) => bias_of(tensor, channels, gemm.beta)?,
        None => None,
    };
    if addend.is_some() && bias.is_none() && gemm.beta != 1.0 {
        return Ok(false);
    }
    if gemm.transpose_a {
        let permutation = vec![1, 0];
        x = graph.apply_one(Op::Transpose { permutation }, &[Some(x)], &node.name)?;
    }
    let base = graph.value(id).name.clone();
    let weights = graph.add_constant(&base, scaled(&rows, gemm.alpha)?);
    let bias_id = bias.map(|bias| graph.add_constant(&format!("{}.bias", node.name), bias));
    let op = Op::Dense { clamp: None };
    let mut inputs = vec![Some(x), Some(weights)];
    inputs.extend(bias_id.map(Some));
    match (addend, bias_id) {
        // An addend that is no bias is added after the product.
        (Some(addend), None) => {
            let product = graph.apply_one(op, &inputs, &node.name)?;
            graph.nodes[index].op = Op::Binary(Binary::Add);
            graph.nodes[index].inputs = vec![Some(product), Some(addend)];
        }
        _ => {
            graph.nodes[index].op = op;
            graph.nodes[index].inputs = inputs;
        }
    }
    Ok(true)
}

fn scaled(tensor: &Tensor, factor: f32) -> Result<Tensor> {
    match tensor.as_f32() {
        Some(values) if factor != 1.0 => {
            let values = values.iter().map(|value| value * factor).collect();
            Tensor::f32(tensor.shape(), values)
        }
        _ => Ok(tensor.clone()),
    }
}

/// One float per channel, if the addend is the same in every row.
fn bias_of(addend: &Tensor, channels: usize, beta: f32) -> Result<Option<Tensor>> {
    let Some(values) = super::fuse_bias::per_channel(addend, channels) else {
        return Ok(None);
    };
    scaled(&Tensor::f32(&[channels], values)?, beta).map(Some)
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, attribute, node};
    use crate::testing::{Model, after};

    #[test]
    fn factors_move_into_the_weights() {
        let attributes = vec![
            attribute::float("alpha", 0.5),
            attribute::float("beta", 2.0),
        ];
        let model = Model::default()
            .input("x", DataType::Float, &[2, 3])
            .weights("w", &[3, 4])
            .weights("b", &[1, 4])
            .node(node("Gemm", &["x", "w", "b"], &["y"], attributes))
            .output("y");
        assert_eq!(
            after(super::run, model),
            "in x:[2,3]\ny:[2,4] = Dense(x, #w:[4,3], #y.bias:[4])\nfn main(x) -> y\n"
        );
    }

    #[test]
    fn an_addend_per_row_is_added_afterwards() {
        let attributes = vec![attribute::int("transA", 1)];
        let model = Model::default()
            .input("x", DataType::Float, &[3, 2])
            .weights("w", &[3, 4])
            .weights("c", &[2, 4])
            .node(node("Gemm", &["x", "w", "c"], &["y"], attributes))
            .output("y");
        let text = after(super::run, model);
        assert!(text.contains("y:[2,4] = Add(y.2, #c:[2,4])"), "{text}");
    }
}
