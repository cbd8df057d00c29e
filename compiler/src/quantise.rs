//! Pace 4: from real numbers to integers, one runtime operator at a time.
//!
//! Each file under `quantise/` lowers one operator, in integers and in floats: `--weights f32` and
//! `f16`, calibration and verification use the same code with a float [`Scheme`].

mod along;
mod arithmetic;
mod builder;
mod choose;
mod clip;
mod constants;
mod conv;
mod dense;
mod forms;
mod gate;
mod gather;
mod grid_input;
mod join;
mod movement;
mod nearest_plane;
mod pool;
mod products;
mod record;
mod reduce;
mod results;
mod rows;
mod scheme;
mod snap;
mod storage;
mod tables;
mod to_grid;
mod top_k;
mod types;
mod unary;
mod weights;

pub use scheme::{Activations, Formats, Scheme, Weights};
pub use storage::formats;

use crate::calibrate::{Calibrated, Ranges};
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, Op, ValueId};
use crate::program::Program;
pub(crate) use builder::Quantisation;
pub(crate) use storage::{packs, weights_of};

use builder::Builder;

/// A program in its final number formats.
pub struct Quantised(pub(crate) Program);

/// Lowers every function of the graph under `formats`.
///
/// # Errors
/// Operators without a runtime form, all of them at once; shapes beyond the format.
pub fn quantise(calibrated: &Calibrated<'_>, formats: &Formats) -> Result<Quantised> {
    let mut program = lower(calibrated.graph, formats, &calibrated.ranges)?;
    program.noise_calibrated = calibrated.noise && !formats.default.is_float();
    // Formats that all layers share are plain from the file's types.
    if !formats.layers.is_empty() {
        program.metadata.formats = Some(formats.to_text());
    }
    Ok(Quantised(program))
}

/// The graph in f32, for calibration and verification; needs no ranges.
pub(crate) fn float_program(graph: &Graph) -> Result<Program> {
    lower(graph, &Scheme::FLOAT.into(), &Ranges::default())
}

fn lower(graph: &Graph, formats: &Formats, ranges: &Ranges) -> Result<Program> {
    refuse_unsupported(graph, formats)?;
    let mut builder = Builder::new(graph, formats, ranges);
    if let Some(value) = ranges
        .infinite()
        .find(|&id| builder.is_stored_in_integers(id) && !is_of_lists(graph, id))
    {
        let name = &graph.value(value).name;
        return Err(Error::input(format!(
            "`{name}` becomes infinite on calibration samples, which no integers stand for"
        ))
        .hint("compile with --weights f16 or f32, or clip it in the model"));
    }
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
    tables::add(&mut builder, &graph.metadata)?;
    let program = builder.into_program();
    let steps: usize = program.functions.iter().map(|f| f.steps.len()).sum();
    match steps <= qibu::MAX_STEPS as usize {
        true => Ok(program),
        false => Err(Error::input(format!(
            "the model takes {steps} steps, a file holds {} at most",
            qibu::MAX_STEPS
        ))
        .hint("shorten the sequences that recurrent layers are unrolled for, or cut the model")),
    }
}

/// Whether `id` is the scores of lists: places that nobody fills hold the least score of their type.
fn is_of_lists(graph: &Graph, id: ValueId) -> bool {
    let node = graph.producer(id);
    node.is_some_and(|node| matches!(node.op, Op::TopKDense { line: Some(_), .. }))
}

/// The table of operators: one line each.
fn lower_node(builder: &mut Builder<'_>, node: &Node) -> Result<()> {
    match &node.op {
        Op::Dense { clamp } => dense::lower(builder, node, *clamp),
        Op::ConvNhwc { conv, clamp } => conv::lower(builder, node, conv, *clamp),
        Op::PoolNhwc(pool) => pool::lower(builder, node, pool),
        Op::Products => products::lower(builder, node),
        Op::Gate => gate::lower(builder, node),
        Op::TopKDense { line, .. } => top_k::lower(builder, node, *line),
        Op::Gather { axis } => gather::lower(builder, node, *axis),
        Op::Scatter(kind) => choose::scatter(builder, node, *kind),
        Op::Binary(kind) => arithmetic::lower(builder, node, *kind),
        Op::Unary(kind) => unary::lower(builder, node, *kind),
        Op::Clip(clamp) => clip::lower(builder, node, *clamp),
        Op::Snap(grid) => snap::lower(builder, node, grid),
        Op::Where => choose::choose(builder, node),
        Op::Cast { .. } => choose::cast(builder, node),
        Op::Reduce { kind, axes, .. } => reduce::lower(builder, node, *kind, axes),
        Op::Softmax { axis, log } => along::softmax(builder, node, *axis, *log),
        Op::CumSum(sum) => along::cum_sum(builder, node, *sum),
        Op::ArgMax(arg) => along::arg_max(builder, node, *arg),
        Op::TopK(top) => along::top_k(builder, node, *top),
        Op::Normalise(by) => along::normalise(builder, node, *by),
        Op::Concat { axis } => join::concat(builder, node, *axis),
        Op::Pad(pad) => join::pad(builder, node, pad),
        Op::Transpose { permutation } => movement::transpose(builder, node, permutation),
        Op::Slice {
            starts,
            lengths,
            steps,
        } => movement::slice(builder, node, starts, lengths, steps),
        Op::Split { axis, sizes } => movement::split(builder, node, *axis, sizes),
        Op::Expand { shape } => movement::expand(builder, node, shape),
        Op::Reshape { .. } | Op::Identity => builder.view(node),
        Op::Conv(_) | Op::Gemm(_) | Op::MatMul | Op::Pool(_) => Err(unsupported(node)),
        Op::FromGrid(grid) => grid_input::lower(builder, node, grid),
        Op::ToGrid(grid, _) => to_grid::lower(builder, node, grid),
    }
}

/// Lists every node that no runtime operator computes, before any is lowered.
fn refuse_unsupported(graph: &Graph, formats: &Formats) -> Result<()> {
    let mut refused = Vec::new();
    for node in &graph.nodes {
        if let Some(reason) = obstacle(graph, node, formats) {
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
fn obstacle(graph: &Graph, node: &Node, formats: &Formats) -> Option<String> {
    let scheme = formats.of(node);
    if node.outputs.iter().any(|&id| graph.shape(id).contains(&0)) {
        return Some("its result has no elements".into());
    }
    match &node.op {
        Op::Dense { .. } | Op::ConvNhwc { .. } | Op::TopKDense { .. } => {
            weights::obstacle(graph, node, scheme)
        }
        Op::Conv(_) | Op::Gemm(_) | Op::MatMul | Op::Pool(_) => {
            Some("its weights or bias are computed at run time".into())
        }
        _ => None,
    }
}

fn unsupported(node: &Node) -> Error {
    Error::input(format!("{} has no runtime operator yet", node.op)).at_node(&node.name)
}
