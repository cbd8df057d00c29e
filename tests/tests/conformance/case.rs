//! One case of the suite: a folder with `model.onnx` and `test_data_set_*/{input,output}_*.pb`.

use super::values::{Array, Tolerance};
use prost::Message;
use qibu_compiler::onnx::{GraphProto, ModelProto, TensorProto};
use std::path::{Path, PathBuf};

/// A case, read.
pub struct Case {
    /// `suite/name`.
    pub name: String,
    /// The file as it is.
    pub bytes: Vec<u8>,
    /// The file, decoded.
    pub model: ModelProto,
    /// Inputs and expected outputs, one pair for each data set.
    pub sets: Vec<DataSet>,
    /// How exact real numbers must be.
    pub tolerance: Tolerance,
}

/// One pair of inputs and expected outputs, in the order in which the graph declares them; the
/// error names an element type that is no dense number, or says that it is no tensor.
pub struct DataSet {
    pub inputs: Vec<Result<(TensorProto, Array), String>>,
    pub outputs: Vec<Result<Array, String>>,
}

/// What stands in for the data of a sequence, an optional or a map.
pub const NO_TENSOR: &str = "sequence, optional or map";

impl Case {
    /// Reads the case in `folder`.
    pub fn read(suite: &str, folder: &Path) -> Self {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let bytes = read(&folder.join("model.onnx"));
        let model = ModelProto::decode(&bytes[..]).expect("the suite holds ONNX models");
        let graph = model.graph.clone().unwrap_or_default();
        let sets = sorted(folder)
            .into_iter()
            .filter(|path| path.is_dir())
            .map(|path| DataSet::read(&path, &graph))
            .collect();
        Self {
            name: format!("{suite}/{name}"),
            bytes,
            model,
            sets,
            tolerance: tolerance(folder),
        }
    }

    /// The graph.
    pub fn graph(&self) -> &GraphProto {
        self.model.graph.as_ref().expect("every model has a graph")
    }
}

impl DataSet {
    fn read(folder: &Path, graph: &GraphProto) -> Self {
        let tensor = |kind: &str, index: usize, is_tensor: bool| {
            let path = folder.join(format!("{kind}_{index}.pb"));
            path.exists().then(|| {
                if !is_tensor {
                    return Err(NO_TENSOR.to_owned());
                }
                let proto = TensorProto::decode(&read(&path)[..]).expect("a tensor is declared");
                Array::read(&proto).map(|array| (proto, array))
            })
        };
        let declared = |list: &[qibu_compiler::onnx::ValueInfoProto]| -> Vec<bool> {
            let tensor = |info: &qibu_compiler::onnx::ValueInfoProto| {
                let kind = info.r#type.as_ref();
                kind.is_some_and(|kind| kind.tensor_type.is_some())
            };
            list.iter().map(tensor).collect()
        };
        let inputs = declared(&graph.input).into_iter().enumerate();
        let outputs = declared(&graph.output).into_iter().enumerate();
        Self {
            inputs: inputs
                .map_while(|(index, is)| tensor("input", index, is))
                .collect(),
            outputs: outputs
                .map_while(|(index, is)| tensor("output", index, is))
                .map(|read| read.map(|(_, array)| array))
                .collect(),
        }
    }
}

/// Entries of a folder by name.
pub fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is readable");
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// ONNX's defaults (`onnx/backend/test/loader`), unless the case brings its own.
fn tolerance(folder: &Path) -> Tolerance {
    let text = std::fs::read_to_string(folder.join("data.json")).unwrap_or_default();
    let own: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let number = |key: &str, default: f64| own.get(key).and_then(|x| x.as_f64()).unwrap_or(default);
    Tolerance {
        relative: number("rtol", 1e-3),
        absolute: number("atol", 1e-7),
    }
}
