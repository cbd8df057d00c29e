//! `qibu.tables`: initialisers that the file keeps as they are, under names, for whoever reads them.
//!
//! ```text
//! {"TABLE": "INITIALIZER", …}     float32 or int8, stored as they are in files of every format
//! qibu.themes                     a name for each row of the table `themes`
//! ```

use super::metadata::TABLES;
use super::tensor;
use crate::error::{Error, Result};
use crate::graph::{Limits, Metadata, Tensor};
use crate::onnx::{DataType, ModelProto, TensorProto};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const EXAMPLE: &str = "a JSON object of table names and initialiser names, such as \
    {\"themes\": \"theme_centroids\"}";

/// The tables of the property, by name; `folder` is where external data may lie.
pub(super) fn read(
    model: &ModelProto,
    folder: Option<&Path>,
    limits: &Limits,
) -> Result<BTreeMap<String, Tensor>> {
    let Some(property) = model.metadata_props.iter().find(|p| p.key == TABLES) else {
        return Ok(BTreeMap::new());
    };
    let initializers = model.graph.as_ref().map_or(&[][..], |g| &g.initializer);
    let names: BTreeMap<String, String> = serde_json::from_str(&property.value)
        .map_err(|error| fault(error.to_string()).hint(EXAMPLE))?;
    let mut tables = BTreeMap::new();
    for (name, source) in names {
        if name.is_empty() || name.contains(['\t', '\n', '\r', '\0']) {
            return Err(fault(format!("{name:?} cannot name a table")).hint(EXAMPLE));
        }
        let Some(found) = initializers.iter().find(|tensor| tensor.name == source) else {
            let known: Vec<&str> = initializers.iter().map(|t| t.name.as_str()).collect();
            return Err(fault(format!(
                "table `{name}`: the model has no initialiser `{source}`"
            ))
            .hint(format!(
                "it has: {}",
                known[..known.len().min(20)].join(", ")
            )));
        };
        let within = |error: Error| error.within(format!("{TABLES}: table `{name}`"));
        tables.insert(
            name.clone(),
            convert(found, folder, limits).map_err(within)?,
        );
    }
    Ok(tables)
}

fn fault(why: String) -> Error {
    Error::input(format!("{TABLES}: {why}"))
}

fn convert(proto: &TensorProto, folder: Option<&Path>, limits: &Limits) -> Result<Tensor> {
    let kind = DataType::try_from(proto.data_type).unwrap_or(DataType::Undefined);
    if !matches!(kind, DataType::Float | DataType::Int8) {
        return Err(Error::input(format!(
            "`{}` is of type {kind:?}, which tables are not",
            proto.name
        ))
        .hint("store it as float32, or as int8 whatever its bytes mean"));
    }
    let table = tensor::convert(proto, folder, limits)?;
    match table.shape().contains(&0) {
        false => Ok(table),
        true => Err(Error::input(format!("`{}` has no elements", proto.name))
            .hint("leave an empty table out")),
    }
}

/// Holds the names of themes against their table.
pub(super) fn check(metadata: &Metadata) -> Result<()> {
    let names = metadata.themes.len();
    if names == 0 {
        return Ok(());
    }
    let rows = metadata.tables.get("themes").map(Tensor::shape);
    match rows {
        Some(&[rows, _]) if rows == names => Ok(()),
        Some(shape) => Err(Error::input(format!(
            "qibu.themes: {names} names, but the table `themes` is {shape:?}"
        ))
        .hint("name every row of the table, in order")),
        None => Err(Error::input("qibu.themes: there is no table `themes`")
            .hint(format!("list it in {TABLES}"))),
    }
}

