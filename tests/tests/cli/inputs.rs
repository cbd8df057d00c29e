//! A folder of good and bad files.

use prost::Message;
use qibu_compiler::compile::{Request, compile, compile_float_bytes};
use qibu_compiler::engine::Tensor;
use qibu_compiler::onnx::*;
use qibu_compiler::train::tagger;
use qibu_compiler::train::tensors::File;
use qibu_tests::sample::sample;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Two poems whose characters the sample model knows.
pub const CORPUS: &str = "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。\n\
    白日依山尽，黄河入海流。欲穷千里目，更上一层楼。\n";
/// A text for the tag model.
pub const TEXT: &str = "白日依山尽，黄河入海流。\n\n欲穷千里目，更上一层楼。\n";
/// Tones of some of them.
pub const TONES: &str = "白\tZ\n日\tZ\n依\tP\n山\tP\n尽\tZ\n流\tP\n楼\tP\n目\tZ\n晓\tZ\n鸟\tZ\n";

/// `inputs` → one Gemm with weights `values` → `y`, in a file of its own.
fn gemm(values: &[f32]) -> ModelProto {
    model(
        vec![node("Gemm", &["x", "w"], &["y"], vec![])],
        vec![tensor::f32("w", &[8, 4], values)],
    )
}

fn model(nodes: Vec<NodeProto>, weights: Vec<TensorProto>) -> ModelProto {
    ModelProto {
        ir_version: IR_VERSION,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPSET,
        }],
        graph: Some(GraphProto {
            node: nodes,
            initializer: weights,
            input: vec![value_info("x", DataType::Float, &[1, 8])],
            output: vec![value_info("y", DataType::Float, &[1, 4])],
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    }
}

/// A Gemm whose weights lie in `location`.
fn external(location: &str) -> ModelProto {
    let mut weights = tensor::f32("w", &[8, 4], &[]);
    weights.raw_data.clear();
    weights.data_location = DataLocation::External as i32;
    weights.external_data = vec![StringStringEntryProto {
        key: "location".into(),
        value: location.into(),
    }];
    model(
        vec![node("Gemm", &["x", "w"], &["y"], vec![])],
        vec![weights],
    )
}

fn samples(name: &str, shape: &[usize], fill: f32) -> Vec<u8> {
    let mut values: Vec<f32> = (0..shape.iter().product::<usize>())
        .map(|index| index as f32 % 7.0 - 3.0)
        .collect();
    values[9] = fill;
    let mut file = File::default();
    file.tensors.insert(name.into(), Tensor::f32(shape, values));
    file.to_bytes()
}

/// Weights without pattern.
fn weights() -> Vec<f32> {
    (0..32)
        .map(|index| (index * 37 % 64) as f32 / 32.0 - 1.0)
        .collect()
}

/// A little tag model, once without transitions, and texts for it.
fn tag_models(put: &dyn Fn(&str, &[u8])) {
    let whole = tagger::tiny(3);
    let mut bare = whole.clone();
    bare.metadata_props.retain(|entry| entry.key != "qibu.crf");
    let mut other = whole.clone();
    let labels = other
        .metadata_props
        .iter_mut()
        .find(|entry| entry.key == "qibu.labels");
    labels.expect("labels").value = "O B-X I-X B-Y".into();
    for (name, model) in [("tagger", whole), ("bare", bare), ("entities", other)] {
        let onnx = model.encode_to_vec();
        let file = compile_float_bytes(&onnx).expect("the tagger compiles");
        put(&format!("{name}.qibu"), &file);
        put(&format!("tag/{name}.onnx"), &onnx);
    }
    put("text.txt", TEXT.as_bytes());
    put("gold.txt", "白日 依 山 尽 ，\n黄河 入 海流\n".as_bytes());
    put("gold.tsv", "白\tB-X\n日\tI-X\n\n山\tO\n".as_bytes());
    put("ragged.tsv", "白\tB-X\n日\n".as_bytes());
    put("broken.txt", b"\xE7\x99\xBD\n\xE6\x97\xA5\xFF\n");
    put("cut.txt", b"\xE7\x99\xBD\n\xE6\x97");
    put("words.tsv", "白日\t3\n依山\n".as_bytes());
    put("words-weight.tsv", "白日\tx\n".as_bytes());
    put(
        "words-long.tsv",
        format!("a\n{}\n", "长".repeat(33)).as_bytes(),
    );
    put("words-twice.tsv", "a\t1\nb\na\t2\n".as_bytes());
    put(
        "long.txt",
        format!("白\n{}\n日\n", "山".repeat(1_000_001)).as_bytes(),
    );
}

