//! All libraries with one case loaded, those that have it; of the others, why not.

use super::case::Case;
use super::lite::{self, Worker};
use super::prepare::Prepared;
use super::race::{Effort, Entry, race};
use super::record::{CaseRecord, Outcome, Peer};
use super::{onnx_runtime, ours};
use qibu_compiler::error::Result;
use qibu_compiler::target::Target;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

/// TensorFlow Lite's process, or why there is none.
pub type Lite = std::result::Result<Rc<RefCell<Worker>>, String>;
type Loaded<'a> = std::result::Result<Box<dyn Entry + 'a>, String>;

/// Peers that get files made for them, and those files.
const MADE: [(&str, &str); 5] = [
    ("ONNX Runtime int8 (s8)", "ort-s8.onnx"),
    ("ONNX Runtime int8 (u8)", "ort-u8.onnx"),
    ("TensorFlow Lite", "float.tflite"),
    ("TensorFlow Lite int8", "int8.tflite"),
    ("TensorFlow Lite int8, ends too", "int8-ends.tflite"),
];

fn file_of(peer: &str) -> Option<&'static str> {
    let found = MADE.iter().find(|(name, _)| *name == peer);
    found.map(|&(_, file)| file)
}

/// Races `case` and writes down what came of it.
///
/// # Errors
/// Our own side fails, or a library that has loaded the case.
pub fn measure(
    case: &Case,
    prepared: &Prepared,
    lite: &Lite,
    effort: Effort,
) -> Result<CaseRecord> {
    let file = ours::build(case, Target::Host)?;
    let mut arena = file.arena()?;
    let mut peers = peers(case, prepared, lite);
    let mut running: Vec<Box<dyn Entry + '_>> = Vec::new();
    running.push(Box::new(file.load(&mut arena, &case.form.feeds)?));
    let mut names = Vec::new();
    for (name, loaded) in peers.drain(..) {
        names.push((
            name,
            match loaded {
                Ok(entry) => {
                    running.push(entry);
                    Ok(())
                }
                Err(why) => Err(why),
            },
        ));
    }
    let mut times = race(&mut running, effort)?.into_iter();
    let time = times.next().expect("ours is the first");
    drop(running);
    let peers = names.into_iter().map(|(name, loaded)| Peer {
        name: name.into(),
        outcome: match loaded {
            Ok(()) => Outcome::Time(times.next().expect("a time for each that runs")),
            Err(why) => Outcome::Without(why),
        },
        snr_db: file_of(name).and_then(|file| prepared.snr_db(file)),
    });
    Ok(CaseRecord {
        name: case.name.clone(),
        title: case.title.clone(),
        kernel: case.kernel,
        macs: file.macs()?,
        ours: time,
        peers: peers.collect(),
        steps: file.steps(&case.form.feeds, 8 * effort.rounds)?,
    })
}

/// rten reads repeated numbers only as protobuf 2 writes them.
#[cfg(feature = "peers")]
fn by_rten<'a>(prepared: &Prepared, form: &super::case::Form) -> Loaded<'a> {
    boxed(super::rten::load(prepared.file("plain.onnx")?, &form.feeds))
}

fn boxed<'a, E: Entry + 'a>(loaded: Result<E>) -> Loaded<'a> {
    match loaded {
        Ok(entry) => Ok(Box::new(entry)),
        Err(error) => Err(error.to_string().lines().next().unwrap_or("").to_owned()),
    }
}

fn peers<'a>(case: &'a Case, prepared: &Prepared, lite: &Lite) -> Vec<(&'static str, Loaded<'a>)> {
    let first = case.channels_first();
    let by_ort = |model: &Path| {
        let available = qibu_compiler::engine::available();
        available.map_err(|_| "missing: no ONNX Runtime".to_owned())?;
        boxed(onnx_runtime::load(model, &first.feeds))
    };
    let by_ort_int8 = |name: &str| {
        let available = qibu_compiler::engine::available();
        available.map_err(|_| "missing: no ONNX Runtime".to_owned())?;
        boxed(onnx_runtime::load(prepared.file(name)?, &first.feeds))
    };
    let by_lite = |name: &str| -> Loaded<'a> {
        let model = prepared.file(name)?;
        let worker = lite.as_ref().map_err(Clone::clone)?;
        Ok(Box::new(lite::load(worker, model, &case.calibration)?))
    };
    #[cfg(feature = "peers")]
    let rust = [
        (
            "tract",
            boxed(super::tract::load(&first.onnx, &first.feeds)),
        ),
        ("rten", by_rten(prepared, first)),
    ];
    #[cfg(not(feature = "peers"))]
    let rust = ["tract", "rten"].map(|name| {
        (
            name,
            Err("missing: built without --features peers".to_owned()),
        )
    });
    let mut all = vec![("ONNX Runtime", by_ort(&first.onnx))];
    let [s8, u8, lite @ ..] = MADE;
    all.extend([s8, u8].map(|(name, file)| (name, by_ort_int8(file))));
    all.extend(lite.map(|(name, file)| (name, by_lite(file))));
    all.extend(rust);
    all
}
