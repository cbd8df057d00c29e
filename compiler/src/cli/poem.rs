//! `qibu poem`.

mod compose;
mod look;
mod plain;

use crate::error::{Error, Result};
use crate::poem::file::PoemFile;
use crate::poem::forms::{self, Form};
use crate::poem::wishes;
use clap::{ArgGroup, Args, value_parser};
use qibu::poem::Meter;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;

/// Writes poems, one for each seed, by the rules of regulated verse where the model knows them; or shows
/// what a model makes of given ones.
///
/// A model that was compiled with --prosody keeps the tones of a regulated pattern, rhymes, and repeats no
/// character where it finds a poem without; it takes the wishes below. Others write position by position.
#[derive(Args, Debug)]
#[command(allow_negative_numbers = true)]
#[command(group = ArgGroup::new("look").args(["reconstruct", "between", "map"]).multiple(true))]
pub struct PoemArgs {
    /// Model file, as `qibu compile` writes it; or a folder of them, such as `models`, with --form.
    #[arg(value_name = "MODEL.qibu")]
    model: PathBuf,
    /// Form of the poems; finds the model in a folder of models.
    #[arg(long, value_name = "FORM")]
    form: Option<Form>,
    /// Seed of the first poem; the next ones have the seeds after it. Random where left out.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Number of poems.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u64).range(1..=10_000_000))]
    count: u64,
    /// Boldness, from 0 (always the same poem) to 10. Where left out, 1 for models with prosody, else
    /// the model's own.
    #[arg(long, value_name = "T", value_parser = temperature)]
    temperature: Option<f32>,
    #[command(flatten)]
    wishes: Wishes,
    /// Encodes this poem, decodes it again and marks what changed.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["seed", "count", "temperature", "between", "map"])]
    reconstruct: Option<String>,
    /// Walks through the latent space from one poem to another.
    #[arg(long, num_args = 2, value_names = ["TEXT", "TEXT"], conflicts_with_all = ["count", "temperature"])]
    between: Option<Vec<String>>,
    /// Poems of the walk, both ends included.
    #[arg(long, value_name = "N", default_value_t = 9, requires = "between", value_parser = value_parser!(u64).range(2..=10_000))]
    steps: u64,
    /// Draws the walk as an SVG picture.
    #[arg(
        long,
        value_name = "FILE.svg",
        requires = "between",
        conflicts_with = "map"
    )]
    out: Option<PathBuf>,
    /// Draws the poems of --corpus as points of the latent space, with the model's themes and, with
    /// --between, the way from one poem to the other.
    #[arg(long, value_name = "FILE.svg", requires = "corpus", conflicts_with_all = ["count", "temperature"])]
    map: Option<PathBuf>,
    /// Poems of the map: a text file, one poem a line, or a folder with poet.*.json files.
    #[arg(long, value_name = "FILE_OR_DIR", requires = "map")]
    corpus: Option<PathBuf>,
    /// Most poems of the map, drawn by --seed.
    #[arg(long, value_name = "N", default_value_t = 3000, requires = "map", value_parser = value_parser!(u64).range(1..=1_000_000))]
    points: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What a poem is to be like, of models with prosody.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Wishes", next_line_help = false)]
struct Wishes {
    /// First characters of the lines.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["look", "plain"])]
    acrostic: Option<String>,
    /// Rhyme: a level group of the Pingshui table such as 东, or a character of it; the best where left
    /// out.
    #[arg(long, value_name = "CLASS", conflicts_with_all = ["look", "plain"])]
    rhyme: Option<String>,
    /// Tones: any (the best regulated pattern), abcd, dbcd, cdab or bdab (one of them, by the types of
    /// its lines: A ..仄仄平平仄, B ..平平仄仄平, C ..平平平仄仄, D ..仄仄仄平平; the first character of
    /// each, and a few others, are free), free (no rule). Where --fix or --acrostic puts an oblique
    /// character at the head of B, its third is level instead (拗救).
    #[arg(long, value_name = "PATTERN", value_parser = wishes::meter, conflicts_with_all = ["look", "plain"])]
    pattern: Option<Meter>,
    /// Characters in their places, ? for open ones: "??????月?".
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["look", "plain"])]
    fix: Option<String>,
    /// A word that must not occur within a line; may be given several times.
    #[arg(long, value_name = "WORD", conflicts_with_all = ["look", "plain"])]
    avoid: Vec<String>,
    /// Starts from where this poem lies in the latent space.
    #[arg(long, value_name = "TEXT", conflicts_with = "look")]
    like: Option<String>,
    /// Leans towards a theme of the model, by its name or a character of it; `inspect` lists them.
    #[arg(long, value_name = "THEME", conflicts_with = "look")]
    theme: Option<String>,
    /// How far to lean.
    #[arg(long, value_name = "W", default_value_t = 1.0, requires = "theme", value_parser = weight)]
    theme_weight: f32,
    /// Tries this many for each poem and keeps the one that the model itself finds likeliest.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with_all = ["look", "plain"], value_parser = value_parser!(u32).range(1..=10_000))]
    best_of: u32,
    /// Shows each poem with its tones, its rhyme and what else could have stood in each place.
    #[arg(long, conflicts_with_all = ["look", "plain"])]
    explain: bool,
    /// Reads the best character of each position, whatever the rules; as models without prosody do.
    #[arg(long, conflicts_with = "look")]
    plain: bool,
}

