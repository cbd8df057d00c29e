//! Functions are backward slices of the graph: which nodes does a function need?

use super::{Function, Graph, Op, ValueId};
use crate::error::{Error, Result};
use std::collections::BTreeSet;

impl Graph {
    /// Indices of the nodes that `function` needs, in executable order.
    pub fn reach(&self, function: &Function) -> Vec<usize> {
        self.reach_values(&function.outputs)
    }

    /// The functions that have values of their own, lists of scores aside: what is measured of all values is
    /// measured of theirs.
    pub fn measured_functions(&self) -> Vec<&Function> {
        let is_list =
            |index: &usize| matches!(self.nodes[*index].op, Op::TopKDense { line: Some(_), .. });
        let mut kept: Vec<&Function> = Vec::new();
        for function in &self.functions {
            let (lists, rest): (Vec<usize>, Vec<usize>) =
                self.reach(function).into_iter().partition(is_list);
            let covers = |other: &&Function| {
                let known = self.reach(other);
                rest.iter().all(|index| known.contains(index))
            };
            if lists.is_empty() || !kept.iter().any(covers) {
                kept.push(function);
            }
        }
        kept
    }

    /// Indices of the nodes that `targets` need, in executable order.
    pub fn reach_values(&self, targets: &[ValueId]) -> Vec<usize> {
        let mut wanted: BTreeSet<ValueId> = targets.iter().copied().collect();
        let mut kept = Vec::new();
        for (index, node) in self.nodes.iter().enumerate().rev() {
            if node.outputs.iter().any(|id| wanted.contains(id)) {
                wanted.extend(node.inputs.iter().flatten());
                kept.push(index);
            }
        }
        kept.reverse();
        kept
    }

    /// Keeps the named functions, in the order given, and only what they reach.
    pub fn select_functions(&mut self, names: &[String]) -> Result<()> {
        let find = |name: &String| {
            let found = self.functions.iter().find(|f| f.name == *name);
            found.cloned().ok_or_else(|| {
                let known: Vec<_> = self.functions.iter().map(|f| f.name.as_str()).collect();
                Error::usage(format!("the model has no function `{name}`"))
                    .hint(format!("it has: {}", known.join(", ")))
            })
        };
        let mut chosen: Vec<Function> = Vec::new();
        for name in names {
            if !chosen.iter().any(|f| f.name == *name) {
                chosen.push(find(name)?);
            }
        }
        if chosen.is_empty() {
            return Err(Error::usage("no function is selected"));
        }
        self.functions = chosen;
        self.outputs = self.function_values(|f| &f.outputs);
        let arguments = self.function_values(|f| &f.inputs);
        self.inputs.retain(|id| arguments.contains(id));
        self.compact();
        Ok(())
    }

    /// Values that functions list, without repetition, in order of first mention.
    fn function_values(&self, list: impl Fn(&Function) -> &Vec<ValueId>) -> Vec<ValueId> {
        let mut ids: Vec<ValueId> = Vec::new();
        for &id in self.functions.iter().flat_map(list) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }
}
