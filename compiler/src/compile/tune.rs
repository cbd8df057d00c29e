//! Which layout of each layer's weights is fastest on this machine, measured.
//!
//! ```text
//! for each layout: the whole file with all matrices in it, its steps timed
//! for each matrix: the layout in which the steps that read it take the least time together
//! ```
//!
//! A choice is a name and a layout: a compilation that is given them is as deterministic as any other.

use super::{Request, planned};
use crate::bench::bench;
use crate::error::{Error, Result};
use crate::model_file::ModelFile;
use crate::plan::Planned;
use crate::target::{Arrangement, Target};
use crate::write::write;
use qibu::format::Layout;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// What was chosen, as its file holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// The target that was measured, by its name for `--target`.
    pub tuned_for: String,
    /// Layouts by the names of weights: plain, tile1, tile4, tile16.
    pub layouts: BTreeMap<String, String>,
}

/// How a file of choices starts.
pub const HEAD: &str = "{\n  \"tuned_for\"";

impl Choices {
    /// The choices in the text of a file.
    ///
    /// # Errors
    /// It is no such file, or names a layout that there is not.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |why: String| {
            Error::input(why).hint("delete the file: the next run with --tune measures anew")
        };
        let choices: Self = serde_json::from_str(text)
            .map_err(|error| wrong(format!("no choices of layouts: {error}")))?;
        if target(&choices.tuned_for).is_none() {
            return Err(wrong(format!("there is no target `{}`", choices.tuned_for)));
        }
        match choices.layouts.values().find(|name| layout(name).is_none()) {
            Some(name) => Err(wrong(format!("there is no layout `{name}`"))),
            None => Ok(choices),
        }
    }

    /// The text of their file.
    ///
    /// # Errors
    /// A name cannot be written as JSON.
    pub fn text(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self);
        let text = text.map_err(|error| Error::input(format!("cannot write JSON: {error}")))?;
        Ok(text + "\n")
    }

    /// What they ask for: weights that they do not name are arranged for the processor that was
    /// measured, whatever this one is.
    #[must_use]
    pub fn arrangement(&self) -> Arrangement {
        let layouts = self.layouts.iter();
        let known = layouts.filter_map(|(weights, name)| Some((weights.clone(), layout(name)?)));
        Arrangement {
            target: target(&self.tuned_for).unwrap_or_default(),
            tuned: known.collect(),
            wide: false,
        }
    }
}

fn name(layout: Layout) -> &'static str {
    match layout {
        Layout::Plain => "plain",
        Layout::Tile1 => "tile1",
        Layout::Tile4 => "tile4",
        Layout::Tile16 => "tile16",
    }
}

fn layout(wanted: &str) -> Option<Layout> {
    Layout::ALL
        .into_iter()
        .find(|&layout| name(layout) == wanted)
}

fn target(wanted: &str) -> Option<Target> {
    let mut all = Target::all().iter().copied();
    all.find(|target| target.name() == wanted)
}

/// Measures all layouts, each function for `time`.
///
/// # Errors
/// Whatever compiling or running finds wrong.
pub fn tune(
    request: &Request,
    time: Duration,
    mut progress: impl FnMut(usize, usize),
) -> Result<Choices> {
    let mut times: BTreeMap<String, BTreeMap<&'static str, f64>> = BTreeMap::new();
    // The target's own arrangement knows the names of all matrices that can be arranged.
    let [own] = &planned(request, &[Target::Host.into()])?[..] else {
        return Err(Error::input("no plan"));
    };
    let names: Vec<String> = matrices(own).collect();
    for (done, layout) in Layout::ALL.into_iter().enumerate() {
        progress(done, Layout::ALL.len());
        let tuned = names.iter().map(|name| (name.clone(), layout)).collect();
        let arrangement = Arrangement {
            target: Target::Host,
            tuned,
            wide: false,
        };
        for planned in planned(request, &[arrangement])? {
            let file = ModelFile::from_bytes("tuned", &write(&planned)?)?;
            let functions = bench(&file, None, time, true)?;
            for (function, timed) in planned.program.functions.iter().zip(&functions) {
                for (step, timed) in function.steps.iter().zip(&timed.steps) {
                    let weights = step
                        .inputs
                        .get(1)
                        .map(|&id| &planned.program.tensors[id].name);
                    if let Some(weights) = weights.filter(|weights| names.contains(weights)) {
                        let sums = times.entry(weights.clone()).or_default();
                        *sums.entry(name(layout)).or_default() += timed.times.best_ns;
                    }
                }
            }
        }
    }
    progress(Layout::ALL.len(), Layout::ALL.len());
    let best = |sums: BTreeMap<&'static str, f64>| {
        let best = sums.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
        best.map(|(name, _)| name.to_owned())
    };
    let layouts = times.into_iter();
    Ok(Choices {
        tuned_for: Target::here().name(),
        layouts: layouts
            .filter_map(|(weights, sums)| Some((weights, best(sums)?)))
            .collect(),
    })
}

/// Names of the matrices that a plan has in tiles.
fn matrices(planned: &Planned) -> impl Iterator<Item = String> {
    let tensors = planned.program.tensors.iter();
    let tiled = tensors.filter(|tensor| tensor.layout != Layout::Plain);
    tiled.map(|tensor| tensor.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_survive_their_file() {
        let choices = Choices {
            tuned_for: "x86-64".into(),
            layouts: [("a", "plain"), ("b", "tile16")]
                .map(|(weights, layout)| (weights.into(), layout.into()))
                .into(),
        };
        let text = choices.text().unwrap();
        assert!(text.starts_with(HEAD), "{text}");
        assert_eq!(Choices::parse(&text).unwrap(), choices);
        let arrangement = choices.arrangement();
        assert_eq!(arrangement.layout("a", 9), Layout::Plain);
        assert_eq!(arrangement.layout("b", 1), Layout::Tile16);
        assert_eq!(arrangement.layout("c", 1), Target::X86_64.layout(1));
    }

    #[test]
    fn what_is_no_file_of_choices_is_refused() {
        for (text, why) in [
            ("", "no choices of layouts"),
            ("{\"tuned_for\": \"x\"}", "missing field `layouts`"),
            ("{\"tuned_for\": \"x\", \"layouts\": {}}", "no target `x`"),
            (
                "{\"tuned_for\": \"wasm32\", \"layouts\": {\"a\": \"tile3\"}}",
                "no layout `tile3`",
            ),
        ] {
            let error = Choices::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
