//! The outermost layer: is this an ONNX file, and of a version that is understood?

use crate::error::{Error, Result};
use crate::onnx::ModelProto;
use prost::Message;

/// Oldest operator set whose attributes the parse functions know.
const OLDEST: i64 = 1;
/// Newest operator set whose changes they follow.
const NEWEST: i64 = 27;

pub(super) fn not_onnx() -> Error {
    Error::input("not an ONNX file").hint("export the model as .onnx (protobuf) and give that file")
}

/// Decodes the file and checks its versions.
///
/// Where an attribute became an operand, the parse functions take either; the few operators whose
/// meaning changed ask for the [`version`].
pub(super) fn decode(bytes: &[u8]) -> Result<ModelProto> {
    let model = ModelProto::decode(bytes).map_err(|_| not_onnx())?;
    if model.graph.is_none() || model.ir_version <= 0 {
        return Err(not_onnx());
    }
    if let Some(function) = model.functions.first() {
        return Err(Error::input(format!(
            "model-local function `{}` is not supported",
            function.name
        ))
        .hint("inline it, e.g. with onnx.inliner.inline_local_functions"));
    }
    check_operator_set(&model)?;
    Ok(model)
}

/// Version of the standard operator set; 0 where none is imported.
pub(super) fn version(model: &ModelProto) -> i64 {
    let standard = |domain: &str| domain.is_empty() || domain == "ai.onnx";
    let sets = &model.opset_import;
    let found = sets.iter().find(|set| standard(&set.domain));
    found.map_or(0, |set| set.version)
}

fn check_operator_set(model: &ModelProto) -> Result<()> {
    let version = version(model);
    if version == 0 {
        return Err(Error::input(
            "the file imports no standard operator set (ai.onnx)",
        ));
    }
    if (OLDEST..=NEWEST).contains(&version) {
        return Ok(());
    }
    Err(Error::input(format!(
        "operator set {version}; {OLDEST} to {NEWEST} are supported"
    ))
    .hint("convert the model, e.g. onnx.version_converter.convert_version(model, 18)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::{FunctionProto, GraphProto, OperatorSetIdProto};

    fn model(version: i64) -> ModelProto {
        ModelProto {
            ir_version: 8,
            graph: Some(GraphProto::default()),
            opset_import: vec![OperatorSetIdProto {
                domain: String::new(),
                version,
            }],
            ..ModelProto::default()
        }
    }

    #[test]
    fn foreign_and_empty_files_are_no_onnx() {
        for bytes in [&b"PK\x03\x04 zip"[..], b"", b"\x08\x08", b"hello"] {
            assert!(decode(bytes).is_err());
        }
    }

    #[test]
    fn versions_outside_the_range_are_named() {
        assert!(decode(&model(18).encode_to_vec()).is_ok());
        for version in [28, -1] {
            let error = decode(&model(version).encode_to_vec()).unwrap_err();
            assert!(error.to_string().contains("1 to 27"), "{error}");
        }
    }

    #[test]
    fn local_functions_are_refused() {
        let mut model = model(18);
        model.functions.push(FunctionProto {
            name: "mine".into(),
            domain: "local".into(),
        });
        let error = decode(&model.encode_to_vec()).unwrap_err();
        assert!(error.to_string().contains("`mine`"));
    }
}
