//! Pace 2: the same network in fewer, larger steps, channels last, with weights as the kernels
//! read them.
//!
//! Every pass is one file named after its effect. Passes run in the order of [`PASSES`] until
//! none changes anything. A pass may leave dead nodes and new nodes out of order:
//! [`Graph::tidy`] runs after each. A value that a pass computes in another way keeps its id, so
//! outputs keep their names.

mod absorb_transposes;
mod channels_last;
mod check;
mod drop_empty;
mod drop_identity;
mod fold_by_running;
mod fold_constants;
mod fuse_activation;
mod fuse_batch_norm;
mod fuse_bias;
mod fuse_gate;
mod fuse_padding;
mod fuse_top_k;
mod lower_arithmetic;
mod lower_dense;
mod lower_grids;
mod lower_products;
mod merge_reshapes;
mod permutation;
mod push_reshapes;
mod push_transposes;
mod raise_grids;
#[cfg(test)]
mod random_tests;
mod remove_dead;
mod share_constants;
mod share_nodes;
mod snap_pairs;
#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use crate::graph::Graph;

/// One rewriting of the graph; says whether it changed anything.
type Pass = fn(&mut Graph) -> Result<bool>;

/// The passes, in the order in which each round applies them.
const PASSES: &[(&str, Pass)] = &[
    ("fold_constants", fold_constants::run),
    ("fold_by_running", fold_by_running::run),
    ("drop_empty", drop_empty::run),
    ("drop_identity", drop_identity::run),
    ("raise_grids", raise_grids::run),
    ("snap_pairs", snap_pairs::run),
    ("lower_grids", lower_grids::run),
    ("fuse_gate", fuse_gate::run),
    ("fuse_padding", fuse_padding::run),
    ("lower_dense", lower_dense::run),
    ("lower_products", lower_products::run),
    ("channels_last", channels_last::run),
    ("push_transposes", push_transposes::run),
    ("absorb_transposes", absorb_transposes::run),
    ("push_reshapes", push_reshapes::run),
    ("merge_reshapes", merge_reshapes::run),
    ("share_nodes", share_nodes::run),
    ("fuse_bias", fuse_bias::run),
    ("fuse_batch_norm", fuse_batch_norm::run),
    ("lower_arithmetic", lower_arithmetic::run),
    ("fuse_activation", fuse_activation::run),
    ("fuse_top_k", fuse_top_k::run),
    ("share_constants", share_constants::run),
    ("remove_dead", remove_dead::run),
];

/// Rounds after which a graph must have come to rest; each moves a transpose by one node at
/// least, so this bounds the depth through which one can be pushed.
const ROUNDS: usize = 500;

/// A graph that has been through all passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Simplified(Graph);

impl Simplified {
    /// The graph, in the form that the second half of [`Op`](crate::graph::Op) describes.
    pub fn graph(&self) -> &Graph {
        &self.0
    }

    /// A simplified graph whose constants have changed, but no operator.
    pub(crate) fn rescaled(mut graph: Graph) -> Self {
        graph.compact();
        graph.restore_names();
        Self(graph)
    }

    /// A simplified graph with a function more, of operators that no pass changes.
    pub(crate) fn extended(mut graph: Graph) -> Self {
        graph.compact();
        Self(graph)
    }

    /// Gives the graph up.
    pub fn into_graph(self) -> Graph {
        self.0
    }
}

/// Applies all passes until none changes anything, then checks that what is left can be planned.
pub fn simplify(mut graph: Graph) -> Result<Simplified> {
    for _ in 0..ROUNDS {
        if !round(&mut graph)? {
            graph.compact();
            graph.restore_names();
            check::lowered(&graph)?;
            return Ok(Simplified(graph));
        }
    }
    Err(Error::input(format!(
        "the passes still change the graph after {ROUNDS} rounds"
    ))
    .hint("please report this model: passes must come to rest"))
}

fn round(graph: &mut Graph) -> Result<bool> {
    let mut changed = false;
    for (_, pass) in PASSES {
        if pass(graph)? {
            graph.tidy();
            changed = true;
        }
    }
    Ok(changed)
}
