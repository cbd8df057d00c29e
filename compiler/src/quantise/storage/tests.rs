//! Which weights are stored how, by model and by scheme.

use super::formats;
use crate::aligned::AlignedBytes;
use crate::calibrate::{Input, Samples, calibrate, function, load_planned, outputs};
use crate::error::Result;
use crate::onnx::{DataType, attribute, node, tensor};
use crate::plan::plan;
use crate::quantise::{Scheme, quantise};
use crate::simplify::simplify;
use crate::target::Target;
use crate::testing::{F16, INT8, INT16, Model, import};
use crate::write::write;
use qibu::format::DType as Stored;
use qibu::random::Random;

/// Two tables, one of small numbers beside one of large ones, joined, and a convolution over both.
fn model(weights: &str) -> Model {
    let mut random = Random::new(4);
    let mut table =
        |scale: f32| -> Vec<f32> { (0..60 * 5).map(|_| scale * random.gaussian()).collect() };
    let (small, large) = (table(0.2), table(1.0));
    let axis = vec![attribute::int("axis", 2)];
    let turn = || vec![attribute::ints("perm", &[0, 2, 1])];
    Model::default()
        .input("ids", DataType::Int32, &[1, 8])
        .tensor(tensor::f32("small", &[60, 5], &small))
        .tensor(tensor::f32("large", &[60, 5], &large))
        .weights("kernel", &[4, 10, 3])
        .weights("bias", &[4])
        .op("Gather", &["small", "ids"], "s")
        .op("Gather", &["large", "ids"], "l")
        .node(node("Concat", &["s", "l"], &["joined"], axis))
        .node(node("Transpose", &["joined"], &["turned"], turn()))
        .op("Conv", &["turned", "kernel", "bias"], "y")
        .output("y")
        .property("qibu.weights", weights)
}

/// The file, the graph's formats applied, and its outputs on a few samples beside those of f32.
fn built(weights: &str, scheme: Scheme) -> Result<(AlignedBytes, f64)> {
    let simplified = simplify(import(model(weights)))?;
    let samples = Samples::noise();
    let calibrated = calibrate(&simplified, &samples, Default::default(), |_, _| {})?;
    let run = |formats: &crate::quantise::Formats| -> Result<(AlignedBytes, Vec<f32>)> {
        let planned = plan(quantise(&calibrated, formats)?, Target::Portable)?;
        let file = AlignedBytes::from(&write(&planned)?[..]);
        let model = load_planned(&planned, &file)?;
        let mut all = Vec::new();
        for sample in 0..8 {
            let ids = (0..8).map(|index| (sample * 13 + index * 7) % 60).collect();
            for output in outputs(function(&model, "main")?, &[Input::I32(ids)])? {
                if let Input::F32(values) = output {
                    all.extend(values);
                }
            }
        }
        Ok((file, all))
    };
    let (_, exact) = run(&Scheme::FLOAT.into())?;
    let (file, rough) = run(&formats(simplified.graph(), scheme)?)?;
    let pairs = exact.iter().zip(&rough);
    let noise: f64 = pairs
        .map(|(a, b)| f64::from(a - b) * f64::from(a - b))
        .sum();
    let signal: f64 = exact.iter().map(|a| f64::from(*a) * f64::from(*a)).sum();
    Ok((file, 10.0 * libm::log10(signal / noise)))
}

/// Types of the constants of rank 2 and more, in file order.
fn stored(file: &AlignedBytes) -> Vec<Stored> {
    let model = qibu::Model::load(file).unwrap();
    let tensors = (0..model.tensors() as u32).filter_map(|index| model.tensor(index));
    tensors
        .filter(|tensor| tensor.place() == qibu::format::Place::Weights && tensor.rank() > 1)
        .map(|tensor| tensor.dtype())
        .collect()
}

#[test]
fn single_initialisers_are_stored_as_the_model_says() {
    use Stored::{F16 as Half, I4, I8};
    for (weights, scheme, expected) in [
        ("{}", INT8, [I8, I8, I8]),
        (r#"{"large":"int4"}"#, INT8, [I8, I4, I8]),
        (r#"{"large":"int4"}"#, INT16, [I8, I4, I8]),
        (r#"{"kernel":"int4","small":"int4"}"#, INT8, [I4, I8, I4]),
        (r#"{"small":"f16"}"#, INT8, [Half, I8, I8]),
        // Floats are for all layers.
        (r#"{"large":"int4"}"#, F16, [Half, Half, Half]),
    ] {
        let (file, _) = built(weights, scheme).unwrap();
        assert_eq!(stored(&file), expected, "{weights}");
    }
}

/// A 4-bit table costs its own precision, not that of the tables beside it: sixteen steps between
/// its numbers are left for theirs.
#[test]
fn a_packed_table_leaves_its_neighbours_their_steps() {
    let (_, plain) = built("{}", INT8).unwrap();
    let (_, packed) = built(r#"{"small":"int4"}"#, INT8).unwrap();
    let (_, both) = built(r#"{"small":"int4","large":"int4"}"#, INT8).unwrap();
    assert!(plain > 35.0, "{plain}");
    // The small table holds a twenty-sixth of the energy, and 4 bits keep about 20 dB of it.
    assert!(packed > 30.0, "{packed}");
    assert!((16.0..packed).contains(&both), "{both}");
}

#[test]
fn names_without_weights_are_refused() {
    for (weights, expected) in [
        (r#"{"bias":"int4"}"#, "`bias` is no weights of a layer"),
        (r#"{"none":"int4"}"#, "no initialiser `none`"),
        (r#"{"small":"int3"}"#, "unknown format `int3`"),
    ] {
        let refusal = match crate::import::from_bytes(
            &model(weights).bytes(),
            None,
            &crate::import::ImportOptions::default(),
        ) {
            Err(error) => error.to_string(),
            Ok(_) => built(weights, INT8).err().unwrap().to_string(),
        };
        assert!(refusal.contains(expected), "{refusal}");
        assert!(refusal.contains("help: "), "{refusal}");
    }
}

#[test]
fn tables_along_other_axes_are_not_packed() {
    let axis = vec![attribute::int("axis", 1)];
    let model = Model::default()
        .input("ids", DataType::Int32, &[3])
        .weights("w", &[4, 9])
        .node(node("Gather", &["w", "ids"], &["y"], axis))
        .output("y")
        .property("qibu.weights", r#"{"w":"int4"}"#);
    let simplified = simplify(import(model)).unwrap();
    let error = formats(simplified.graph(), INT8).unwrap_err().to_string();
    assert!(error.contains("cannot be int4 in Gather"), "{error}");
    // By default it stays in 8 bits.
    let samples = Samples::noise();
    let calibrated = calibrate(&simplified, &samples, Default::default(), |_, _| {}).unwrap();
    let int4 = Scheme {
        weights: super::Weights::Int4,
        ..INT8
    };
    let planned = plan(
        quantise(&calibrated, &int4.into()).unwrap(),
        Target::Portable,
    )
    .unwrap();
    let file = AlignedBytes::from(&write(&planned).unwrap()[..]);
    assert_eq!(stored(&file), [Stored::I8]);
}
