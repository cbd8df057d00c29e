//! Everything that stands in the way of a model, in one error.
//!
//! ```text
//! for each node in order:
//!     refused by its operator alone              → noted
//!     reads what a refused node was to produce   → cannot be judged, and is passed over
//!     refused when it is parsed                  → noted
//! ```

use super::{Builder, check};
use crate::error::{Error, ErrorKind, Result};
use crate::onnx::NodeProto;
use std::collections::{BTreeMap, BTreeSet};

/// Most nodes that an error lists.
const SHOWN: usize = 50;

/// Parses `nodes`; `refused` are those that no operands could save.
pub(super) fn parse(
    builder: &mut Builder,
    nodes: &[&NodeProto],
    mut refused: BTreeMap<usize, Error>,
) -> Result<()> {
    let mut lost: BTreeSet<&str> = BTreeSet::new();
    let by_operator = !refused.is_empty();
    for (index, node) in nodes.iter().enumerate() {
        let known = refused.contains_key(&index);
        let fails = known || node.input.iter().any(|name| lost.contains(name.as_str()));
        let parsed = match fails {
            true => None,
            false => Some(builder.node(node)),
        };
        match parsed {
            Some(Ok(())) => continue,
            Some(Err(error)) if error.kind() != ErrorKind::Input => return Err(error),
            Some(Err(error)) => {
                refused.insert(index, error);
            }
            None => {}
        }
        let results = node.output.iter().map(String::as_str);
        lost.extend(results.filter(|name| !name.is_empty()));
    }
    match refused.len() {
        0 => Ok(()),
        // One form that is not supported says itself where it is and what to do.
        1 if !by_operator => refused.pop_first().map_or(Ok(()), |(_, error)| Err(error)),
        _ => Err(together(nodes, &refused)),
    }
}

fn together(nodes: &[&NodeProto], refused: &BTreeMap<usize, Error>) -> Error {
    let mut lines: Vec<String> = Vec::new();
    for (&index, error) in refused.iter().take(SHOWN) {
        let node = nodes[index];
        let mut line = format!(
            "{} ({}): {}",
            check::label(node),
            node.op_type,
            error.message()
        );
        if let Some(remedy) = error.remedy() {
            line += &format!("; {remedy}");
        }
        lines.push(line.replace('\n', " "));
    }
    if refused.len() > SHOWN {
        lines.push(format!("and {} more", refused.len() - SHOWN));
    }
    let count = match refused.len() {
        1 => "1 node is".to_owned(),
        count => format!("{count} nodes are"),
    };
    let error = Error::input(format!(
        "{count} not supported:\n    {}",
        lines.join("\n    ")
    ));
    error.hint("README.md lists the operators with what each becomes")
}
