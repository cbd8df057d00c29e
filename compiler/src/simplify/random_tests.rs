//! Random small graphs: whatever the passes make of them, outputs stay and passes come to rest.

use super::simplify;
use crate::testing::{assert_same_outputs, import, random};

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
