//! Writing a finished [`Graph`] as an ONNX model.

use super::{Graph, Node, Role, V};
use crate::engine::{Data, Tensor};
use crate::onnx::{self, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto};
use std::collections::{BTreeMap, BTreeSet};

impl Graph {
    /// The graph as an ONNX model; nodes, constants and inputs that no output needs are left out.
    pub fn to_model(&self, name: &str) -> ModelProto {
        let (nodes, needed) = self.needed();
        let renamed: BTreeMap<V, &str> = self
            .outputs
            .iter()
            .map(|(value, name)| (*value, name.as_str()))
            .collect();
        let name_of = |value: &V| match renamed.get(value) {
            Some(name) => (*name).to_string(),
            None => self.values[value.0].name.clone(),
        };
        let emit = |node: &&Node| NodeProto {
            op_type: node.op.into(),
            input: node.inputs.iter().map(name_of).collect(),
            output: node.outputs.iter().map(name_of).collect(),
            name: name_of(&node.outputs[0]),
            attribute: node.attributes.clone(),
            ..NodeProto::default()
        };
        let info = |value: V, name: &str| {
            let value = &self.values[value.0];
            onnx::value_info(name, value.element, &value.shape)
        };
        let inputs = self.inputs.iter().filter(|value| needed.contains(value));
        let constants = self
            .constants
            .iter()
            .filter(|(value, _)| needed.contains(value));
        let graph = GraphProto {
            node: nodes.iter().map(emit).collect(),
            name: name.into(),
            initializer: constants
                .map(|(value, tensor)| initializer(&self.values[value.0].name, tensor))
                .collect(),
            input: inputs
                .map(|value| info(*value, &self.values[value.0].name))
                .collect(),
            output: self
                .outputs
                .iter()
                .map(|(value, name)| info(*value, name))
                .collect(),
            ..GraphProto::default()
        };
        ModelProto {
            ir_version: onnx::IR_VERSION,
            producer_name: "qibu".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            graph: Some(graph),
            opset_import: vec![OperatorSetIdProto {
                domain: String::new(),
                version: onnx::OPSET,
            }],
            ..ModelProto::default()
        }
    }

    /// The nodes that some output needs, in order, and every value that they touch.
    fn needed(&self) -> (Vec<&Node>, BTreeSet<V>) {
        let mut needed: BTreeSet<V> = self.outputs.iter().map(|(value, _)| *value).collect();
        let mut nodes = Vec::new();
        let emitted = self.nodes.iter().filter(|node| node.role != Role::Fused);
        for node in emitted.rev() {
            if node.outputs.iter().any(|output| needed.contains(output)) {
                needed.extend(&node.inputs);
                needed.extend(&node.outputs);
                nodes.push(node);
            }
        }
        nodes.reverse();
        (nodes, needed)
    }
}

fn initializer(name: &str, tensor: &Tensor) -> TensorProto {
    match &tensor.data {
        Data::F32(data) => onnx::tensor::f32(name, &tensor.shape, data),
        Data::I64(data) => onnx::tensor::i64(name, &tensor.shape, data),
        Data::F64(data) => TensorProto {
            name: name.into(),
            dims: tensor.shape.iter().map(|&dim| dim as i64).collect(),
            data_type: onnx::DataType::Double as i32,
            raw_data: data.iter().flat_map(|value| value.to_le_bytes()).collect(),
            ..TensorProto::default()
        },
        Data::I32(data) => onnx::tensor::i32(name, &tensor.shape, data),
        Data::Bool(data) => onnx::tensor::truth(name, &tensor.shape, data),
    }
}
