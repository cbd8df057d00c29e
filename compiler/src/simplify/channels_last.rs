//! Convolutions and pools become channels-last ones between two transposes.
//!
//! Before: `y = Conv(x:[N,C,H,W], #w:[O,C,KH,KW])`. After: `a = Transpose[0,2,3,1](x)`,
//! `b = ConvNhwc(a, #w':[O,KH,KW,C])`, `y = Transpose[0,3,1,2](b)`. A 1-D convolution is a 2-D
//! one of height 1. Channels last, because then a dot product runs over adjacent bytes.

use crate::error::Result;
use crate::graph::{Graph, Op, Tensor, ValueId};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = graph.nodes[index].clone();
        let Some(x) = node.input(0) else {
            continue;
        };
        let (op, mut rest) = match &node.op {
            Op::Pool(pool) => (Op::PoolNhwc(pool.clone()), vec![]),
            Op::Conv(conv) => {
                let Some(weights) = weights_last(graph, node.input(1))? else {
                    continue;
                };
                let conv = conv.clone();
                let op = Op::ConvNhwc { conv, clamp: None };
                (op, vec![Some(weights)])
            }
            _ => continue,
        };
        match node.input(2) {
            Some(bias) if graph.constants.contains_key(&bias) => rest.push(Some(bias)),
            Some(_) => continue,
            None => {}
        }
        let name = &node.name;
        let last = to_channels_last(graph, x, name)?;
        let mut inputs = vec![Some(last)];
        inputs.extend(rest);
        let result = graph.apply_one(op, &inputs, name)?;
        give_back(graph, index, result)?;
        changed = true;
    }
    Ok(changed)
}

/// Weights `[O,C,KH,KW]` or `[O,C,K]` as a new constant `[O,KH,KW,C]`.
fn weights_last(graph: &mut Graph, id: Option<ValueId>) -> Result<Option<ValueId>> {
    let Some(id) = id else {
        return Ok(None);
    };
    let Some(tensor) = graph.constant(id) else {
        return Ok(None);
    };
    let planes = with_height(tensor)?;
    let base = graph.value(id).name.clone();
    let turned = planes.transposed(&[0, 2, 3, 1]);
    Ok(Some(graph.add_constant(&base, turned)))
}

fn with_height(tensor: &Tensor) -> Result<Tensor> {
    match *tensor.shape() {
        [outputs, channels, length] => tensor.reshaped(&[outputs, channels, 1, length]),
        _ => Ok(tensor.clone()),
    }
}

fn to_channels_last(graph: &mut Graph, x: ValueId, name: &str) -> Result<ValueId> {
    let permutation = match graph.shape(x).len() {
        3 => vec![0, 2, 1],
        _ => vec![0, 2, 3, 1],
    };
    let turned = graph.apply_one(Op::Transpose { permutation }, &[Some(x)], name)?;
    match *graph.shape(turned) {
        [batch, length, channels] => {
            let shape = vec![batch, 1, length, channels];
            graph.apply_one(Op::Reshape { shape }, &[Some(turned)], name)
        }
        _ => Ok(turned),
    }
}

/// Makes the node at `index`, which computed the result channels first, turn it back.
fn give_back(graph: &mut Graph, index: usize, result: ValueId) -> Result<()> {
    let name = graph.nodes[index].name.clone();
    let (source, permutation) = match *graph.shape(graph.nodes[index].outputs[0]) {
        [batch, channels, length] => {
            let shape = vec![batch, length, channels];
            let flat = graph.apply_one(Op::Reshape { shape }, &[Some(result)], &name)?;
            (flat, vec![0, 2, 1])
        }
        _ => (result, vec![0, 3, 1, 2]),
    };
    graph.nodes[index].op = Op::Transpose { permutation };
    graph.nodes[index].inputs = vec![Some(source)];
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, attribute, node};
    use crate::testing::{Model, after};

    #[test]
    fn a_line_is_an_image_of_height_one() {
        let attributes = vec![
            attribute::ints("pads", &[2, 0]),
            attribute::ints("dilations", &[2]),
        ];
        let model = Model::default()
            .input("x", DataType::Float, &[1, 2, 5])
            .weights("w", &[3, 2, 2])
            .node(node("Conv", &["x", "w"], &["y"], attributes))
            .output("y");
        assert_eq!(
            after(super::run, model),
            "in x:[1,2,5]\n\
             y.5:[1,5,2] = Transpose[0, 2, 1](x)\n\
             y.4:[1,1,5,2] = Reshape(y.5)\n\
             y.3:[1,1,5,3] = ConvNhwc(y.4, #w:[3,1,2,2])\n\
             y.2:[1,5,3] = Reshape(y.3)\n\
             y:[1,3,5] = Transpose[0, 2, 1](y.2)\n\
             fn main(x) -> y\n"
        );
    }

    #[test]
    fn pools_turn_too() {
        let attributes = |pad| {
            let kernel = attribute::ints("kernel_shape", &[2, 2]);
            let ceil = attribute::int("ceil_mode", 1);
            vec![
                kernel,
                ceil,
                attribute::ints("strides", &[2, 2]),
                attribute::ints("pads", pad),
            ]
        };
        for kind in ["MaxPool", "AveragePool"] {
            let model = Model::default()
                .input("x", DataType::Float, &[1, 2, 5, 4])
                .node(node(kind, &["x"], &["y"], attributes(&[0, 1, 0, 0])))
                .output("y");
            let text = after(super::run, model);
            assert!(text.contains("[1,3,3,2] = PoolNhwc("), "{text}");
        }
    }
}
