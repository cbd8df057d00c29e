//! The models under test: the project's own, and the published ones where they are at hand.

use super::{geometries, grids};
use crate::need::root;
use std::path::{Path, PathBuf};

/// One model.
pub struct Model {
    /// How tables and recorded figures call it.
    pub name: &'static str,
    /// Its ONNX file.
    pub path: PathBuf,
    /// Range of its inputs: log-mel energies, MFCC, pixels (of `vww` beyond 0 to 1, where it sees no
    /// person in anything structured); integers where it takes integers.
    pub span: (f32, f32),
    /// Whether it comes quantised, int8 to int8.
    pub quantised: bool,
}

/// Makes a network for inputs in a span.
pub type Make = fn((f32, f32)) -> Vec<u8>;

/// Name of the own network, how it is made, the published file's name and its span.
pub const GEOMETRIES: [(&str, Make, &str, (f32, f32)); 4] = [
    ("own-ad", geometries::ad, "ad01_fp32", (-60.0, 20.0)),
    (
        "own-kws",
        geometries::kws,
        "kws_ref_model_float32",
        (-30.0, 30.0),
    ),
    (
        "own-resnet",
        geometries::resnet,
        "pretrainedResnet",
        (0.0, 255.0),
    ),
    ("own-vww", geometries::vww, "vww_96_float", (-2.0, 2.0)),
];
/// All of int8.
const INTEGERS: (f32, f32) = (-128.0, 127.0);

/// The own networks, written into `folder`.
pub fn own(folder: &Path) -> Vec<Model> {
    let write = |name: &'static str, bytes: Vec<u8>, span, quantised| {
        let path = folder.join(name).with_extension("onnx");
        std::fs::write(&path, bytes).expect("the folder is writable");
        Model {
            name,
            path,
            span,
            quantised,
        }
    };
    let float = GEOMETRIES.map(|(name, make, _, span)| write(name, make(span), span, false));
    let span = GEOMETRIES[1].3;
    let quantised = write("own-kws-qdq", grids::kws(span), INTEGERS, true);
    float.into_iter().chain([quantised]).collect()
}

/// The published models, from the folder `MLPERF_TINY` or from the usual place; the error says what
/// is missing.
pub fn published() -> Result<Vec<Model>, String> {
    let folder = std::env::var_os("MLPERF_TINY").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| root().join("../shared/models/mlperf-tiny"));
    let float = GEOMETRIES.map(|(_, _, name, span)| (name, span, false));
    let all = float.into_iter().chain([("kws_ref_model", INTEGERS, true)]);
    let models = all.map(|(name, span, quantised)| {
        let path = folder.join(name).with_extension("onnx");
        let model = Model {
            name,
            path,
            span,
            quantised,
        };
        match model.path.is_file() {
            true => Ok(model),
            false => Err(format!(
                "no {name}.onnx in MLPERF_TINY or shared/models/mlperf-tiny"
            )),
        }
    });
    models.collect()
}
