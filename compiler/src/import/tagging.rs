//! Properties of tag models: labels, pairs of characters, transitions.
//!
//! Each is parsed by itself, then the graph and all of them are held against each other:
//!
//! ```text
//! function emit:  ids [1, W + 2·R], pairs? [1, W + 2·R − 1]  →  emissions f32 [1, W, T]
//! qibu.labels     T names            qibu.crf    T start, T · T transition, T end scores
//! qibu.vocab      ascending          qibu.pairs  two characters of it each, ascending
//! ```

use crate::calibrate::table_rows;
use crate::error::{Error, Result};
use crate::graph::{Dtype, Function, Graph, Metadata, Transitions, ValueId};
use qibu::tag::{FIRST_CHARACTER, MAX_IDS, MAX_TAGS};
use serde::Deserialize;
use std::collections::BTreeSet;

/// What a tag model looks like, for errors.
const CONTRACT: &str = "a tag model has a function `emit`: ids int32 [1, W + 2·R] and optionally \
    pairs int32 [1, W + 2·R − 1] to emissions float32 [1, W, T], see \"Tagger models\" in \
    runtime/FORMAT.md";
/// Special ids before the first character.
const SPECIALS: usize = FIRST_CHARACTER as usize;

fn fault(key: &str, why: impl std::fmt::Display) -> Error {
    Error::input(format!("{key}: {why}"))
}

/// Names separated by single spaces, none twice.
pub(super) fn labels(text: &str) -> Result<Vec<String>> {
    const KEY: &str = "qibu.labels";
    let labels: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let hint = "separate the names of the tags by single spaces, such as `B M E S`";
    if let Some(position) = labels.iter().position(String::is_empty) {
        return Err(fault(KEY, format!("label {position} (from 0) is empty")).hint(hint));
    }
    let strange = |c: char| c.is_whitespace() || c.is_control();
    if let Some(label) = labels.iter().find(|label| label.contains(strange)) {
        // Columns of output are labels between tabs and line ends.
        let why = format!("{label:?} has white space or a control character in it");
        return Err(fault(KEY, why).hint(hint));
    }
    let mut seen = BTreeSet::new();
    match labels.iter().find(|label| !seen.insert(*label)) {
        Some(label) => Err(fault(KEY, format!("`{label}` is listed twice")).hint(hint)),
        None => Ok(labels),
    }
}

/// Two characters each, strictly ascending.
pub(super) fn pairs(text: &str) -> Result<Vec<[char; 2]>> {
    const KEY: &str = "qibu.pairs";
    let hint = "write the two characters of each pair behind each other, the pairs in ascending \
        order, none twice";
    let characters: Vec<char> = text.chars().collect();
    let (pairs, rest) = characters.as_chunks::<2>();
    if let [last] = rest {
        return Err(fault(KEY, format!("`{last}` at the end has no second character")).hint(hint));
    }
    let unsorted = pairs.windows(2).position(|two| two[0] >= two[1]);
    match unsorted.and_then(|index| pairs.get(index + 1)) {
        Some([a, b]) => {
            Err(fault(KEY, format!("`{a}{b}` is out of order, or there twice")).hint(hint))
        }
        None => Ok(pairs.to_vec()),
    }
}

/// The property as JSON says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Crf {
    start: Vec<Option<f64>>,
    transitions: Vec<Vec<Option<f64>>>,
    end: Vec<Option<f64>>,
}

/// `{"start": [T], "transitions": [[T] × T], "end": [T]}`.
pub(super) fn transitions(text: &str) -> Result<Transitions> {
    const KEY: &str = "qibu.crf";
    let hint = "give {\"start\": [T], \"transitions\": [[T] from each of T tags], \"end\": [T]}, \
        numbers in nats, null where a tag may not stand";
    let wrong = |why: String| fault(KEY, why).hint(hint);
    let crf: Crf = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let tags = crf.start.len();
    if tags == 0 || tags > MAX_TAGS {
        return Err(wrong(format!("{tags} tags; there are 1 to {MAX_TAGS}")));
    }
    if crf.transitions.len() != tags || crf.end.len() != tags {
        return Err(wrong(format!(
            "{tags} start scores, {} rows of transitions, {} end scores: all are as many as tags",
            crf.transitions.len(),
            crf.end.len()
        )));
    }
    if let Some(row) = crf.transitions.iter().position(|row| row.len() != tags) {
        return Err(wrong(format!(
            "the transitions from tag {row} (from 0) are {}, expected {tags}",
            crf.transitions[row].len()
        )));
    }
    let scores = |scores: Vec<Option<f64>>| -> Result<Vec<f32>> {
        let score = |score: Option<f64>| match score {
            None => Ok(f32::NEG_INFINITY),
            Some(score) if (score as f32).is_finite() => Ok(score as f32),
            Some(score) => Err(wrong(format!("{score:e} is no finite float32"))),
        };
        scores.into_iter().map(score).collect()
    };
    Ok(Transitions {
        start: scores(crf.start)?,
        between: crf
            .transitions
            .into_iter()
            .map(scores)
            .collect::<Result<_>>()?,
        end: scores(crf.end)?,
    })
}

