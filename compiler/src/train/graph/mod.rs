//! A graph under construction: ONNX nodes whose every value has a known shape.
//!
//! Values are small copyable handles, so that builders read like arithmetic. The graph keeps what
//! `autodiff` needs and ONNX files lack: shapes, constants of indices, and *fused* operators. A
//! fused operator is a group of ordinary nodes with one gradient rule of its own; the group is
//! what ONNX Runtime sees, the rule is what `autodiff` sees.

mod emit;
mod moves;
mod ops;

use crate::engine::{Data, Tensor};
use crate::onnx::{AttributeProto, DataType};

/// Handle of a value in one [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct V(pub(super) usize);

/// What is known of a value.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its name in the ONNX file.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its element type.
    pub element: DataType,
}

/// How a node takes part in emission and differentiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An ONNX operator with a gradient rule.
    Plain,
    /// Part of a fused operator: emitted, not differentiated.
    Inner,
    /// A fused operator as a whole: differentiated, not emitted.
    Fused,
}

/// One operator.
#[derive(Clone, Debug)]
pub struct Node {
    /// ONNX operator type, or the name of a fused operator.
    pub op: &'static str,
    /// What it reads.
    pub inputs: Vec<V>,
    /// What it writes.
    pub outputs: Vec<V>,
    /// ONNX attributes.
    pub attributes: Vec<AttributeProto>,
    /// How it takes part.
    pub role: Role,
}

impl Node {
    /// Integer attribute `name`, or `default`.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        let found = self
            .attributes
            .iter()
            .find(|attribute| attribute.name == name);
        found.map_or(default, |attribute| attribute.i)
    }

    /// Integer list attribute `name`, empty if absent.
    pub fn ints(&self, name: &str) -> &[i64] {
        let found = self
            .attributes
            .iter()
            .find(|attribute| attribute.name == name);
        found.map_or(&[], |attribute| &attribute.ints)
    }
}

/// A graph under construction.
#[derive(Clone, Debug)]
pub struct Graph {
    values: Vec<Value>,
    nodes: Vec<Node>,
    constants: Vec<(V, Tensor)>,
    inputs: Vec<V>,
    outputs: Vec<(V, String)>,
    float: DataType,
    inner: bool,
}

impl Default for Graph {
    fn default() -> Self {
        Self::new()
    }
}

impl Graph {
    /// An empty graph of 32-bit floats.
    pub fn new() -> Self {
        Self::of(DataType::Float)
    }

    /// An empty graph whose floats are `float`: gradients are checked in doubles.
    pub fn of(float: DataType) -> Self {
        Self {
            values: Vec::new(),
            nodes: Vec::new(),
            constants: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            float,
            inner: false,
        }
    }

    /// Shape of `value`.
    pub fn shape(&self, value: V) -> &[usize] {
        &self.values[value.0].shape
    }

    /// Dimensions of a matrix.
    pub fn matrix(&self, value: V) -> [usize; 2] {
        let shape = self.shape(value);
        assert_eq!(shape.len(), 2, "{} is no matrix", self.values[value.0].name);
        [shape[0], shape[1]]
    }

    /// Whether `value` holds floats, hence can have a gradient.
    pub fn is_float(&self, value: V) -> bool {
        self.values[value.0].element == self.float
    }

    /// The nodes in order of execution.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Number of values so far.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The integers of a constant, for rules that need indices.
    pub fn integers(&self, value: V) -> &[i64] {
        let constant = self.constants.iter().find(|(of, _)| *of == value);
        match constant.map(|(_, tensor)| &tensor.data) {
            Some(Data::I64(values)) => values,
            _ => panic!("{} is no integer constant", self.values[value.0].name),
        }
    }

    /// A float graph input.
    pub fn input(&mut self, name: &str, shape: &[usize]) -> V {
        let value = self.value(name, shape, self.float);
        self.inputs.push(value);
        value
    }

