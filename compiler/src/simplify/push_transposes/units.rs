//! A transpose passes a reshape that only adds or removes axes of length 1.
//!
//! Before: `t = Transpose[0,2,1](x:[1,L,C])`, `y:[1,C,1,L] = Reshape(t)`.
//! After: `r:[1,L,1,C] = Reshape(x)`, `y = Transpose[0,3,2,1](r)`.

use super::{Producers, turned};
use crate::error::Result;
use crate::graph::{Graph, Op};

pub(super) fn push(graph: &mut Graph, producers: &Producers, index: usize) -> Result<bool> {
    let node = graph.nodes[index].clone();
    let Some(t) = node.input(0) else {
        return Ok(false);
    };
    let Some((x, turn)) = turned(graph, producers, t) else {
        return Ok(false);
    };
    let target = graph.shape(node.outputs[0]).to_vec();
    let Some((shape, permutation)) = passed(graph.shape(x), &turn, &target) else {
        return Ok(false);
    };
    let reshaped = graph.apply_one(Op::Reshape { shape }, &[Some(x)], &node.name)?;
    graph.nodes[index].op = Op::Transpose { permutation };
    graph.nodes[index].inputs = vec![Some(reshaped)];
    Ok(true)
}

/// Shape of the reshaped source and the transpose that then gives `target`.
///
/// Long axes keep the places that `target` has for long axes, in the order of the source.
fn passed(source: &[usize], turn: &[usize], target: &[usize]) -> Option<(Vec<usize>, Vec<usize>)> {
    // Long axes of the transposed operand, each as its axis of the source.
    let long: Vec<usize> = turn
        .iter()
        .copied()
        .filter(|&axis| source[axis] != 1)
        .collect();
    let places: Vec<usize> = (0..target.len())
        .filter(|&axis| target[axis] != 1)
        .collect();
    let lengths = long.iter().map(|&axis| source[axis]);
    if long.len() != places.len() || !lengths.eq(places.iter().map(|&axis| target[axis])) {
        return None;
    }
    let mut shape = target.to_vec();
    let mut permutation: Vec<usize> = (0..target.len()).collect();
    for (&axis, &place) in long.iter().zip(&places) {
        let rank = long.iter().filter(|&&other| other < axis).count();
        permutation[place] = places[rank];
        shape[places[rank]] = source[axis];
    }
    Some((shape, permutation))
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn units_come_and_go() {
        let (shape, turn) = passed(&[1, 5, 4], &[0, 2, 1], &[1, 4, 1, 5]).unwrap();
        assert_eq!((shape, turn), (vec![1, 5, 1, 4], vec![0, 3, 2, 1]));
        assert!(passed(&[1, 5, 4], &[0, 2, 1], &[1, 20]).is_none());
    }
}
