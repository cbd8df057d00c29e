//! Samples of every type of input.

use super::{Input, Samples};
use crate::graph::{Dtype, Function, Graph};
use ndarray::Array2;
use ndarray_npy::NpzWriter;
use std::path::PathBuf;

/// A graph of inputs alone: truth values, bytes, words.
fn inputs() -> (Graph, Function) {
    let mut graph = Graph::default();
    for (name, dtype) in [
        ("truth", Dtype::Bool),
        ("byte", Dtype::U8),
        ("word", Dtype::I64),
    ] {
        let id = graph.add_value(name, dtype, vec![1, 2]);
        graph.inputs.push(id);
    }
    let function = Function {
        name: "main".into(),
        inputs: graph.inputs.clone(),
        outputs: Vec::new(),
    };
    (graph, function)
}

/// Two samples of two elements each in a file; `byte` holds `largest`, once.
fn npz(folder: &tempfile::TempDir, truths_as_bytes: bool, largest: i32) -> PathBuf {
    let path = folder.path().join("samples.npz");
    let mut file = NpzWriter::new(std::fs::File::create(&path).unwrap());
    let truths = Array2::from_shape_vec((2, 2), vec![true, false, false, true]).unwrap();
    if truths_as_bytes {
        file.add_array("truth", &truths.mapv(u8::from)).unwrap();
    } else {
        file.add_array("truth", &truths).unwrap();
    }
    let bytes = Array2::from_shape_vec((2, 2), vec![0, largest, 7, 8]).unwrap();
    file.add_array("byte", &bytes).unwrap();
    let words = Array2::from_shape_vec((2, 2), vec![-5i64, 6, 7, 8]).unwrap();
    file.add_array("word", &words).unwrap();
    file.finish().unwrap();
    path
}

#[test]
fn truth_values_and_integers_come_from_npz() {
    let (graph, function) = inputs();
    let folder = tempfile::tempdir().unwrap();
    for truths_as_bytes in [false, true] {
        let samples = Samples::read(&npz(&folder, truths_as_bytes, 255)).unwrap();
        assert_eq!(samples.count(), 2);
        let expected = [
            Input::Bool(vec![true, false]),
            Input::I32(vec![0, 255]),
            Input::I32(vec![-5, 6]),
        ];
        assert_eq!(samples.inputs(&graph, &function, 0).unwrap(), expected);
    }
    let beyond = Samples::read(&npz(&folder, true, 256)).unwrap();
    let error = beyond.inputs(&graph, &function, 0).unwrap_err().to_string();
    assert!(
        error.contains("`byte` has an integer outside 0 to 255"),
        "{error}"
    );
    assert!(beyond.inputs(&graph, &function, 1).is_ok());
}

#[test]
fn a_truth_value_is_zero_or_one() {
    let (mut graph, function) = inputs();
    let folder = tempfile::tempdir().unwrap();
    let samples = Samples::read(&npz(&folder, true, 2)).unwrap();
    let byte = graph.find("byte").unwrap();
    graph.values[byte.0].dtype = Dtype::Bool;
    let error = samples
        .inputs(&graph, &function, 0)
        .unwrap_err()
        .to_string();
    assert!(error.contains("other than 0 and 1"), "{error}");
    graph.values[byte.0].dtype = Dtype::F32;
    let error = samples
        .inputs(&graph, &function, 0)
        .unwrap_err()
        .to_string();
    assert!(error.contains("wrong element type"), "{error}");
}

#[test]
fn noise_of_every_type_is_seeded_and_comes_in_two_lots() {
    let (graph, function) = inputs();
    let lot = |samples: &Samples| -> Vec<Vec<Input>> {
        let all = 0..samples.count();
        all.map(|number| samples.inputs(&graph, &function, number).unwrap())
            .collect()
    };
    let (first, other) = (lot(&Samples::noise()), lot(&Samples::other_noise()));
    assert_eq!(first, lot(&Samples::noise()));
    let mut truths = [0; 2];
    for sample in first.iter().chain(&other) {
        let [Input::Bool(truth), Input::I32(byte), Input::I32(_)] = &sample[..] else {
            panic!("{sample:?}");
        };
        truth
            .iter()
            .for_each(|&truth| truths[usize::from(truth)] += 1);
        assert!(byte.iter().all(|byte| (0..256).contains(byte)));
    }
    assert!(truths.iter().all(|&count| count > 64), "{truths:?}");
    assert!(first.iter().all(|sample| !other.contains(sample)));
}
