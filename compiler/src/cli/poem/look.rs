//! What a model makes of given poems: one again, the way between two, a map of many.

use super::PoemArgs;
use crate::atomic;
use crate::cli::stdout;
use crate::error::{Error, Result};
use crate::eval::draw;
use crate::poem::coder::Coder;
use crate::poem::model::Poem;
use crate::poem::{map, map_picture, picture, reconstruct, text, walk};
use crate::report::table::Style;
use crate::train::poem::corpus::Corpus;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::path::Path;

/// What a file that is replaced may start with.
const PICTURES: &[&[u8]] = &[b"<svg", b"<?xml"];

/// Shows what was asked for.
pub(super) fn run(poem: &Poem<'_>, args: &PoemArgs) -> Result<()> {
    poem.need(&["encode"])?;
    if let Some(text) = &args.reconstruct {
        let found = reconstruct::reconstruct(poem, text)?;
        let text = match args.json {
            true => format!("{}\n", found.json()),
            false => found.render(Style::for_stdout().colour),
        };
        return stdout::put(&text).map(drop);
    }
    match &args.map {
        Some(path) => draw_map(poem, args, path),
        None => walk_between(poem, args),
    }
}

fn walk_between(poem: &Poem<'_>, args: &PoemArgs) -> Result<()> {
    let Some([from, to]) = args.between.as_deref() else {
        return Ok(());
    };
    if let Some(path) = &args.out {
        atomic::check_target(path, PICTURES)?;
    }
    let walk = walk::walk(poem, from, to, args.steps as usize)?;
    if let Some(path) = &args.out {
        atomic::write(path, picture::svg(&walk).as_bytes())?;
        eprintln!("wrote {}", path.display());
    }
    let text = match args.json {
        true => format!("{}\n", walk.json()),
        false => walk.render(Style::for_stdout().colour),
    };
    stdout::put(&text).map(drop)
}

fn draw_map(poem: &Poem<'_>, args: &PoemArgs, path: &Path) -> Result<()> {
    atomic::check_target(path, PICTURES)?;
    let Some(corpus) = &args.corpus else {
        return Ok(());
    };
    let ids = |text| text::parse(text, poem.positions(), |c| poem.id(c));
    let ends = match args.between.as_deref() {
        Some([from, to]) => Some([ids(from)?, ids(to)?]),
        _ => None,
    };
    let encoded = Corpus::read(corpus, poem.positions())?.encode(poem.vocabulary());
    if encoded.is_empty() {
        return Err(Error::input(format!(
            "{}: every poem has a character outside the vocabulary",
            corpus.display()
        )));
    }
    let count = encoded.len().min(args.points as usize);
    let poems: Vec<Vec<i32>> = draw::indices(encoded.len(), count, args.seed.unwrap_or(0))
        .into_iter()
        .map(|index| encoded.poem(index).iter().map(|&id| id as i32).collect())
        .collect();
    let bar = ProgressBar::new(poems.len() as u64).with_style(
        ProgressStyle::with_template("{msg:<10} {bar:40} {pos}/{len} {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_message("encode");
    let ends = ends.as_ref().map(|[from, to]| [from.as_slice(), to]);
    let map = map::map(poem, &poem.themes(), &poems, ends, &|| bar.inc(1))?;
    bar.finish_and_clear();
    atomic::write(path, map_picture::svg(&map)?.as_bytes())?;
    eprintln!("wrote {}", path.display());
    let shares = map.shares();
    let text = match args.json {
        true => {
            let themes = shares
                .iter()
                .map(|(name, poems)| json!({"theme": name, "poems": poems}));
            let themes: Vec<_> = themes.collect();
            format!("{}\n", json!({"poems": map.poems.len(), "themes": themes}))
        }
        false => {
            let lines = shares
                .iter()
                .map(|(name, poems)| format!("{name} {poems}\n"));
            lines.collect()
        }
    };
    stdout::put(&text).map(drop)
}
