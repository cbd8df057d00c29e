//! Function `compose` of a poem model: the best characters of each tone and, where a line ends, of each rhyme
//! group.
//!
//! Before: `s, i = TopKDense[k](x, #w, #b)`, `fn generate(z) -> i, s`.
//! After: also `compose_scores, compose_ids = TopKGroups[k](x, #w, #b, #prosody)`,
//! `fn compose(z) -> compose_ids, compose_scores`.

use super::{NOTHING, Prosody};
use crate::error::{Error, Result};
use crate::graph::{Data, Function, Graph, Node, Op, Tensor, ValueId};
use crate::simplify::Simplified;
use qibu::Model;

/// The function that is added.
pub const COMPOSE: &str = "compose";
/// The function that it is made of.
const GENERATE: &str = "generate";
/// The file's named table of groups.
pub const TABLE: &str = "prosody";
/// Table of the ONNX file that is added to the biases; the compiled file does not have it.
const NOVELTY: &str = "novelty";
/// Tables that only those have a use for who compose: a file without the function has none of them.
pub const TABLES: [&str; 4] = [TABLE, "pairs", "themes", NOVELTY];

/// Groups of a vocabulary, entry by entry, and the functions of a file that has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Groups {
    codes: Codes,
}

#[derive(Clone, Debug, PartialEq)]
enum Codes {
    /// Of characters, which the model's vocabulary numbers.
    Characters(Prosody),
    /// Of entries, as a file has them.
    Entries(Vec<u16>),
}

impl From<Prosody> for Groups {
    fn from(prosody: Prosody) -> Self {
        Self {
            codes: Codes::Characters(prosody),
        }
    }
}

impl Groups {
    /// Those that a file has been compiled with, where it has function [`COMPOSE`].
    pub fn of(model: &Model<'_>) -> Option<Self> {
        model.function(COMPOSE)?;
        let codes = model.table(TABLE)?.u16()?.to_vec();
        Some(Self {
            codes: Codes::Entries(codes),
        })
    }

    /// The functions to import so that those of `wanted` can be had, all where it is empty.
    pub fn imported(&self, wanted: &[String]) -> Vec<String> {
        let mut names: Vec<String> = wanted.to_vec();
        names.retain(|name| name != COMPOSE);
        if !wanted.is_empty() && !names.iter().any(|name| name == GENERATE) {
            names.push(GENERATE.to_owned());
        }
        names
    }

    /// Adds the function to a graph of the functions that [`Groups::imported`] names, and takes away what
    /// is not wanted.
    ///
    /// # Errors
    /// The graph is no poem model whose characters are chosen from the best of a vocabulary.
    pub fn extend(&self, simplified: Simplified, wanted: &[String]) -> Result<Simplified> {
        let mut graph = simplified.into_graph();
        if graph.functions.iter().any(|f| f.name == COMPOSE) {
            return Err(
                Error::input(format!("the model has a function `{COMPOSE}` of its own"))
                    .hint("compile it without --prosody, or give the function another name"),
            );
        }
        let source = Source::find(&graph)?;
        let groups = self.entries(&graph, source.entries)?;
        let codes = groups.into_iter().map(i32::from).collect();
        let codes = Tensor::new(vec![source.entries], Data::I32(codes))?;
        let mut inputs = source.node.inputs.clone();
        inputs.resize(3, None);
        if let Some(bias) = novel_bias(&mut graph, inputs[2], source.entries)? {
            inputs[2] = Some(bias);
        }
        inputs.push(Some(graph.add_constant(TABLE, codes)));
        let op = Op::TopKDense {
            k: source.k,
            line: Some(source.line),
        };
        let outputs = graph.apply(op, &inputs, COMPOSE)?;
        let &[scores, ids] = &outputs[..] else {
            return Err(no_poem());
        };
        graph.values[scores.0].name = graph.names.unique("compose_scores");
        graph.values[ids.0].name = graph.names.unique("compose_ids");
        graph.outputs.extend([ids, scores]);
        graph.functions.push(Function {
            name: COMPOSE.to_owned(),
            inputs: source.inputs,
            outputs: vec![ids, scores],
        });
        if !wanted.is_empty() {
            let all = graph.functions.iter().map(|f| f.name.clone());
            let kept: Vec<String> = all.filter(|name| wanted.contains(name)).collect();
            graph.select_functions(&kept)?;
        }
        Ok(Simplified::extended(graph))
    }

