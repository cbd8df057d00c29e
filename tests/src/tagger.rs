//! Small taggers with seeded weights, for every test that needs one and not a trained one.
//!
//! ```text
//! x = characters[ids]                                              [1, W + 2·R, 8]
//! x = x[1..−1] ‖ pairs[before] ‖ pairs[behind]                     where there are pairs
//! x = relu(conv(x)), three wide, valid                             for each dilation
//! y = conv(x), one wide                                            [1, W, T]
//! ```

use prost::Message;
use qibu::random::Random;
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::{Request, compile, compile_float_bytes};
use qibu_compiler::onnx::{
    DataType, GraphProto, IR_VERSION, ModelProto, NodeProto, OperatorSetIdProto, attribute, node,
    tensor, value_info,
};
use qibu_compiler::quantise::Weights;

/// Characters of one to four bytes, ascending.
pub const VOCABULARY: &str = "12ab×Üé一三上下不与丑专且世中人大天日月有来水生𠀀𠀁";
/// Channels of every convolution.
const CHANNELS: usize = 8;

/// What a tagger is like.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Characters of a window.
    pub window: usize,
    /// One convolution each.
    pub dilations: Vec<usize>,
    /// Number of tags.
    pub tags: usize,
    /// Whether the network reads pairs.
    pub pairs: bool,
    /// Whether the table of pairs is int4.
    pub packed: bool,
    /// How long a path pays for what it was: the higher, the later tags are decided.
    pub stickiness: f32,
    /// Seed of all weights.
    pub seed: u64,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            window: 8,
            dilations: vec![1, 2],
            tags: 4,
            pairs: true,
            packed: true,
            stickiness: 0.0,
            seed: 1,
        }
    }
}

impl Spec {
    /// Characters on either side that a score depends on.
    #[must_use]
    pub fn reach(&self) -> usize {
        self.dilations.iter().sum::<usize>() + usize::from(self.pairs)
    }

    /// Pairs of the vocabulary that the model knows, ascending.
    #[must_use]
    pub fn pair_list(&self) -> Vec<[char; 2]> {
        let characters: Vec<char> = VOCABULARY.chars().collect();
        let mut random = Random::new(self.seed ^ 0x5A5A);
        let all = characters
            .iter()
            .flat_map(|&a| characters.iter().map(move |&b| [a, b]));
        all.filter(|_| self.pairs && random.next_u32().is_multiple_of(4))
            .collect()
    }

    /// The ONNX model.
    #[must_use]
    pub fn model(&self) -> ModelProto {
        let mut network = Network::new(self.seed);
        let length = self.window + 2 * self.reach();
        let rows = VOCABULARY.chars().count() + 2;
        network.input("ids", length);
        network.weights("character_table", &[rows, CHANNELS], 1.0);
        network.node("Gather", &["character_table", "ids"], "x", vec![]);
        let mut channels = CHANNELS;
        let (mut inner, mut x) = (length, "x".to_owned());
        if self.pairs {
            inner -= 2;
            network.input("pairs", length - 1);
            network.weights("pair_table", &[self.pair_list().len() + 1, 4], 1.0);
            network.node("Gather", &["pair_table", "pairs"], "p", vec![]);
            network.slice("x", 1, inner, "middle");
            network.slice("p", 0, inner, "before");
            network.slice("p", 1, inner, "behind");
            let axis = vec![attribute::int("axis", 2)];
            network.node("Concat", &["middle", "before", "behind"], "joined", axis);
            channels += 8;
            x = "joined".into();
        }
        let turn = || vec![attribute::ints("perm", &[0, 2, 1])];
        network.node("Transpose", &[&x], "turned", turn());
        x = "turned".into();
        for (number, &dilation) in self.dilations.iter().enumerate() {
            let name = format!("layer{number}");
            let convolved = network.conv(&name, &x, [CHANNELS, channels, 3], dilation);
            x = format!("{name}.relu");
            network.node("Relu", &[&convolved], &x, vec![]);
            channels = CHANNELS;
        }
        let scores = network.conv("emission", &x, [self.tags, channels, 1], 1);
        network.node("Transpose", &[&scores], "emissions", turn());
        let shape = [1, self.window, self.tags];
        network
            .graph
            .output
            .push(value_info("emissions", DataType::Float, &shape));
        self.with_metadata(network.graph)
    }