/// Holds properties and graph against each other; `whole` where no function has been left out.
pub(super) fn check(graph: &Graph, whole: bool) -> Result<()> {
    let metadata = &graph.metadata;
    pairs_of_characters(metadata)?;
    let tags = metadata.labels.len();
    if let Some(crf) = &metadata.crf
        && crf.start.len() != tags
    {
        return Err(fault(
            "qibu.crf",
            format!(
                "scores of {} tags, qibu.labels names {tags}",
                crf.start.len()
            ),
        )
        .hint("name every tag of the transitions in qibu.labels, in their order"));
    }
    if metadata.task.as_deref() != Some("tag") {
        return Ok(());
    }
    match graph.functions.iter().find(|f| f.name == "emit") {
        Some(emit) => tag_model(graph, emit),
        None if whole => {
            Err(fault("qibu.task", "`tag`, but there is no function `emit`").hint(CONTRACT))
        }
        None => Ok(()),
    }
}

/// Pairs are made of the vocabulary, which they need sorted.
fn pairs_of_characters(metadata: &Metadata) -> Result<()> {
    let known: BTreeSet<char> = metadata.vocab.iter().copied().collect();
    let unknown = |&&[a, b]: &&[char; 2]| !known.contains(&a) || !known.contains(&b);
    if let Some([a, b]) = metadata.pairs.iter().find(unknown) {
        return Err(fault(
            "qibu.pairs",
            format!("`{a}{b}` has a character that is not in qibu.vocab"),
        )
        .hint("pairs are made of characters of the vocabulary"));
    }
    let tag = metadata.task.as_deref() == Some("tag");
    let unsorted = metadata.vocab.windows(2).find(|two| two[0] >= two[1]);
    match unsorted {
        Some(two) if tag || !metadata.pairs.is_empty() => Err(fault(
            "qibu.vocab",
            format!("`{}` stands behind `{}`", two[1], two[0]),
        )
        .hint("sort the characters by code point; id 0 pads, id 1 is unknown, then they follow")),
        _ => Ok(()),
    }
}

fn tag_model(graph: &Graph, emit: &Function) -> Result<()> {
    let metadata = &graph.metadata;
    let wrong = |why: String| Error::input(format!("function `emit`: {why}")).hint(CONTRACT);
    let shaped = |id: ValueId| format!("`{}` {:?}", graph.value(id).name, graph.shape(id));
    let output = match emit.outputs[..] {
        [output] if graph.value(output).dtype == Dtype::F32 => output,
        _ => return Err(wrong("it needs one output of float32 emissions".into())),
    };
    let &[1, window, tags] = graph.shape(output) else {
        return Err(wrong(format!(
            "its output is {}, expected [1, W, T]",
            shaped(output)
        )));
    };
    if tags != metadata.labels.len() || tags > MAX_TAGS {
        return Err(fault(
            "qibu.labels",
            format!(
                "{} labels, but `{}` has {tags} scores for each character",
                metadata.labels.len(),
                graph.value(output).name
            ),
        )
        .hint(format!("name every tag, at most {MAX_TAGS}, in order")));
    }
    let (ids, pairs) = match emit.inputs[..] {
        [ids] => (ids, None),
        [ids, pairs] => (ids, Some(pairs)),
        _ => return Err(wrong(format!("{} inputs", emit.inputs.len()))),
    };
    let integers = |id: ValueId| matches!(graph.value(id).dtype, Dtype::I32 | Dtype::I64);
    let length = match *graph.shape(ids) {
        [1, length] if integers(ids) && length >= window && (length - window).is_multiple_of(2) => {
            length
        }
        _ => {
            return Err(wrong(format!(
                "its first input is {}, expected integers [1, {window} + 2·R]",
                shaped(ids)
            )));
        }
    };
    if let Some(pairs) = pairs.filter(|&id| !integers(id) || graph.shape(id) != [1, length - 1]) {
        return Err(wrong(format!(
            "its second input is {}, expected integers [1, {}]",
            shaped(pairs),
            length - 1
        )));
    }
    let characters = metadata.vocab.len();
    if characters == 0 || characters + SPECIALS > MAX_IDS {
        return Err(
            fault("qibu.vocab", format!("{characters} characters")).hint(format!(
                "a tag model knows 1 to {} characters",
                MAX_IDS - SPECIALS
            )),
        );
    }
    if pairs.is_some() == metadata.pairs.is_empty() {
        return Err(fault(
            "qibu.pairs",
            "there where `emit` reads pairs as its second input, and only there",
        )
        .hint(CONTRACT));
    }
    rows(
        graph,
        ids,
        characters + SPECIALS,
        "characters of qibu.vocab and two specials",
    )?;
    match pairs {
        Some(pairs) => rows(
            graph,
            pairs,
            metadata.pairs.len() + 1,
            "pairs of qibu.pairs and none",
        ),
        None => Ok(()),
    }
}

/// The tables that `ids` index have a row for each id.
fn rows(graph: &Graph, ids: ValueId, needed: usize, what: &str) -> Result<()> {
    match table_rows(graph, ids) {
        Some(rows) if rows < needed => Err(Error::input(format!(
            "the table that `{}` indexes has {rows} rows, {needed} are needed: the {what}",
            graph.value(ids).name
        ))
        .hint("the table and the property come from different models, most likely")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