    /// The codes of each entry.
    fn entries(&self, graph: &Graph, entries: usize) -> Result<Vec<u16>> {
        match &self.codes {
            Codes::Entries(codes) if codes.len() == entries => Ok(codes.clone()),
            Codes::Entries(codes) => Err(Error::input(format!(
                "--prosody names a file of another model: it has tones of {} characters, this one {entries}",
                codes.len()
            ))
            .hint("give the table, or a file that was compiled from the same model")),
            Codes::Characters(prosody) => {
                let vocabulary = &graph.metadata.vocab;
                if vocabulary.len() > entries || vocabulary.is_empty() {
                    return Err(Error::input(format!(
                        "qibu.vocab has {} characters, the model chooses from {entries}",
                        vocabulary.len()
                    )));
                }
                let known = vocabulary.iter().filter(|&&c| prosody.tone(c).is_some());
                let (known, all) = (known.count(), vocabulary.len());
                // Of a table that was cut short poems could be made, bad ones.
                if 2 * known < all || known == 0 {
                    return Err(Error::input(format!(
                        "the prosody table knows {known} of the model's {all} characters"
                    ))
                    .hint(
                        "the table may be cut short, or the model's characters traditional and the table's simplified",
                    ));
                }
                let mut codes: Vec<u16> = vocabulary.iter().map(|&c| prosody.codes(c)).collect();
                codes.resize(entries, NOTHING);
                Ok(codes)
            }
        }
    }
}

/// The biases of `compose`: those of `generate` and what the model's table of novelty adds.
fn novel_bias(graph: &mut Graph, bias: Option<ValueId>, entries: usize) -> Result<Option<ValueId>> {
    let Some(novelty) = graph.metadata.tables.remove(NOVELTY) else {
        return Ok(None);
    };
    let Data::F32(novelty) = novelty.data() else {
        return Err(Error::input("table `novelty` is not of float32"));
    };
    if novelty.len() != entries {
        return Err(Error::input(format!(
            "table `novelty` has {} elements, the model chooses from {entries}",
            novelty.len()
        )));
    }
    let mut sum = novelty.to_vec();
    if let Some(Data::F32(bias)) = bias.and_then(|id| graph.constant(id)).map(Tensor::data) {
        for (sum, bias) in sum.iter_mut().zip(&**bias) {
            *sum += bias;
        }
    }
    let sum = Tensor::f32(&[entries], sum)?;
    Ok(Some(graph.add_constant("compose_bias", sum)))
}

/// What the function is made of.
struct Source {
    node: Node,
    inputs: Vec<ValueId>,
    k: usize,
    line: usize,
    entries: usize,
}

impl Source {
    fn find(graph: &Graph) -> Result<Self> {
        let function = graph.functions.iter().find(|f| f.name == GENERATE);
        let function = function.ok_or_else(no_poem)?;
        let node = function.outputs.first().and_then(|&id| graph.producer(id));
        let node = node.ok_or_else(no_poem)?;
        let Op::TopKDense { k, line: None } = node.op else {
            return Err(no_poem().at_node(&node.name));
        };
        // Indices and values, in any order.
        let both = node.outputs.iter().all(|id| function.outputs.contains(id));
        if function.outputs.len() != node.outputs.len() || !both {
            return Err(no_poem().at_node(&node.name));
        }
        let weights = node.input(1).map(|w| graph.shape(w));
        let entries = weights.and_then(|shape| shape.first().copied());
        Ok(Self {
            k,
            line: line(graph)?,
            entries: entries.ok_or_else(no_poem)?,
            inputs: function.inputs.clone(),
            node: node.clone(),
        })
    }
}

/// Characters of a line, which the metadata says.
fn line(graph: &Graph) -> Result<usize> {
    let form = graph.metadata.form.as_deref();
    let line = form.and_then(|form| form.parse().ok());
    line.filter(|&line| line > 0).ok_or_else(|| {
        Error::input(match form {
            Some(form) => format!("qibu.form `{form}` is no number of characters"),
            None => "the model does not say how long a line is".into(),
        })
        .hint("--prosody needs the property qibu.form in the ONNX file: characters of a line, such as 5")
    })
}

