//! What is computed of constants alone is computed now, by the runtime's own f32 kernels.
//!
//! Before: `y = Exp(#c)`, `z = Add(x, y)`. After: `z = Add(x, #y)`. `fold_constants` has taken the
//! few operators that shapes pass through, with 64-bit integers; this is for all others, and gives
//! the bits that the device would.

use crate::aligned::AlignedBytes;
use crate::calibrate::{Input, outputs};
use crate::error::Result;
use crate::graph::{Data, Dtype, Function, Graph, Node, Tensor, Value, ValueId};
use crate::plan::{Reuse, plan_with};
use crate::quantise::float_program;
use crate::write::write;
use qibu::{Limits, Model};

/// Work that one node may cost here: a second or so.
const LIMITS: Limits = Limits { macs: 1 << 28 };

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        let Some(tensors) = computed(graph, node)? else {
            continue;
        };
        let outputs = std::mem::take(&mut graph.nodes[index].outputs);
        for (output, tensor) in outputs.into_iter().zip(tensors) {
            graph.count_folded(&tensor)?;
            graph.constants.insert(output, tensor);
        }
        changed = true;
    }
    Ok(changed)
}

/// The results of `node`, where its operands are constants and the runtime has a form of it.
fn computed(graph: &Graph, node: &Node) -> Result<Option<Vec<Tensor>>> {
    let operands: Vec<ValueId> = node.inputs.iter().flatten().copied().collect();
    let tensors: Option<Vec<&Tensor>> = operands.iter().map(|&id| graph.constant(id)).collect();
    let Some(tensors) = tensors.filter(|tensors| !tensors.is_empty() && !node.outputs.is_empty())
    else {
        return Ok(None);
    };
    let inputs: Option<Vec<Input>> = tensors.iter().map(|tensor| input(tensor)).collect();
    // A node that the runtime lacks stays: a later pass may lower it, or pace 4 names it.
    let (Some(inputs), Ok(program)) = (inputs, float_program(&alone(graph, node))) else {
        return Ok(None);
    };
    let bytes = write(&plan_with(program, Reuse::KeepAll)?)?;
    let file = AlignedBytes::from(&bytes[..]);
    let Ok(model) = Model::load_within(&file, LIMITS) else {
        return Ok(None);
    };
    let Some(function) = model.function("main") else {
        return Ok(None);
    };
    let results = outputs(function, &inputs)?;
    let facts = node.outputs.iter().map(|&id| graph.value(id));
    let tensors = results
        .into_iter()
        .zip(facts)
        .map(|(result, value)| tensor(result, value));
    tensors.collect::<Result<Option<Vec<Tensor>>>>()
}

/// `node` as a graph of its own, its operands as inputs.
fn alone(graph: &Graph, node: &Node) -> Graph {
    let mut small = Graph {
        limits: graph.limits,
        ..Graph::default()
    };
    let mut add = |id: ValueId| {
        let value = graph.value(id);
        small.add_value(&value.name, value.dtype, value.shape.clone())
    };
    let mut inputs = Vec::new();
    let mut operand = |id: &Option<ValueId>| {
        id.map(|id| {
            let copy = add(id);
            inputs.push(copy);
            copy
        })
    };
    let operands: Vec<Option<ValueId>> = node.inputs.iter().map(&mut operand).collect();
    let outputs: Vec<ValueId> = node.outputs.iter().map(|&id| add(id)).collect();
    small.nodes.push(Node {
        name: node.name.clone(),
        op: node.op.clone(),
        inputs: operands,
        outputs: outputs.clone(),
    });
    small.inputs.clone_from(&inputs);
    small.outputs.clone_from(&outputs);
    small.functions.push(Function {
        name: "main".into(),
        inputs,
        outputs,
    });
    small
}

/// A constant as the runtime takes it; integers beyond 32 bits have no such form.
fn input(tensor: &Tensor) -> Option<Input> {
    Some(match tensor.data() {
        Data::F32(values) => Input::F32(values.to_vec()),
        Data::Bool(values) => Input::Bool(values.to_vec()),
        _ => {
            let wide = tensor.to_i64()?;
            let narrow = wide.iter().map(|&value| i32::try_from(value).ok());
            Input::I32(narrow.collect::<Option<Vec<i32>>>()?)
        }
    })
}

/// What the runtime gave, in the type that the value has in the graph.
fn tensor(result: Input, value: &Value) -> Result<Option<Tensor>> {
    let data = match (result, value.dtype) {
        (Input::F32(values), Dtype::F32) => Data::F32(values.into()),
        (Input::Bool(values), Dtype::Bool) => Data::Bool(values.into()),
        (Input::I32(values), Dtype::I64) => Data::I64(values.iter().map(|&v| v.into()).collect()),
        (Input::I32(values), Dtype::I32) => Data::I32(values.into()),
        _ => return Ok(None),
    };
    Tensor::new(value.shape.clone(), data).map(Some)
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, tensor};
    use crate::testing::{Model, after};

    #[test]
    fn a_function_of_a_constant_is_one() {
        let model = Model::default()
            .input("x", DataType::Float, &[2])
            .tensor(tensor::f32("c", &[2], &[0.0, 1.0]))
            .op("Exp", &["c"], "e")
            .op("Add", &["x", "e"], "y")
            .output("y");
        let text = after(super::run, model);
        assert_eq!(text, "in x:[2]\ny:[2] = Add(x, #e:[2])\nfn main(x) -> y\n");
    }

    #[test]
    fn both_results_of_a_constant_selection_are_known() {
        let model = Model::default()
            .input("x", DataType::Float, &[2])
            .tensor(tensor::f32("c", &[4], &[3.0, 1.0, 4.0, 1.5]))
            .ints("k", &[2])
            .node(crate::onnx::node("TopK", &["c", "k"], &["v", "i"], vec![]))
            .op("Add", &["x", "v"], "y")
            .op("Gather", &["y", "i"], "z")
            .output("z");
        let mut graph = crate::testing::import(model);
        assert!(super::run(&mut graph).unwrap());
        let found = |name: &str| graph.constant(graph.find(name).unwrap()).unwrap().clone();
        assert_eq!(found("v").as_f32().unwrap(), [4.0, 3.0]);
        assert_eq!(found("i").to_i64().unwrap(), [2, 0]);
    }
}
