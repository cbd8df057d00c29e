//! The tagger in the form that trains fast: the same scores, from time-major matrices.

use super::super::graph::{Graph, V};
use super::super::lower::valid;
use super::super::weights::Handles;
use super::recipe::Recipe;

/// Where a training step zeroes channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// Characters' embeddings.
    Characters,
    /// Pairs' embeddings.
    Pairs,
    /// Outputs of a layer.
    Layer(usize),
}

/// Scores `[T·B, tags]` of `batch` rows from ids `[(T+2R)·B]` and pair ids `[(T+2R−1)·B]`; `noise`
/// gets to change what flows at each [`Site`].
pub fn emissions(
    graph: &mut Graph,
    recipe: &Recipe,
    weights: &Handles,
    [ids, pairs]: [V; 2],
    batch: usize,
    noise: &mut impl FnMut(&mut Graph, V, Site) -> V,
) -> V {
    let looked_up = graph.gather(weights["character_table"], ids);
    let mut x = noise(graph, looked_up, Site::Characters);
    if recipe.has_pairs() {
        let inner = graph.matrix(x)[0] - 2 * batch;
        let looked_up = graph.gather(weights["pair_table"], pairs);
        let looked_up = noise(graph, looked_up, Site::Pairs);
        let mut parts = vec![graph.slice(x, 0, batch, batch + inner)];
        for side in 0..recipe.pair_sides {
            let from = side * batch;
            parts.push(graph.slice(looked_up, 0, from, from + inner));
        }
        x = graph.concat(&parts, 1);
    }
    for (number, layer) in recipe.layers.iter().enumerate() {
        let [weight, bias] =
            ["weight", "bias"].map(|part| weights[&format!("layers.{number}.{part}")]);
        let window = valid::window(graph, x, batch, layer.kernel, layer.dilation);
        let all = graph.dense(window, weight, bias);
        let mut y = match layer.gated {
            false => graph.relu(all),
            true => {
                let halves = graph.split(all, 1, &[layer.width, layer.width]);
                let open = graph.sigmoid(halves[1]);
                graph.mul(halves[0], open)
            }
        };
        if layer.residual {
            let middle = valid::middle(graph, x, batch, layer.reach());
            y = graph.add(y, middle);
        }
        x = noise(graph, y, Site::Layer(number));
    }
    graph.dense(x, weights["emissions.weight"], weights["emissions.bias"])
}

#[cfg(test)]
mod tests {
    use super::super::model::{self, Sizes};
    use super::super::recipe::Layer;
    use super::*;
    use crate::engine::{Options, Session, Tensor};
    use crate::train::lower::packing;
    use crate::train::random::Random;
    use crate::train::testing::engine_or_skip;
    use crate::train::weights;
    use prost::Message;

    const SIZES: Sizes = Sizes {
        characters: 30,
        pairs: 20,
        tags: 5,
    };

    #[test]
    fn equals_the_plain_form() {
        if !engine_or_skip() {
            return;
        }
        let wide = Layer {
            width: 12,
            kernel: 5,
            ..Layer::default()
        };
        let gated = Layer {
            kernel: 3,
            dilation: 2,
            gated: true,
            residual: true,
            ..wide
        };
        let point = Layer {
            kernel: 1,
            gated: true,
            width: 7,
            ..wide
        };
        for (pair_embedding, pair_sides, layers) in [
            (0, 2, vec![wide, gated]),
            (3, 1, vec![gated, point]),
            (4, 2, vec![wide, point, wide]),
        ] {
            let mut recipe = Recipe {
                embedding: 9,
                pair_embedding,
                pair_sides,
                layers,
                window: 6,
                ..Recipe::seed_model()
            };
            if recipe.layers[0].residual {
                recipe.layers[0].width = recipe.features();
            }
            compare(&recipe);
        }
    }

    fn compare(recipe: &Recipe) {
        const BATCH: usize = 3;
        let mut random = Random::new(5, 6);
        let mut weights = weights::draw(model::parameters(recipe, SIZES), 1);
        for tensor in weights.values_mut() {
            if let crate::engine::Data::F32(data) = &mut tensor.data {
                data.iter_mut()
                    .for_each(|value| *value += random.symmetric(0.1));
            }
        }
        let length = recipe.window + 2 * recipe.reach();
        let mut draw = |count: usize, below: usize| -> Vec<i64> {
            (0..count)
                .map(|_| i64::from(random.below(below as u32)))
                .collect()
        };
        let ids = draw(length * BATCH, SIZES.characters + 2);
        let pairs = draw((length - 1) * BATCH, SIZES.pairs + 1);
        let run = |graph: &Graph, ids: Vec<i64>, pairs: Vec<i64>, shapes: [Vec<usize>; 2]| {
            let bytes = graph.to_model("test").encode_to_vec();
            let mut session = Session::load(&bytes, &Options::default()).unwrap();
            let mut feeds = vec![("ids", Tensor::i64(&shapes[0], ids))];
            if recipe.has_pairs() {
                feeds.push(("pairs", Tensor::i64(&shapes[1], pairs)));
            }
            let scores = session.values(&feeds).unwrap().remove(0);
            scores.as_f32("scores").unwrap().to_vec()
        };

        let mut graph = Graph::new();
        let inputs = [
            graph.ids("ids", &[length * BATCH]),
            graph.ids("pairs", &[(length - 1) * BATCH]),
        ];
        let handles = packing::constants(&mut graph, &weights);
        let mut quiet = |_: &mut Graph, x: V, _: Site| x;
        let scores = emissions(&mut graph, recipe, &handles, inputs, BATCH, &mut quiet);
        graph.output(scores, "scores");
        let shapes = [vec![length * BATCH], vec![(length - 1) * BATCH]];
        let lowered = run(&graph, ids.clone(), pairs.clone(), shapes);
        for lane in 0..BATCH {
            let own = |all: &[i64]| all.iter().skip(lane).step_by(BATCH).copied().collect();
            let mut graph = Graph::new();
            let x = graph.ids("ids", &[1, length]);
            let y = recipe
                .has_pairs()
                .then(|| graph.ids("pairs", &[1, length - 1]));
            let handles = weights::constants(&mut graph, &weights);
            let scores = model::emissions(&mut graph, recipe, &handles, x, y);
            graph.output(scores, "scores");
            let shapes = [vec![1, length], vec![1, length - 1]];
            let plain = run(&graph, own(&ids), own(&pairs), shapes);
            assert_eq!(plain.len(), recipe.window * SIZES.tags);
            for (at, plain) in plain.iter().enumerate() {
                let [position, tag] = [at / SIZES.tags, at % SIZES.tags];
                let lowered = lowered[(position * BATCH + lane) * SIZES.tags + tag];
                assert!((plain - lowered).abs() <= 1e-5, "{plain} and {lowered}");
            }
        }
    }
}