fn no_poem() -> Error {
    Error::input(format!(
        "--prosody needs a function `{GENERATE}` that ends in the best of a vocabulary"
    ))
    .hint(
        "its outputs are indices and values of a TopK along the last axis, at most 256 of them, behind a Gemm or \
         MatMul with constant weights",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{ImportOptions, from_bytes};
    use crate::simplify::simplify;
    use crate::testing::poem;

    fn simplified(functions: Vec<String>, form: Option<&str>) -> Simplified {
        let options = ImportOptions {
            functions,
            ..ImportOptions::default()
        };
        let mut graph = from_bytes(&poem(true).bytes(), None, &options).unwrap();
        graph.metadata.form = form.map(str::to_owned);
        graph.metadata.vocab = "东日看".chars().collect();
        simplify(graph).unwrap()
    }

    fn groups() -> Groups {
        Prosody::parse("东\tP\t一东\n看\tB\t十四寒\n")
            .unwrap()
            .into()
    }

    fn names(graph: &Graph) -> Vec<&str> {
        graph.functions.iter().map(|f| f.name.as_str()).collect()
    }

    #[test]
    fn the_function_reads_what_generate_reads() {
        let graph = groups()
            .extend(simplified(vec![], Some("5")), &[])
            .unwrap()
            .into_graph();
        let node = |name: &str| {
            let function = graph.functions.iter().find(|f| f.name == name).unwrap();
            graph.producer(function.outputs[0]).unwrap()
        };
        let (old, new) = (node(GENERATE), node(COMPOSE));
        assert_eq!(old.inputs[..2], new.inputs[..2]);
        assert_eq!(new.op.name(), "TopKGroups");
        let Some(Data::I32(codes)) = graph.constant(new.input(3).unwrap()).map(Tensor::data) else {
            panic!("no codes");
        };
        assert_eq!(codes[..4], [0xFF00, 0xFFFF, 30 << 8 | 13, 0xFFFF]);
        assert_eq!(names(&graph).last(), Some(&COMPOSE));
    }

    #[test]
    fn novelty_is_added_to_the_biases_and_leaves_the_tables() {
        let mut graph = simplified(vec![], Some("5")).into_graph();
        let source = Source::find(&graph).unwrap();
        let entries = source.entries;
        let bias = |graph: &Graph, node: &Node| -> Vec<f32> {
            let bias = node.input(2).and_then(|id| graph.constant(id));
            match bias.map(Tensor::data) {
                Some(Data::F32(bias)) => bias.to_vec(),
                _ => vec![0.0; entries],
            }
        };
        let old = bias(&graph, &source.node);
        let novelty: Vec<f32> = (0..entries).map(|entry| entry as f32).collect();
        let table = Tensor::f32(&[entries], novelty.clone()).unwrap();
        graph.metadata.tables.insert(NOVELTY.into(), table);
        let graph = groups()
            .extend(Simplified::extended(graph), &[])
            .unwrap()
            .into_graph();
        let function = graph.functions.iter().find(|f| f.name == COMPOSE).unwrap();
        let node = graph.producer(function.outputs[0]).unwrap();
        let sum: Vec<f32> = old.iter().zip(&novelty).map(|(a, b)| a + b).collect();
        assert_eq!(bias(&graph, node), sum);
        assert!(graph.metadata.tables.is_empty());

        let mut graph = simplified(vec![], Some("5")).into_graph();
        let short = Tensor::f32(&[1], vec![0.0]).unwrap();
        graph.metadata.tables.insert(NOVELTY.into(), short);
        let refused = groups().extend(Simplified::extended(graph), &[]);
        assert!(refused.unwrap_err().to_string().contains("has 1 elements"));
    }

    #[test]
    fn wanted_functions_stay() {
        let wanted =
            |names: &[&str]| -> Vec<String> { names.iter().map(|&name| name.to_owned()).collect() };
        let groups = groups();
        assert!(groups.imported(&[]).is_empty());
        for names in [&[COMPOSE][..], &[GENERATE, COMPOSE]] {
            let wanted = wanted(names);
            let imported = groups.imported(&wanted);
            assert_eq!(imported, [GENERATE]);
            let extended = groups.extend(simplified(imported, Some("5")), &wanted);
            assert_eq!(self::names(extended.unwrap().graph()), names);
        }
    }

    #[test]
    fn what_is_no_poem_is_refused() {
        let refusal = |functions: Vec<String>, form| {
            let found = groups().extend(simplified(functions, form), &[]);
            found.unwrap_err().to_string()
        };
        assert!(refusal(vec![], None).contains("qibu.form"));
        assert!(refusal(vec![], Some("five")).contains("`five`"));
        assert!(refusal(vec![], Some("3")).contains("no whole lines of 3"));
        assert!(refusal(vec!["encode".into()], Some("5")).contains("`generate`"));
        let other: Groups = Prosody::parse("西\tP\n").unwrap().into();
        let unknown = other
            .extend(simplified(vec![], Some("5")), &[])
            .unwrap_err();
        assert!(
            unknown
                .to_string()
                .contains("knows 0 of the model's 3 characters")
        );
    }
}
