//! Pace 4: from real numbers to integers, one runtime operator at a time.
//!
//! Each file under `quantise/` lowers one operator, in integers and in floats: `--weights f32` and
//! `f16`, calibration and verification use the same code with a float [`Scheme`].

mod builder;
mod clip;
mod conv;
mod dense;
mod elementwise;
mod gate;
mod gather;
mod mean;
mod results;
mod scheme;
mod top_k;
mod transpose;
mod types;
mod weights;

pub use scheme::{Activations, Scheme, Weights};

use crate::calibrate::{Calibrated, Ranges};
use crate::error::{Error, Result};
use crate::graph::{Dtype, Graph, Node, Op};
use crate::program::Program;
pub(crate) use builder::Quantisation;

use builder::Builder;

/// A program in its final number formats.
pub struct Quantised(pub(crate) Program);

/// Lowers every function of the graph under `scheme`.
///
/// # Errors
/// Operators without a runtime form, all of them at once; shapes beyond the format.
pub fn quantise(calibrated: &Calibrated<'_>, scheme: Scheme) -> Result<Quantised> {
    let mut program = lower(calibrated.graph, scheme, &calibrated.ranges)?;
    program.noise_calibrated = calibrated.noise && !scheme.is_float();
    Ok(Quantised(program))
}

/// The graph in f32, for calibration and verification; needs no ranges.
pub(crate) fn float_program(graph: &Graph) -> Result<Program> {
    lower(graph, Scheme::FLOAT, &Ranges::default())
}

fn lower(graph: &Graph, scheme: Scheme, ranges: &Ranges) -> Result<Program> {
    refuse_unsupported(graph, scheme)?;
    let mut builder = Builder::new(graph, scheme, ranges);
    for function in &graph.functions {
        builder.begin(function)?;
        for index in graph.reach(function) {
            let node = &graph.nodes[index];
            lower_node(&mut builder, node).map_err(|error| match error.node() {
                Some(_) => error,
                None => error.at_node(&node.name),
            })?;
        }
        builder.finish(function)?;
    }
    Ok(builder.into_program())
}

/// The table of operators: one line each.
fn lower_node(builder: &mut Builder<'_>, node: &Node) -> Result<()> {
    match &node.op {
        Op::Dense { clamp } => dense::lower(builder, node, *clamp),
        Op::ConvNhwc { conv, clamp } => conv::lower(builder, node, conv, *clamp),
        Op::Gate => gate::lower(builder, node),
        Op::TopKDense { k } => top_k::lower(builder, node, *k),
        Op::Gather { .. } => gather::lower(builder, node),
        Op::Binary(kind) => elementwise::lower_binary(builder, node, *kind),
        Op::Unary(kind) => elementwise::lower_unary(builder, node, *kind),
        Op::Clip(clamp) => clip::lower(builder, node, *clamp),
        Op::Reduce { .. } => mean::lower(builder, node),
        Op::Transpose { permutation } => transpose::lower(builder, node, permutation),
        Op::Reshape { .. } => builder.view(node),
        _ => Err(unsupported(node)),
    }
}

/// Lists every node that no runtime operator computes, before any is lowered.
fn refuse_unsupported(graph: &Graph, scheme: Scheme) -> Result<()> {
    let mut refused = Vec::new();
    for node in &graph.nodes {
        if let Some(reason) = obstacle(graph, node, scheme) {
            refused.push(format!("{} `{}`: {reason}", node.op, node.name));
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    let count = match refused.len() {
        1 => "1 node has".to_owned(),
        count => format!("{count} nodes have"),
    };
    Err(Error::input(format!(
        "{count} no runtime operator yet:\n    {}",
        refused.join("\n    ")
    ))
    .hint("README.md lists the operators; change the export, or cut the graph before these nodes"))
}

/// Why a node cannot be lowered, if so.
fn obstacle(graph: &Graph, node: &Node, scheme: Scheme) -> Option<String> {
    let arithmetic = matches!(
        node.op,
        Op::Binary(_) | Op::Unary(_) | Op::Clip(_) | Op::Reduce { .. }
    );
    let dtype = graph.value(node.outputs[0]).dtype;
    if arithmetic && dtype != Dtype::F32 {
        return Some(format!("{} arithmetic, expected f32", dtype.name()));
    }
    match &node.op {
        Op::Gate | Op::Reshape { .. } | Op::Transpose { .. } | Op::Clip(_) => None,
        Op::Dense { .. } | Op::ConvNhwc { .. } => weights::obstacle(graph, node, scheme),
        Op::TopKDense { k } => top_k::obstacle(graph, node, *k, scheme),
        Op::Gather { axis } => gather::obstacle(graph, node, *axis),
        Op::Binary(kind) => elementwise::obstacle(graph, node, *kind),
        Op::Unary(kind) => elementwise::unary_obstacle(*kind),
        Op::Reduce { .. } => mean::obstacle(graph, node),
        _ => Some("not in the runtime".into()),
    }
}

fn unsupported(node: &Node) -> Error {
    Error::input(format!("{} has no runtime operator yet", node.op)).at_node(&node.name)
}
