//! What is counted.

use qibu_compiler::quantise::Scheme;
use qibu_compiler::quantise::{Activations, Weights};
use qibu_compiler::target::{Arrangement, Target};
use qibu_tests::cortex_m::Core;
use qibu_tests::layers::LAYERS;
use qibu_tests::mlperf::{NETWORKS, geometries};
use qibu_tests::quick::compile_for;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

/// A model.
pub struct Subject {
    pub name: &'static str,
    /// Instructions of the best peer, of single layers.
    pub peer: Option<u64>,
    /// Whether its weights are wide, for the cores where that saves instructions.
    wide: bool,
    onnx: Vec<u8>,
    /// Range of its inputs.
    span: (f32, f32),
    /// Its file for each target.
    files: Mutex<BTreeMap<String, Arc<Vec<u8>>>>,
}

const INT8: Scheme = Scheme {
    weights: Weights::Int8,
    activations: Activations::Int8,
};

/// All of them, made once for all cores.
pub fn subjects() -> &'static [Subject] {
    static SUBJECTS: OnceLock<Vec<Subject>> = OnceLock::new();
    SUBJECTS.get_or_init(|| {
        let subject = |name, peer, onnx, span| Subject {
            name,
            peer,
            wide: false,
            onnx,
            span,
            files: Mutex::default(),
        };
        let networks = NETWORKS.map(|(name, make, span)| subject(name, None, make(span), span));
        // All dense, and mostly columns that share what is extended.
        let wide = [("ad", "ad/wide"), ("kws", "kws/wide")].map(|(of, name)| {
            let networks = NETWORKS.into_iter();
            let mut same = networks.filter(|(network, _, _)| *network == of);
            let (_, make, span) = same.next().expect("a network of this name");
            Subject {
                wide: true,
                ..subject(name, None, make(span), span)
            }
        });
        let layers = LAYERS
            .iter()
            .map(|layer| subject(layer.name, Some(layer.peer), layer.onnx(), (-2.0, 2.0)));
        networks.into_iter().chain(wide).chain(layers).collect()
    })
}

/// The float graph of keyword spotting as int8 for `core`.
pub fn float_kws(core: Core) -> Vec<u8> {
    let span = (-30.0, 30.0);
    compile_for(&geometries::kws(span), INT8, target(core), span)
}

impl Subject {
    /// Whether it says something of `core`.
    pub fn is_for(&self, core: Core) -> bool {
        !self.wide || target(core).has_wide()
    }

    /// Its file, compiled for `core`.
    pub fn file(&self, core: Core) -> Arc<Vec<u8>> {
        let mut files = self.files.lock().unwrap_or_else(|error| error.into_inner());
        let file = files.entry(core.cpu.to_owned()).or_insert_with(|| {
            let arrangement = match self.wide {
                true => Arrangement::wide(target(core)),
                false => target(core).into(),
            };
            Arc::new(compile_for(&self.onnx, INT8, arrangement, self.span))
        });
        file.clone()
    }
}

/// The compiler's target of `core`.
fn target(core: Core) -> Target {
    match core.name {
        "m0" => Target::CortexM0,
        "m3" => Target::CortexM3,
        "m4" => Target::CortexM4,
        "m7" => Target::CortexM7,
        "m33" => Target::CortexM33,
        "m55" => Target::CortexM55,
        name => panic!("no target for {name}"),
    }
}
