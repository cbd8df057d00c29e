//! What a parse function sees of its node: operands, attributes, and the graph to add to.

use crate::error::{Error, Result};
use crate::graph::{Binary, Dtype, Graph, Op, Tensor, Unary, Value, ValueId};
use crate::onnx::{AttributeProto, AttributeType, DataType, NodeProto};
use std::collections::BTreeSet;

/// One ONNX node on its way into the graph.
///
/// Attributes are read once each; [`Site::finish`] refuses a node with one that nobody asked
/// for, since an ignored attribute would be a silently wrong answer.
pub(super) struct Site<'a> {
    pub(super) graph: &'a mut Graph,
    proto: &'a NodeProto,
    inputs: Vec<Option<ValueId>>,
    codes: Vec<Option<i32>>,
    asked: BTreeSet<&'static str>,
    name: String,
    version: i64,
}

impl<'a> Site<'a> {
    pub(super) fn new(
        graph: &'a mut Graph,
        proto: &'a NodeProto,
        inputs: Vec<Option<ValueId>>,
        version: i64,
        codes: Vec<Option<i32>>,
    ) -> Self {
        Self {
            graph,
            name: super::check::label(proto),
            proto,
            inputs,
            codes,
            asked: BTreeSet::new(),
            version,
        }
    }

    /// Version of the operator set that gives the node its meaning.
    pub(super) fn version(&self) -> i64 {
        self.version
    }

