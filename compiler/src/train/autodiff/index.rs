//! Gradient of looking up rows.

use super::super::graph::{Graph, Node, V};
use super::only;

/// Each looked-up row's gradient is added to its row of the table.
pub fn gather(
    graph: &mut Graph,
    node: &Node,
    incoming: &[Option<V>],
    _: &[bool],
) -> Vec<Option<V>> {
    let [table, ids] = [node.inputs[0], node.inputs[1]];
    let shape = graph.matrix(table);
    let count: usize = graph.shape(ids).iter().product();
    let rows = graph.reshape(only(incoming), &[count, shape[1]]);
    let ids = graph.reshape(ids, &[count]);
    let zeros = graph.zeros(&shape);
    vec![Some(graph.scatter_add(zeros, ids, rows)), None]
}
