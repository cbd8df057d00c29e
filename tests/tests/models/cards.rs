//! The cards name the files that are there, and the presets the recipes that they were trained with.

use super::all;
use qibu_compiler::train::json::Fields;
use qibu_compiler::train::{poem, tagger};
use qibu_tests::need::root;
use sha2::{Digest, Sha256};

/// Rows of a card: a file in backquotes, what it is, its SHA-256 in backquotes.
#[test]
fn checksums_are_those_of_the_files() {
    for folder in all() {
        let card = std::fs::read_to_string(folder.join("README.md")).expect("a card");
        let mut checked = 0;
        for line in card.lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, file, .., hash, _] = cells[..] else {
                continue;
            };
            let [file, hash] = [file, hash].map(|cell| cell.trim_matches('`'));
            if hash.len() != 64 {
                continue;
            }
            let path = folder.join(file);
            let bytes =
                std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let found: String = Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(found, hash, "{}", path.display());
            checked += 1;
        }
        assert!(checked >= 4, "{}: {checked} checksums", folder.display());
    }
}

#[test]
fn presets_are_the_recipes_of_the_models() {
    for (model, preset) in [
        ("poem5", "best"),
        ("poem7", "couplet7"),
        ("wujue", "wujue"),
        ("qijue", "qijue"),
        ("poem-small", "small"),
        ("cws", "600k"),
        ("cws-300k", "300k"),
        ("cws-150k", "150k"),
    ] {
        let path = root().join("models").join(model).join("recipe.json");
        let text = std::fs::read_to_string(&path).expect("a recipe");
        let recipe = match !model.starts_with("cws") {
            true => poem::recipe::Recipe::preset(preset).map(|recipe| recipe.to_json()),
            false => tagger::recipe::Recipe::preset(preset).map(|recipe| recipe.to_json()),
        };
        // The licence is the corpus', not the preset's.
        let fields = |text: &str| -> serde_json::Map<String, serde_json::Value> {
            let mut fields: serde_json::Map<_, _> = serde_json::from_str(text).expect("an object");
            fields.remove("licence").expect("a licence");
            fields
        };
        let preset = recipe.expect("a preset");
        assert_eq!(fields(&preset), fields(&text), "{model}");
    }
}
