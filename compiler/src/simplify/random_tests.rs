//! Random small graphs: whatever the passes make of them, outputs stay and passes come to rest.

use super::{PASSES, ROUNDS, simplify};
use crate::graph::{Graph, Tensor};
use crate::import::{ImportOptions, from_bytes};
use crate::testing::{assert_same_outputs, assert_same_outputs_on, import, random};
use qibu::random::Random;
use qibu_tests::random_graph::{Kind, RandomGraph, random_graph};
use std::collections::BTreeMap;

#[test]
fn outputs_of_random_graphs_do_not_change() {
    for seed in 0..600 {
        let before = import(random(seed));
        let after =
            simplify(before.clone()).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{before}"));
        println!(
            "seed {seed}: {} to {} nodes",
            before.nodes.len(),
            after.graph().nodes.len()
        );
        assert_same_outputs(&before, after.graph());
    }
}

/// Every single application of every pass, on graphs of all operators: outputs before and after.
///
/// ```text
/// for each round, for each pass that changes something: outputs before = outputs after
/// ```
#[test]
fn no_pass_changes_an_output_of_random_graphs() {
    let mut applied: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..400 {
        let source = random_graph(seed);
        let inputs = inputs(&source);
        let mut graph = from_bytes(&source.bytes(), None, &ImportOptions::default())
            .unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let mut moves = true;
        for round in 0.. {
            if !std::mem::take(&mut moves) {
                break;
            }
            assert!(round < ROUNDS, "seed {seed} comes to no rest\n{graph}");
            for (name, pass) in PASSES {
                let before = graph.clone();
                if !pass(&mut graph).unwrap_or_else(|e| panic!("seed {seed}, {name}: {e}")) {
                    continue;
                }
                graph.tidy();
                println!("seed {seed}, round {round}: {name}");
                assert_same_outputs_on(&inputs, &named(&before), &named(&graph));
                *applied.entry(name).or_default() += 1;
                moves = true;
            }
        }
    }
    println!("{applied:?}");
    // No random graph has empty values, grids, or a vocabulary before a TopK; import folds.
    let absent = [
        "drop_empty",
        "fold_constants",
        "fuse_top_k",
        "lower_grids",
        "raise_grids",
        "snap_pairs",
    ];
    for (name, _) in PASSES.iter().filter(|(name, _)| !absent.contains(name)) {
        assert!(
            applied.contains_key(name),
            "{name} is never applied: {applied:?}"
        );
    }
}

/// As it would be handed on.
fn named(graph: &Graph) -> Graph {
    let mut graph = graph.clone();
    graph.compact();
    graph.restore_names();
    graph
}

/// Seeded values within ±2 and indices in range.
fn inputs(graph: &RandomGraph) -> Vec<(String, Tensor)> {
    let mut random = Random::new(graph.seed);
    let tensor = |input: &qibu_tests::random_graph::Value| {
        let count: usize = input.shape.iter().product();
        let tensor = match input.kind {
            Kind::Index(below) => {
                let ids = (0..count).map(|_| (random.next_u32() as usize % below) as i64);
                Tensor::i64(&input.shape, ids.collect())
            }
            _ => {
                let floats = (0..count).map(|_| 4.0 * random.uniform() - 2.0);
                Tensor::f32(&input.shape, floats.collect())
            }
        };
        (input.name.clone(), tensor.unwrap())
    };
    graph.inputs.iter().map(tensor).collect()
}
