//! Small ONNX models, built by hand with seeded weights.

use crate::onnx::{
    DataType, GraphProto, IR_VERSION, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    ValueInfoProto, attribute, node, tensor, value_info,
};
use prost::Message;

/// A model under construction.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) graph: GraphProto,
    pub(crate) metadata: Vec<(String, String)>,
    seed: u32,
    version: Option<i64>,
}

impl Model {
    /// Of another operator set than 18.
    pub(crate) fn operator_set(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }

    pub(crate) fn input(mut self, name: &str, dtype: DataType, shape: &[usize]) -> Self {
        self.graph.input.push(value_info(name, dtype, shape));
        self
    }

    /// An output whose shape the file does not declare.
    pub(crate) fn output(mut self, name: &str) -> Self {
        self.graph.output.push(ValueInfoProto {
            name: name.into(),
            ..ValueInfoProto::default()
        });
        self
    }

    pub(crate) fn node(mut self, node: NodeProto) -> Self {
        self.graph.node.push(node);
        self
    }

    /// A node without attributes.
    pub(crate) fn op(self, kind: &str, inputs: &[&str], output: &str) -> Self {
        self.node(node(kind, inputs, &[output], vec![]))
    }

    pub(crate) fn tensor(mut self, tensor: TensorProto) -> Self {
        self.graph.initializer.push(tensor);
        self
    }

    /// Seeded weights between −0.5 and 0.5.
    pub(crate) fn weights(mut self, name: &str, shape: &[usize]) -> Self {
        let values = noise(&mut self.seed, shape.iter().product());
        self.tensor(tensor::f32(name, shape, &values))
    }

    pub(crate) fn ints(self, name: &str, values: &[i64]) -> Self {
        self.tensor(tensor::i64(name, &[values.len()], values))
    }

    pub(crate) fn property(mut self, key: &str, value: &str) -> Self {
        self.metadata.push((key.into(), value.into()));
        self
    }

    pub(crate) fn proto(self) -> ModelProto {
        ModelProto {
            ir_version: IR_VERSION,
            opset_import: vec![OperatorSetIdProto {
                domain: String::new(),
                version: self.version.unwrap_or(18),
            }],
            metadata_props: self.metadata.into_iter().map(Into::into).collect(),
            graph: Some(self.graph),
            ..ModelProto::default()
        }
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.proto().encode_to_vec()
    }

    /// Two convolutions and a gate with residual: `a·σ(b) + x`.
    pub(crate) fn gated(self, x: &str, out: &str, channels: usize) -> Self {
        let conv = |inputs: &[&str], output: &str| {
            let attributes = vec![
                attribute::ints("kernel_shape", &[3]),
                attribute::ints("pads", &[1, 1]),
            ];
            node("Conv", inputs, &[output], attributes)
        };
        let name = |part: &str| format!("{out}.{part}");
        let (aw, ab, bw, bb) = (name("aw"), name("ab"), name("bw"), name("bb"));
        let (a, b, s, m) = (name("a"), name("b"), name("s"), name("m"));
        self.weights(&aw, &[channels, channels, 3])
            .weights(&ab, &[channels])
            .weights(&bw, &[channels, channels, 3])
            .weights(&bb, &[channels])
            .node(conv(&[x, &aw, &ab], &a))
            .node(conv(&[x, &bw, &bb], &b))
            .op("Sigmoid", &[&b], &s)
            .op("Mul", &[&a, &s], &m)
            .op("Add", &[&m, x], out)
    }
}

/// Deterministic values between −0.5 and 0.5.
pub(crate) fn noise(seed: &mut u32, count: usize) -> Vec<f32> {
    let mut next = || {
        *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (*seed >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..count).map(|_| next()).collect()
}

/// A poem model as the trainer writes it, small: 7 characters, 5 positions, width 4, k 3.
pub(crate) fn poem(flatten: bool) -> Model {
    let turned = || vec![attribute::ints("perm", &[0, 2, 1])];
    let functions = r#"{"generate": {"inputs": ["z"], "outputs": ["top_scores", "top_ids"]},
        "score": {"inputs": ["z"], "outputs": ["logits"]},
        "encode": {"inputs": ["ids"], "outputs": ["mean", "logvar"]}}"#;
    let mut model = Model::default()
        .input("ids", DataType::Int64, &[1, 5])
        .input("z", DataType::Float, &[1, 6])
        .property("qibu.functions", functions)
        .property("qibu.vocab", "春江花月夜山水")
        .weights("table", &[7, 4])
        .op("Gather", &["table", "ids"], "embedded")
        .node(node("Transpose", &["embedded"], &["e0"], turned()))
        .gated("e0", "e1", 4)
        .gated("e1", "e2", 4);
    model = if flatten {
        model
            .node(node("Transpose", &["e2"], &["rows"], turned()))
            .ints("flat", &[1, 20])
            .op("Reshape", &["rows", "flat"], "pooled")
    } else {
        let axes = vec![attribute::int("keepdims", 0)];
        let inputs = ["e2", "time"];
        model
            .ints("time", &[2])
            .node(node("ReduceMean", &inputs, &["pooled"], axes))
    };
    let width = if flatten { 20 } else { 4 };
    model
        .weights("mean.w", &[width, 6])
        .weights("mean.b", &[6])
        .weights("var.w", &[6, width])
        .op("Gemm", &["pooled", "mean.w", "mean.b"], "mean")
        .node(node(
            "Gemm",
            &["pooled", "var.w"],
            &["logvar"],
            vec![attribute::int("transB", 1)],
        ))
        .weights("start.w", &[6, 20])
        .weights("start.b", &[20])
        .op("Gemm", &["z", "start.w", "start.b"], "start")
        .ints("grid", &[1, 5, 4])
        .op("Reshape", &["start", "grid"], "g")
        .node(node("Transpose", &["g"], &["g0"], turned()))
        .gated("g0", "g1", 4)
        .gated("g1", "g2", 4)
        .node(node("Transpose", &["g2"], &["g3"], turned()))
        .ints("rows5", &[5, 4])
        .op("Reshape", &["g3", "rows5"], "hidden")
        .weights("vocab.w", &[4, 7])
        .weights("vocab.b", &[7])
        .op("MatMul", &["hidden", "vocab.w"], "product")
        .op("Add", &["product", "vocab.b"], "scores")
        .ints("cube", &[1, 5, 7])
        .op("Reshape", &["scores", "cube"], "logits")
        .ints("k", &[3])
        .node(node(
            "TopK",
            &["logits", "k"],
            &["top_scores", "top_ids"],
            vec![],
        ))
        .output("mean")
        .output("logvar")
        .output("logits")
        .output("top_scores")
        .output("top_ids")
}
