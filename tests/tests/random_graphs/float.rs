//! The float path against ONNX Runtime.
//!
//! ```text
//! on each of three inputs: every output is close (floats) or equal (indices, truth values)
//! where one is not: the graph is at a tie if one of the two answers changes as much when the
//! inputs change by their rounding
//! ```

use super::ours::{self, Values};
use qibu::random::Random;
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::compile_float_bytes;
use qibu_compiler::engine::{Data, Options, Session, Tensor};
use qibu_tests::random_graph::RandomGraph;

/// Inputs tried.
const INPUTS: u64 = 3;

/// Largest difference, as numpy's `allclose` means it.
const RELATIVE: f64 = 1e-3;
const ABSOLUTE: f64 = 1e-5;

/// Relative change of an input that no result worth comparing notices.
const NUDGE: f32 = 3e-7;

/// What comes of a graph.
pub enum Verdict {
    /// All inputs give the same.
    Right,
    /// At least on one input the answer hangs on the last bit.
    Tie,
    /// A difference, or a refusal.
    Wrong(String),
}

pub fn judge(graph: &RandomGraph) -> Verdict {
    let bytes = graph.bytes();
    let file = match std::panic::catch_unwind(|| compile_float_bytes(&bytes)) {
        Ok(Ok(file)) => AlignedBytes::from(&file[..]),
        Ok(Err(error)) => return Verdict::Wrong(format!("refused: {error}")),
        Err(_) => return Verdict::Wrong("the compiler panics".into()),
    };
    let mut session = match Session::load(&bytes, &Options::default()) {
        Ok(session) => session,
        Err(error) => return Verdict::Wrong(error.to_string()),
    };
    let mut verdict = Verdict::Right;
    for number in 0..INPUTS {
        let given = ours::inputs(&graph.inputs, graph.seed << 8 | number, true);
        let compared = theirs(&mut session, graph, &given).and_then(|expected| {
            let ours = ours::run(&file, &given)?;
            Ok((same(graph, &expected, &ours), expected))
        });
        match compared {
            Ok((Ok(()), _)) => {}
            Ok((Err(_), expected)) if hangs(&mut session, &file, graph, &given, &expected) => {
                verdict = Verdict::Tie;
            }
            Ok((Err(why), _)) | Err(why) => {
                return Verdict::Wrong(format!("input {number}: {why}"));
            }
        }
    }
    verdict
}

type Outputs = Vec<(Vec<usize>, Data)>;

fn theirs(session: &mut Session, graph: &RandomGraph, given: &Values) -> Result<Outputs, String> {
    let feeds: Vec<(&str, Tensor)> = graph
        .inputs
        .iter()
        .map(|input| {
            let tensor = Tensor {
                shape: input.shape.clone(),
                data: given[&input.name].clone(),
            };
            (input.name.as_str(), tensor)
        })
        .collect();
    let outputs = session.run(&feeds).map_err(|error| error.to_string())?;
    Ok(outputs
        .into_iter()
        .map(|(_, tensor)| (tensor.shape, tensor.data))
        .collect())
}

/// Whether an answer, theirs or ours, itself changes with the last bits of the inputs.
fn hangs(
    session: &mut Session,
    file: &[u8],
    graph: &RandomGraph,
    given: &Values,
    expected: &Outputs,
) -> bool {
    let own = ours::run(file, given);
    (0..4).any(|number| {
        let mut random = Random::new(number);
        let mut nudge = |x: &f32| match random.next_u32() % 2 {
            0 => x * (1.0 + NUDGE),
            _ => x * (1.0 - NUDGE),
        };
        let nudged = given.iter().map(|(name, data)| {
            let data = match data {
                Data::F32(values) => Data::F32(values.iter().map(&mut nudge).collect()),
                other => other.clone(),
            };
            (name.clone(), data)
        });
        let nudged: Values = nudged.collect();
        let differs = |before: &Outputs, after: Result<Outputs, String>| {
            after.is_ok_and(|after| same(graph, before, &after).is_err())
        };
        differs(expected, theirs(session, graph, &nudged))
            || own
                .as_ref()
                .is_ok_and(|own| differs(own, ours::run(file, &nudged)))
    })
}

fn same(graph: &RandomGraph, expected: &Outputs, ours: &Outputs) -> Result<(), String> {
    if expected.len() != ours.len() {
        return Err(format!(
            "{} outputs, expected {}",
            ours.len(),
            expected.len()
        ));
    }
    for (value, ((shape, expected), (own, ours))) in
        graph.outputs.iter().zip(expected.iter().zip(ours))
    {
        let name = &value.name;
        if shape != own || *shape != value.shape {
            return Err(format!(
                "{name} is {own:?}, ONNX Runtime says {shape:?}, the generator {:?}",
                value.shape
            ));
        }
        let wrong = match (expected, ours) {
            (Data::F32(expected), Data::F32(ours)) => first(expected, ours, |&e, &o| {
                let (e, o) = (f64::from(e), f64::from(o));
                e == o || (o - e).abs() <= ABSOLUTE + RELATIVE * e.abs()
            }),
            (Data::I64(expected), Data::I64(ours)) => first(expected, ours, |e, o| e == o),
            (Data::Bool(expected), Data::Bool(ours)) => first(expected, ours, |e, o| e == o),
            (expected, ours) => Some(format!("{ours:?} instead of {expected:?}")),
        };
        if let Some(wrong) = wrong {
            return Err(format!("{name} {shape:?}: {wrong}"));
        }
    }
    Ok(())
}

fn first<T: std::fmt::Debug>(
    expected: &[T],
    ours: &[T],
    close: impl Fn(&T, &T) -> bool,
) -> Option<String> {
    let pairs = expected.iter().zip(ours);
    let wrong: Vec<usize> = pairs
        .enumerate()
        .filter(|(_, (e, o))| !close(e, o))
        .map(|(at, _)| at)
        .collect();
    let at = *wrong.first()?;
    Some(format!(
        "{} of {} differ; element {at} is {:?}, expected {:?}",
        wrong.len(),
        expected.len(),
        ours[at],
        expected[at]
    ))
}
