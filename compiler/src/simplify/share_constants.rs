//! Constants of the same type, shape and bits become one.
//!
//! Before: `#a` and `#b` with equal elements. After: `#a`, read in both places.

use crate::error::Result;
use crate::graph::{Data, Graph, Tensor, ValueId};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let mut first: BTreeMap<[u8; 32], ValueId> = BTreeMap::new();
    let mut renamed: BTreeMap<ValueId, ValueId> = BTreeMap::new();
    for (&id, tensor) in &graph.constants {
        match first.get(&digest(tensor)) {
            Some(&other) => {
                renamed.insert(id, other);
            }
            None => {
                first.insert(digest(tensor), id);
            }
        }
    }
    let mut changed = false;
    for input in graph
        .nodes
        .iter_mut()
        .flat_map(|node| &mut node.inputs)
        .flatten()
    {
        if let Some(&other) = renamed.get(input) {
            *input = other;
            changed = true;
        }
    }
    Ok(changed)
}

/// Bits, not values: −0 is not 0, and a NaN equals itself.
fn digest(tensor: &Tensor) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(format!("{:?} {:?}", tensor.dtype(), tensor.shape()));
    match tensor.data() {
        Data::F32(items) => hash.update(bytemuck::cast_slice::<f32, u8>(items)),
        Data::I64(items) => hash.update(bytemuck::cast_slice::<i64, u8>(items)),
        Data::I32(items) => hash.update(bytemuck::cast_slice::<i32, u8>(items)),
        Data::I8(items) => hash.update(bytemuck::cast_slice::<i8, u8>(items)),
        Data::U8(items) => hash.update(items),
        Data::Bool(items) => items.iter().for_each(|&item| hash.update([u8::from(item)])),
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, tensor};
    use crate::testing::{Model, after};

    #[test]
    fn equal_bits_are_stored_once_and_signed_zeros_are_kept_apart() {
        let model = Model::default()
            .input("x", DataType::Float, &[2])
            .tensor(tensor::f32("a", &[2], &[1.0, 0.0]))
            .tensor(tensor::f32("b", &[2], &[1.0, 0.0]))
            .tensor(tensor::f32("c", &[2], &[1.0, -0.0]))
            .op("Mul", &["x", "a"], "m")
            .op("Mul", &["m", "b"], "n")
            .op("Mul", &["n", "c"], "y")
            .output("y");
        let text = after(super::run, model);
        assert!(
            text.contains("Mul(m, #a:[2])") && text.contains("Mul(n, #c:[2])"),
            "{text}"
        );
    }
}
