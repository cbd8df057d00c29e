//! The whole objective's gradient against finite differences.

use super::super::recipe::Posterior;
use super::*;
use crate::engine::{Data, Session};
use crate::onnx::DataType;
use crate::train::autodiff;
use crate::train::lower::packing::Packing;
use crate::train::testing::engine_or_skip;
use prost::Message;

fn doubles(tensor: &Tensor) -> &[f64] {
    match &tensor.data {
        Data::F64(data) => data,
        _ => panic!("doubles in, doubles out"),
    }
}

#[test]
fn gradient_of_the_objective_equals_finite_differences() {
    if !engine_or_skip() {
        return;
    }
    let base = Recipe {
        embedding: 5,
        width: 6,
        latent: 4,
        ..Recipe::seed_model()
    };
    check(&base);
    check(&Recipe {
        posterior: Posterior::Flatten,
        free_bits: 0.01,
        head: 3,
        ..base.clone()
    });
    check(&Recipe {
        bn_gamma: 0.6,
        encoder_width: 5,
        decoder_layers: 2,
        ..base
    });
}

fn check(recipe: &Recipe) {
    const BATCH: usize = 4;
    const CHARACTERS: usize = 12;
    const STEP: f64 = 1e-5;
    let packing = Packing::of(&model::start(recipe, CHARACTERS));
    let mut graph = Graph::of(DataType::Double);
    let ids = graph.ids("ids", &[recipe.form * BATCH]);
    let noise = graph.input("noise", &[BATCH, recipe.latent]);
    let kl_weight = graph.input("kl_weight", &[1]);
    let (parameters, model) = packing.inputs(&mut graph);
    let loss = objective(&mut graph, recipe, &model, [ids, noise, kl_weight]);
    let small = parameters["small"];
    let slope = autodiff::gradients(&mut graph, loss.total, &[small]).unwrap()[0];
    graph.output(loss.total, "loss");
    graph.output(slope, "slope");
    let bytes = graph.to_model("test").encode_to_vec();
    let mut session = Session::load(&bytes, &Options::default()).unwrap();
    let mut random = Random::new(21, 4);
    let mut draw = |count: usize, limit: f32| -> Vec<f64> {
        (0..count)
            .map(|_| f64::from(random.symmetric(limit)))
            .collect()
    };
    let count = graph.shape(small)[0];
    let noise = draw(BATCH * recipe.latent, 1.5);
    let mut point = draw(count, 0.5);
    let ids: Vec<i64> = (0..recipe.form * BATCH)
        .map(|index| (index * index % CHARACTERS) as i64)
        .collect();
    let mut run = |point: &[f64]| {
        let feeds = [
            ("ids", Tensor::i64(&[ids.len()], ids.clone())),
            ("noise", Tensor::f64(&[BATCH, recipe.latent], noise.clone())),
            ("kl_weight", Tensor::f64(&[1], vec![0.7])),
            ("small", Tensor::f64(&[count], point.to_vec())),
        ];
        session.values(&feeds).unwrap()
    };
    let outputs = run(&point);
    let slope = doubles(&outputs[1]).to_vec();
    let mut moved = 0;
    for element in (0..count).step_by(count / 60) {
        let centre = point[element];
        point[element] = centre + STEP;
        let above = doubles(&run(&point)[0])[0];
        point[element] = centre - STEP;
        let below = doubles(&run(&point)[0])[0];
        point[element] = centre;
        let measured = (above - below) / (2.0 * STEP);
        moved += usize::from(measured.abs() > 1e-3);
        // Constants such as 0.6 enter the graph as 32-bit floats, alike in both computations.
        assert!(
            (measured - slope[element]).abs() <= 1e-6 * (1.0 + measured.abs()),
            "element {element}: {}, finite difference {measured}",
            slope[element]
        );
    }
    assert!(moved > 20, "only {moved} of the elements matter");
}