    /// An int64 graph input.
    pub fn ids(&mut self, name: &str, shape: &[usize]) -> V {
        let value = self.value(name, shape, DataType::Int64);
        self.inputs.push(value);
        value
    }

    /// An int32 graph input: what a model for the device takes.
    pub fn ids32(&mut self, name: &str, shape: &[usize]) -> V {
        let value = self.value(name, shape, DataType::Int32);
        self.inputs.push(value);
        value
    }

    /// A named float initializer: a weight of an exported model.
    pub fn weight(&mut self, name: &str, tensor: Tensor) -> V {
        let value = self.value(name, &tensor.shape, self.float);
        self.constants.push((value, tensor));
        value
    }

    /// A float constant.
    pub fn constant(&mut self, shape: &[usize], data: &[f32]) -> V {
        let name = format!("constant_{}", self.values.len());
        let tensor = match self.float {
            DataType::Double => Tensor::f64(shape, data.iter().map(|&x| f64::from(x)).collect()),
            _ => Tensor::f32(shape, data.to_vec()),
        };
        self.weight(&name, tensor)
    }

    /// A scalar constant.
    pub fn scalar(&mut self, value: f32) -> V {
        self.constant(&[], &[value])
    }

    /// A list of integers as a constant; equal lists are stored once.
    pub fn integer_list(&mut self, values: &[i64]) -> V {
        let same = self.constants.iter().find(
            |(_, tensor)| matches!(&tensor.data, Data::I64(data) if data == values && tensor.shape.len() == 1),
        );
        if let Some((value, _)) = same {
            return *value;
        }
        let name = format!("integers_{}", self.values.len());
        let value = self.value(&name, &[values.len()], DataType::Int64);
        self.constants
            .push((value, Tensor::i64(&[values.len()], values.to_vec())));
        value
    }

    /// Declares `value` an output called `name`.
    pub fn output(&mut self, value: V, name: &str) {
        self.outputs.push((value, name.into()));
    }

    /// Appends an operator with one output.
    pub fn op(
        &mut self,
        op: &'static str,
        inputs: &[V],
        attributes: Vec<AttributeProto>,
        shape: &[usize],
        element: DataType,
    ) -> V {
        self.op_many(op, inputs, attributes, &[(shape.to_vec(), element)])[0]
    }

    /// Appends an operator with several outputs.
    pub fn op_many(
        &mut self,
        op: &'static str,
        inputs: &[V],
        attributes: Vec<AttributeProto>,
        results: &[(Vec<usize>, DataType)],
    ) -> Vec<V> {
        let outputs: Vec<V> = results
            .iter()
            .map(|(shape, element)| {
                let name = format!("{}_{}", op.to_lowercase(), self.values.len());
                self.value(&name, shape, *element)
            })
            .collect();
        self.nodes.push(Node {
            op,
            inputs: inputs.to_vec(),
            outputs: outputs.clone(),
            attributes,
            role: if self.inner { Role::Inner } else { Role::Plain },
        });
        outputs
    }

    /// Builds a fused operator: `body` appends its nodes and returns its outputs, and `autodiff`
    /// sees one operator called `op` that reads `inputs`.
    pub fn fused(
        &mut self,
        op: &'static str,
        inputs: &[V],
        body: impl FnOnce(&mut Self) -> Vec<V>,
    ) -> Vec<V> {
        let outer = std::mem::replace(&mut self.inner, true);
        let outputs = body(self);
        self.inner = outer;
        self.nodes.push(Node {
            op,
            inputs: inputs.to_vec(),
            outputs: outputs.clone(),
            attributes: Vec::new(),
            role: Role::Fused,
        });
        outputs
    }

    fn value(&mut self, name: &str, shape: &[usize], element: DataType) -> V {
        self.values.push(Value {
            name: name.into(),
            shape: shape.to_vec(),
            element,
        });
        V(self.values.len() - 1)
    }
}