impl Wishes {
    /// The first wish that only a model with prosody grants.
    fn of_prosody(&self) -> Option<&'static str> {
        let wishes = [
            ("--acrostic", self.acrostic.is_some()),
            ("--rhyme", self.rhyme.is_some()),
            ("--pattern", self.pattern.is_some()),
            ("--fix", self.fix.is_some()),
            ("--avoid", !self.avoid.is_empty()),
            ("--best-of", self.best_of > 1),
            ("--explain", self.explain),
        ];
        let mut wishes = wishes.into_iter();
        wishes.find(|&(_, wished)| wished).map(|(flag, _)| flag)
    }
}

/// A finite temperature within reason.
pub(super) fn temperature(text: &str) -> std::result::Result<f32, String> {
    within(text, 0.0)
}

/// A finite weight within reason.
fn weight(text: &str) -> std::result::Result<f32, String> {
    within(text, -10.0)
}

fn within(text: &str, least: f32) -> std::result::Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if (least..=10.0).contains(&value) => Ok(value),
        _ => Err(format!("expected a number from {least} to 10")),
    }
}

/// Runs the command.
pub fn run(args: PoemArgs) -> Result<()> {
    let file = PoemFile::open(&forms::model(&args.model, args.form)?)?;
    let poem = file.poem()?;
    forms::check(poem.name(), poem.lengths(), args.form)?;
    if args.reconstruct.is_some() || args.between.is_some() || args.map.is_some() {
        return look::run(&poem, &args);
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
    match poem.composer() {
        Some(composer) if !args.wishes.plain => compose::run(&poem, &composer, seed, &args),
        composer => {
            if let (None, Some(flag)) = (composer, args.wishes.of_prosody()) {
                return Err(Error::usage(format!(
                    "{flag}: {} has no tones and rhymes",
                    poem.name()
                ))
                .hint("compile the model with --prosody, see `qibu compile --help`"));
            }
            plain::run(&poem, seed, &args)
        }
    }
}

/// A seed short enough to type again.
fn fresh() -> u64 {
    let state = std::collections::hash_map::RandomState::new();
    state.build_hasher().finish() % 1_000_000
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
            ("--map a.svg", "--corpus"),
            ("--points 7", "--map"),
            ("--pattern aabb", "abcd, dbcd, cdab or bdab"),
            ("--best-of 0", "1..=10000"),
            ("--theme-weight 2", "--theme"),
            ("--acrostic a --plain", "cannot be used with"),
            ("--acrostic a --reconstruct b", "cannot be used with"),
            ("--form sonnet", "possible values: couplet5"),
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
        assert!(parse("--map a.svg --corpus c --between a b --seed 1").is_ok());
        let wishes = "--acrostic a --fix b --rhyme c --avoid d --avoid e --best-of 4 --explain";
        assert_eq!(parse(wishes).unwrap().wishes.avoid.len(), 2);
    }

    #[test]
    fn seeds_do_not_wrap_around() {
        let last = |path: &std::path::Path, json: &str| {
            let mut args = parse(&format!("--seed 18446744073709551615 {json}")).unwrap();
            args.model = path.to_owned();
            run(args)
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.qibu");
        std::fs::write(&path, crate::poem::testing::file()).unwrap();
        let mut args = parse("--seed 18446744073709551615 --count 2").unwrap();
        args.model.clone_from(&path);
        assert!(run(args).unwrap_err().to_string().contains("64-bit seeds"));
        for json in ["", "--json"] {
            last(&path, json).unwrap();
        }
    }

    #[test]
    fn wishes_need_a_model_with_prosody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.qibu");
        std::fs::write(&path, crate::poem::testing::file()).unwrap();
        let mut args = parse("--seed 1 --acrostic 白").unwrap();
        args.model = path;
        let error = run(args).unwrap_err().to_string();
        assert!(error.contains("--acrostic"), "{error}");
        assert!(
            error.contains("compile the model with --prosody"),
            "{error}"
        );
    }
}