/// A fresh folder with all of them.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        std::fs::write(path, bytes).expect("an input is written");
    };
    let file = sample();
    put("good.qibu", &file);
    put("short.qibu", &file[..file.len() - 100]);
    put("stub.qibu", &file[..20]);
    for (name, position) in [("head", 8), ("middle", file.len() / 3)] {
        let mut bytes = file.to_vec();
        bytes[position] ^= 4;
        put(&format!("flipped-{name}.qibu"), &bytes);
    }
    let mut bytes = file.to_vec();
    let last = bytes.iter().rposition(|&byte| byte != 0).expect("weights");
    bytes[last] ^= 4;
    put("flipped-weights.qibu", &bytes);
    put("foreign.qibu", b"GIF89a, a picture");
    put("empty", b"");
    put("old.qibu", b"QIBU, an older file");

    let good = gemm(&weights()).encode_to_vec();
    put("good.onnx", &good);
    put("short.onnx", &good[..good.len() / 2]);
    put("nan.onnx", &gemm(&[f32::NAN; 32]).encode_to_vec());
    put("infinite.onnx", &gemm(&[f32::INFINITY; 32]).encode_to_vec());
    let operators = ["NonMaxSuppression", "Unique", "StringNormalizer"];
    let chain = ["x", "first", "second", "third"];
    let mut nodes: Vec<NodeProto> = (0..3)
        .map(|index| {
            node(
                operators[index],
                &[chain[index]],
                &[chain[index + 1]],
                vec![],
            )
        })
        .collect();
    nodes.push(node("Gemm", &["third", "w"], &["y"], vec![]));
    let unsupported = model(nodes, vec![tensor::f32("w", &[8, 4], &weights())]);
    put("unsupported.onnx", &unsupported.encode_to_vec());
    let mut dynamic = gemm(&weights());
    let input = &mut dynamic.graph.as_mut().expect("a graph").input[0];
    input
        .r#type
        .as_mut()
        .and_then(|kind| kind.tensor_type.as_mut())
        .and_then(|kind| kind.shape.as_mut())
        .expect("a shape")
        .dim[0]
        .value = Some(Dimension::Parameter("batch".into()));
    put("dynamic.onnx", &dynamic.encode_to_vec());

    put("secret.bin", &[0; 128]);
    put(
        "external/up.onnx",
        &external("../secret.bin").encode_to_vec(),
    );
    let absolute = folder.path().join("secret.bin").display().to_string();
    put(
        "external/absolute.onnx",
        &external(&absolute).encode_to_vec(),
    );
    put("external/link.onnx", &external("link.bin").encode_to_vec());
    put("external/gone.onnx", &external("gone.bin").encode_to_vec());

    let request = Request::new(&folder.path().join("good.onnx"));
    let compiled = compile(&request, &mut |_, _, _| {}).expect("good.onnx compiles");
    put("compiled.qibu", &compiled.bytes);
    put("text.npz", b"not a zip archive");
    let mut whole = File::default();
    let ids = Tensor::i64(&[4, 1, 8], vec![1; 32]);
    whole.tensors.insert("x".into(), ids);
    put("samples-type.safetensors", &whole.to_bytes());
    put("samples.safetensors", &samples("x", &[4, 1, 8], 1.0));
    put("samples-name.safetensors", &samples("q", &[4, 1, 8], 1.0));
    put("samples-shape.safetensors", &samples("x", &[4, 1, 7], 1.0));
    put(
        "samples-nan.safetensors",
        &samples("x", &[4, 1, 8], f32::NAN),
    );
    put(
        "samples-huge.safetensors",
        &samples("x", &[4, 1, 8], 3.4e38),
    );

    tag_models(&put);
    put("corpus.txt", CORPUS.as_bytes());
    put("prose.txt", "七步成诗".as_bytes());
    put("latin1.txt", b"po\xE8me\n");
    put("tones.tsv", TONES.as_bytes());
    put("run/notes.txt", b"not to be lost");
    #[cfg(unix)]
    {
        let link = |to: &str, at: &str| {
            std::os::unix::fs::symlink(to, folder.path().join(at)).expect("a link is made");
        };
        link("../secret.bin", "external/link.bin");
        link("good.onnx", "link-to-model");
        let made = std::process::Command::new("mkfifo")
            .arg(folder.path().join("pipe"))
            .status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo runs");
    }
    folder
}

/// Every file below `folder` and its bytes; pipes and links by name.
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let kind = path.symlink_metadata().expect("its metadata").file_type();
        if kind.is_dir() {
            all.extend(contents(&path));
        }
        let bytes = match kind.is_file() {
            true => std::fs::read(&path).expect("its bytes"),
            false => Vec::new(),
        };
        all.insert(path, bytes);
    }
    all
}