    /// ONNX operator name.
    pub(super) fn op_type(&self) -> &'a str {
        &self.proto.op_type
    }

    /// How many results the node names.
    pub(super) fn output_count(&self) -> usize {
        self.proto.output.len()
    }

    /// All operands.
    pub(super) fn operands(&self) -> Vec<Option<ValueId>> {
        self.inputs.clone()
    }

    /// The operand at `index`, if present.
    pub(super) fn optional(&self, index: usize) -> Option<ValueId> {
        self.inputs.get(index).copied().flatten()
    }

    /// The operand at `index`.
    pub(super) fn input(&self, index: usize) -> Result<ValueId> {
        let missing = || Error::input(format!("operand {index} is missing"));
        self.optional(index).ok_or_else(missing)
    }

    /// The value of the operand at `index`: type and shape.
    pub(super) fn value(&self, index: usize) -> Result<&Value> {
        Ok(self.graph.value(self.input(index)?))
    }

    /// Shape of the operand at `index`.
    pub(super) fn shape(&self, index: usize) -> Result<Vec<usize>> {
        Ok(self.value(index)?.shape.clone())
    }

    /// The operand at `index`, which the compiled form needs to know: `None` if absent.
    pub(super) fn known(&self, index: usize, what: &str) -> Result<Option<&Tensor>> {
        let Some(id) = self.optional(index) else {
            return Ok(None);
        };
        match self.graph.constant(id) {
            Some(tensor) => Ok(Some(tensor)),
            None => Err(Error::input(format!(
                "{what} `{}` is computed at run time",
                self.graph.value(id).name
            ))
            .hint(format!("make {what} a constant; onnxsim often can"))),
        }
    }

    /// Integers of a known operand; `None` if absent.
    pub(super) fn known_ints(&self, index: usize, what: &str) -> Result<Option<Vec<i64>>> {
        match self.known(index, what)? {
            None => Ok(None),
            Some(tensor) => match tensor.to_i64() {
                Some(items) => Ok(Some(items)),
                None => Err(Error::input(format!("{what} is not a list of integers"))),
            },
        }
    }

    /// Adds a node of one result.
    pub(super) fn emit(&mut self, op: Op, inputs: &[Option<ValueId>]) -> Result<ValueId> {
        self.graph.apply_one(op, inputs, &self.name)
    }

    /// Adds a node of several results.
    pub(super) fn emit_all(&mut self, op: Op, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>> {
        self.graph.apply(op, inputs, &self.name)
    }

    /// Views an operand under another shape.
    pub(super) fn reshape(&mut self, id: ValueId, shape: Vec<usize>) -> Result<ValueId> {
        self.emit(Op::Reshape { shape }, &[Some(id)])
    }

    /// Adds an elementwise operator of two operands.
    pub(super) fn binary(&mut self, kind: Binary, a: ValueId, b: ValueId) -> Result<ValueId> {
        self.emit(Op::Binary(kind), &[Some(a), Some(b)])
    }

    /// Adds an elementwise operator of one operand.
    pub(super) fn unary(&mut self, kind: Unary, x: ValueId) -> Result<ValueId> {
        self.emit(Op::Unary(kind), &[Some(x)])
    }

    /// Converts a value, where it is not of that type already.
    pub(super) fn cast(&mut self, x: ValueId, to: Dtype) -> Result<ValueId> {
        if self.graph.value(x).dtype == to {
            return Ok(x);
        }
        self.emit(Op::Cast { to }, &[Some(x)])
    }

    /// A constant of any type whose elements are these integers.
    pub(super) fn integers(
        &mut self,
        dtype: Dtype,
        shape: &[usize],
        values: &[i64],
    ) -> Result<ValueId> {
        let tensor = Tensor::of(dtype, shape, values)?;
        Ok(self.constant(tensor))
    }

    /// A constant result.
    pub(super) fn constant(&mut self, tensor: Tensor) -> ValueId {
        self.graph.add_constant(&self.name, tensor)
    }

    /// Element type of the operand at `index`.
    pub(super) fn dtype(&self, index: usize) -> Result<Dtype> {
        Ok(self.value(index)?.dtype)
    }

    /// Element type of the operand at `index` as the file declares it, where it does: of inputs
    /// and constants.
    pub(super) fn declared(&self, index: usize) -> Option<DataType> {
        let code = self.codes.get(index).copied().flatten()?;
        DataType::try_from(code).ok()
    }

    /// The attribute called `name`, of the given type.
    pub(super) fn attribute(
        &mut self,
        name: &'static str,
        kind: AttributeType,
    ) -> Result<Option<&'a AttributeProto>> {
        self.asked.insert(name);
        let found = self.proto.attribute.iter().find(|a| a.name == name);
        match found {
            Some(a) if a.r#type != kind as i32 || !a.ref_attr_name.is_empty() => Err(Error::input(
                format!("attribute {name} has another type than {kind:?}"),
            )),
            found => Ok(found),
        }
    }

    /// An integer attribute or its default.
    pub(super) fn int(&mut self, name: &'static str, default: i64) -> Result<i64> {
        let found = self.attribute(name, AttributeType::Int)?;
        Ok(found.map_or(default, |a| a.i))
    }

    /// A float attribute or its default.
    pub(super) fn float(&mut self, name: &'static str, default: f32) -> Result<f32> {
        let found = self.attribute(name, AttributeType::Float)?;
        Ok(found.map_or(default, |a| a.f))
    }

    /// A list of integers, where given.
    pub(super) fn ints(&mut self, name: &'static str) -> Result<Option<Vec<i64>>> {
        let found = self.attribute(name, AttributeType::Ints)?;
        Ok(found.map(|a| a.ints.clone()))
    }

    /// A list of floats, where given.
    pub(super) fn floats(&mut self, name: &'static str) -> Result<Option<Vec<f32>>> {
        let found = self.attribute(name, AttributeType::Floats)?;
        Ok(found.map(|a| a.floats.clone()))
    }

    /// A list of integers that older operator sets give as an attribute and newer ones as the
    /// operand at `index`.
    pub(super) fn ints_or_known(
        &mut self,
        name: &'static str,
        index: usize,
    ) -> Result<Option<Vec<i64>>> {
        match self.ints(name)? {
            Some(list) => Ok(Some(list)),
            None => self.known_ints(index, name),
        }
    }

    /// A text attribute or its default.
    pub(super) fn text(&mut self, name: &'static str, default: &str) -> Result<String> {
        let found = self.attribute(name, AttributeType::String)?;
        Ok(found.map_or(default.into(), |a| {
            String::from_utf8_lossy(&a.s).into_owned()
        }))
    }

    /// Refuses attributes that the parse function did not ask for, and missing results.
    pub(super) fn finish(&self, outputs: Vec<ValueId>) -> Result<Vec<ValueId>> {
        let unknown = |a: &&AttributeProto| !self.asked.contains(a.name.as_str());
        if let Some(attribute) = self.proto.attribute.iter().find(unknown) {
            return Err(Error::input(format!(
                "attribute {} of {} is not supported",
                attribute.name, self.proto.op_type
            )));
        }
        let named = self.proto.output.iter().rposition(|name| !name.is_empty());
        if named.is_some_and(|last| last >= outputs.len()) {
            return Err(Error::input(format!(
                "{} names {} results, {} are supported",
                self.proto.op_type,
                self.proto.output.len(),
                outputs.len()
            )));
        }
        Ok(outputs)
    }
}

/// Resolves an axis that may count from the end.
pub(super) fn axis(axis: i64, rank: usize) -> Result<usize> {
    let wrapped = match i64::try_from(rank) {
        Ok(rank) if axis < 0 => axis.checked_add(rank),
        _ => Some(axis),
    };
    let index = wrapped.and_then(|axis| usize::try_from(axis).ok());
    index
        .filter(|&index| index < rank)
        .ok_or_else(|| Error::input(format!("axis {axis} of a tensor with {rank} axes")))
}

/// Resolves several axes: ascending, without repetition.
pub(super) fn axes(list: &[i64], rank: usize) -> Result<Vec<usize>> {
    let resolved: BTreeSet<usize> = list.iter().map(|&a| axis(a, rank)).collect::<Result<_>>()?;
    match resolved.len() == list.len() {
        true => Ok(resolved.into_iter().collect()),
        false => Err(Error::input(format!("axes {list:?} repeat one"))),
    }
}