/// Names separated by single spaces, none twice.
pub(super) fn themes(text: &str) -> Result<Vec<String>> {
    let wrong = |why: String| {
        Error::input(format!("qibu.themes: {why}"))
            .hint("separate the names of the themes by single spaces, none twice")
    };
    let names: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let strange = |c: char| c.is_whitespace() || c.is_control();
    let mut seen = BTreeSet::new();
    for name in &names {
        if name.is_empty() || name.contains(strange) {
            return Err(wrong(format!("{name:?} cannot name a theme")));
        }
        if !seen.insert(name) {
            return Err(wrong(format!("`{name}` is listed twice")));
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use crate::error::Result;
    use crate::graph::Graph;
    use crate::import::{ImportOptions, from_bytes};
    use crate::onnx::tensor;
    use crate::testing::{F16, F32, INT8, Model, build, poem};

    /// The poem model with initialisers that no node reads.
    fn model(tables: &str) -> Model {
        poem(true)
            .tensor(tensor::f32(
                "centroids",
                &[2, 3],
                &[0.1, -2.5, 0.0, 1e-9, 7.0, -0.0],
            ))
            .tensor(tensor::i8("filter", &[5], &[1, -2, 3, -128, 127]))
            .tensor(tensor::i64("numbers", &[1], &[3]))
            .tensor(tensor::i8("nothing", &[0], &[]))
            .property("qibu.tables", tables)
    }

    fn import(model: Model) -> Result<Graph> {
        from_bytes(&model.bytes(), None, &ImportOptions::default())
    }

    #[test]
    fn tables_are_in_files_of_every_format_as_they_are() {
        for scheme in [F32, F16, INT8] {
            let model = model(r#"{"pairs": "filter", "themes": "centroids"}"#)
                .property("qibu.themes", "江舟 山月");
            let built = build(model, scheme).unwrap();
            let file = qibu::Model::load(&built.file).unwrap();
            let names: Vec<&str> = file.tables().map(|(name, _)| name).collect();
            assert_eq!(names, ["pairs", "themes"]);
            let [pairs, themes] = ["pairs", "themes"].map(|name| file.table(name).unwrap());
            assert_eq!(pairs.i8(), Some(&[1, -2, 3, -128, 127][..]));
            assert_eq!(themes.shape(), [2, 3]);
            let bits = themes.f32().unwrap().iter().map(|x| x.to_bits());
            let given = [0.1f32, -2.5, 0.0, 1e-9, 7.0, -0.0].map(f32::to_bits);
            assert_eq!(bits.collect::<Vec<_>>(), given);
            assert_eq!(file.metadata().get("themes"), Some("江舟 山月"));
        }
    }

    #[test]
    fn refused_tables_are_named_with_the_reason() {
        let refusal = |tables: &str| import(model(tables)).unwrap_err().to_string();
        for (tables, reason) in [
            ("[1]", "expected a map"),
            (
                r#"{"a": "b"}"#,
                "table `a`: the model has no initialiser `b`",
            ),
            (
                r#"{"a": "numbers"}"#,
                "table `a`: `numbers` is of type Int64",
            ),
            (r#"{"a": "nothing"}"#, "`nothing` has no elements"),
            (r#"{"": "filter"}"#, "cannot name a table"),
        ] {
            let text = refusal(tables);
            assert!(text.starts_with("qibu.tables: "), "{text}");
            assert!(text.contains(reason) && text.contains("help: "), "{text}");
        }
        let crf = r#"{"start": [0], "transitions": [[0]], "end": [0]}"#;
        let twice = model(r#"{"crf": "filter"}"#)
            .property("qibu.labels", "B")
            .property("qibu.crf", crf);
        let text = build(twice, INT8).err().unwrap().to_string();
        assert!(text.contains("table `crf`"), "{text}");
    }

    #[test]
    fn themes_are_named_row_by_row() {
        let tables = r#"{"themes": "centroids"}"#;
        let refusal = |tables: &str, themes: &str| {
            let model = model(tables).property("qibu.themes", themes);
            import(model).unwrap_err().to_string()
        };
        assert!(refusal(tables, "江舟").contains("1 names, but the table `themes` is [2, 3]"));
        assert!(refusal(tables, "江舟 江舟").contains("`江舟` is listed twice"));
        assert!(refusal(tables, "江舟  山月").contains("cannot name a theme"));
        assert!(refusal("{}", "江舟 山月").contains("no table `themes`"));
    }
}