    fn with_metadata(&self, graph: GraphProto) -> ModelProto {
        let labels: Vec<String> = (0..self.tags).map(|tag| format!("T{tag}")).collect();
        let inputs = match self.pairs {
            true => r#""ids","pairs""#,
            false => r#""ids""#,
        };
        let functions = format!(r#"{{"emit":{{"inputs":[{inputs}],"outputs":["emissions"]}}}}"#);
        let mut properties = vec![
            ("qibu.task", "tag".to_owned()),
            ("qibu.functions", functions),
            ("qibu.labels", labels.join(" ")),
            ("qibu.vocab", VOCABULARY.to_owned()),
            ("qibu.crf", self.crf()),
        ];
        if self.pairs {
            properties.push(("qibu.pairs", self.pair_list().concat().iter().collect()));
        }
        if self.pairs && self.packed {
            properties.push(("qibu.weights", r#"{"pair_table":"int4"}"#.into()));
        }
        let properties = properties.into_iter();
        ModelProto {
            ir_version: IR_VERSION,
            opset_import: vec![OperatorSetIdProto {
                domain: String::new(),
                version: 18,
            }],
            metadata_props: properties.map(Into::into).collect(),
            graph: Some(graph),
            ..ModelProto::default()
        }
    }

    /// Random scores; a tag may not stand behind the one above it, where there are three or more.
    fn crf(&self) -> String {
        let mut random = Random::new(self.seed ^ 0xC4F);
        let mut row = |from: Option<usize>| -> String {
            let score = |to: usize| match from {
                Some(from) if self.tags > 2 && to == (from + 1) % self.tags => "null".to_owned(),
                Some(from) if from == to => format!("{}", random.uniform() + self.stickiness),
                _ => format!("{}", random.uniform() - 0.5),
            };
            format!(
                "[{}]",
                (0..self.tags).map(score).collect::<Vec<_>>().join(",")
            )
        };
        let start = row(None);
        let between: Vec<String> = (0..self.tags).map(|from| row(Some(from))).collect();
        let end = row(None);
        format!(
            r#"{{"start":{start},"transitions":[{}],"end":{end}}}"#,
            between.join(",")
        )
    }

    /// The compiled file in f32.
    #[must_use]
    pub fn float(&self) -> AlignedBytes {
        let bytes = compile_float_bytes(&self.model().encode_to_vec());
        AlignedBytes::from(&bytes.expect("the model compiles")[..])
    }

    /// The compiled file in int8, calibrated on noise.
    #[must_use]
    pub fn int8(&self) -> AlignedBytes {
        self.compiled(Weights::Int8)
    }

    /// The compiled file with these weights by default.
    #[must_use]
    pub fn compiled(&self, weights: Weights) -> AlignedBytes {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model.onnx");
        std::fs::write(&path, self.model().encode_to_vec()).expect("a file");
        let request = Request {
            weights,
            ..Request::new(&path)
        };
        let compiled = compile(&request, &mut |_, _, _| {}).expect("the model compiles");
        AlignedBytes::from(&compiled.bytes[..])
    }
}

/// A graph under construction, with seeded weights.
struct Network {
    graph: GraphProto,
    random: Random,
}

impl Network {
    fn new(seed: u64) -> Self {
        let graph = GraphProto {
            name: "tagger".into(),
            ..GraphProto::default()
        };
        Self {
            graph,
            random: Random::new(seed),
        }
    }

    fn input(&mut self, name: &str, length: usize) {
        let info = value_info(name, DataType::Int32, &[1, length]);
        self.graph.input.push(info);
    }

    fn weights(&mut self, name: &str, shape: &[usize], spread: f32) {
        let count = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..count)
            .map(|_| spread * self.random.gaussian())
            .collect();
        self.graph
            .initializer
            .push(tensor::f32(name, shape, &values));
    }

    fn node(
        &mut self,
        kind: &str,
        inputs: &[&str],
        output: &str,
        attributes: Vec<qibu_compiler::onnx::AttributeProto>,
    ) {
        let node: NodeProto = node(kind, inputs, &[output], attributes);
        self.graph.node.push(node);
    }

    /// `length` positions of `x` from `start` on.
    fn slice(&mut self, x: &str, start: usize, length: usize, output: &str) {
        let ends = [("start", start), ("end", start + length), ("axis", 1)];
        let names = ends.map(|(end, value)| {
            let name = format!("{output}.{end}");
            let value = tensor::i64(&name, &[1], &[value as i64]);
            self.graph.initializer.push(value);
            name
        });
        let operands = [x, &names[0], &names[1], &names[2]];
        self.node("Slice", &operands, output, vec![]);
    }

    fn conv(&mut self, name: &str, x: &str, shape: [usize; 3], dilation: usize) -> String {
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        let spread = libm::sqrtf(2.0 / (shape[1] * shape[2]) as f32);
        self.weights(&weight, &shape, spread);
        self.weights(&bias, &shape[..1], 0.3);
        let attributes = vec![
            attribute::ints("kernel_shape", &[shape[2] as i64]),
            attribute::ints("dilations", &[dilation as i64]),
        ];
        let output = format!("{name}.out");
        self.node("Conv", &[x, &weight, &bias], &output, attributes);
        output
    }
}
