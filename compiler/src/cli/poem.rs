//! `qibu poem`.

use super::stdout;
use crate::atomic;
use crate::error::{Error, Result};
use crate::poem::file::PoemFile;
use crate::poem::model::{Arena, Poem};
use crate::poem::{parallel, picture, reconstruct, walk};
use crate::report::table::Style;
use clap::{Args, value_parser};
use serde_json::json;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;

/// Writes couplets, one for each seed; or shows what a model makes of given ones.
#[derive(Args, Debug)]
#[command(allow_negative_numbers = true)]
pub struct PoemArgs {
    /// Model file, as `qibu compile` writes it.
    #[arg(value_name = "MODEL.qibu")]
    model: PathBuf,
    /// Seed of the first couplet; the next ones have the seeds after it. Random where left out.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Number of couplets.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u64).range(1..=10_000_000))]
    count: u64,
    /// Boldness, from 0 (always the same couplet) to 10; the model's own where left out.
    #[arg(long, value_name = "T", value_parser = temperature)]
    temperature: Option<f32>,
    /// Encodes this couplet, decodes it again and marks what changed.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["seed", "count", "temperature", "between"])]
    reconstruct: Option<String>,
    /// Walks through the latent space from one couplet to another.
    #[arg(long, num_args = 2, value_names = ["TEXT", "TEXT"], conflicts_with_all = ["seed", "count", "temperature"])]
    between: Option<Vec<String>>,
    /// Couplets of the walk, both ends included.
    #[arg(long, value_name = "N", default_value_t = 9, requires = "between", value_parser = value_parser!(u64).range(2..=10_000))]
    steps: u64,
    /// Draws the walk as an SVG picture.
    #[arg(long, value_name = "FILE.svg", requires = "between")]
    out: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// A finite temperature within reason.
pub(super) fn temperature(text: &str) -> std::result::Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if (0.0..=10.0).contains(&value) => Ok(value),
        _ => Err("expected a number from 0 to 10".into()),
    }
}

/// Runs the command.
pub fn run(args: PoemArgs) -> Result<()> {
    let file = PoemFile::open(&args.model)?;
    let poem = file.poem()?;
    if let Some(text) = &args.reconstruct {
        poem.need(&["encode"])?;
        let found = reconstruct::reconstruct(&poem, text)?;
        let text = match args.json {
            true => format!("{}\n", found.json()),
            false => found.render(Style::for_stdout().colour),
        };
        return stdout::put(&text).map(drop);
    }
    if let Some([from, to]) = args.between.as_deref() {
        poem.need(&["encode"])?;
        if let Some(path) = &args.out {
            atomic::check_target(path, &[b"<svg", b"<?xml"])?;
        }
        let walk = walk::walk(&poem, from, to, args.steps as usize)?;
        if let Some(path) = &args.out {
            atomic::write(path, picture::svg(&walk).as_bytes())?;
            eprintln!("wrote {}", path.display());
        }
        let text = match args.json {
            true => format!("{}\n", walk.json()),
            false => walk.render(Style::for_stdout().colour),
        };
        return stdout::put(&text).map(drop);
    }
    let seed = args.seed.unwrap_or_else(|| {
        let seed = fresh();
        eprintln!("seed {seed}");
        seed
    });
    if seed.checked_add(args.count - 1).is_none() {
        return Err(Error::usage(format!(
            "--count {} from --seed {seed} leaves the 64-bit seeds",
            args.count
        ))
        .hint("give a smaller seed"));
    }
    let temperature = args.temperature.unwrap_or(poem.poet().temperature());
    write(&poem, seed, args.count, temperature, args.json)
}

/// A seed short enough to type again.
fn fresh() -> u64 {
    let state = std::collections::hash_map::RandomState::new();
    state.build_hasher().finish() % 1_000_000
}

/// Couplets that are worked on before the first of them is shown.
const BATCH: u64 = 256;

/// Writes couplets as they come, in order of their seeds.
fn write(poem: &Poem<'_>, seed: u64, count: u64, temperature: f32, json: bool) -> Result<()> {
    let mut all = Vec::new();
    for first in (0..count).step_by(BATCH as usize) {
        let size = BATCH.min(count - first);
        let couplets = parallel::map(
            size as usize,
            parallel::available(),
            || Ok(Arena::new()),
            |arena, index| poem.couplet(seed + first + index as u64, temperature, arena),
        )?;
        if json {
            let numbered = couplets.iter().zip(seed + first..);
            all.extend(numbered.map(|(couplet, seed)| json!({"seed": seed, "couplet": couplet})));
        } else if !stdout::put(&(couplets.join("\n") + "\n"))? {
            return Ok(());
        }
    }
    if json {
        let temperature = (f64::from(temperature) * 1e6).round() / 1e6;
        let object = json!({"temperature": temperature, "couplets": all});
        stdout::put(&format!("{object}\n"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: PoemArgs,
    }

    fn parse(line: &str) -> std::result::Result<PoemArgs, String> {
        let words = ["poem", "m.qibu"]
            .into_iter()
            .chain(line.split_whitespace());
        let parsed = Line::try_parse_from(words);
        parsed
            .map(|line| line.args)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn values_out_of_range_are_refused_with_the_range() {
        for (line, part) in [
            ("--count 0", "1..=10000000"),
            ("--temperature NaN", "a number from 0 to 10"),
            ("--temperature -1", "a number from 0 to 10"),
            ("--temperature inf", "a number from 0 to 10"),
            ("--seed x", "invalid digit"),
            ("--between a b --steps 1", "2..=10000"),
            ("--between a", "2 values required"),
            ("--steps 3", "--between"),
            ("--out a.svg", "--between"),
            ("--reconstruct a --seed 1", "cannot be used with"),
            ("--reconstruct a --between a b", "cannot be used with"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    #[test]
    fn defaults_stand_beside_every_mode() {
        assert_eq!(parse("").unwrap().count, 1);
        assert_eq!(parse("--temperature 0").unwrap().temperature, Some(0.0));
        assert_eq!(parse("--between a b").unwrap().steps, 9);
        assert!(parse("--reconstruct a --json").is_ok());
    }

    #[test]
    fn seeds_do_not_wrap_around() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.qibu");
        std::fs::write(&path, crate::poem::testing::file()).unwrap();
        let mut args = parse("--seed 18446744073709551615 --count 2").unwrap();
        args.model = path;
        assert!(run(args).unwrap_err().to_string().contains("64-bit seeds"));
    }
}
