//! Poems by the rules.

use super::PoemArgs;
use super::plain::BATCH;
use crate::cli::stdout;
use crate::error::{Error, Result};
use crate::poem::coder::Coder as _;
use crate::poem::composed::{self, Composed};
use crate::poem::latent::Source;
use crate::poem::model::{Arena, Poem};
use crate::poem::wishes::{self, Wishes, Words};
use crate::poem::{parallel, text};
use qibu::poem::Composer;
use serde_json::{Value, json};

/// Writes poems as they come, in order of their seeds.
pub(super) fn run(
    poem: &Poem<'_>,
    composer: &Composer<'_>,
    seed: u64,
    args: &PoemArgs,
) -> Result<()> {
    let asked = &args.wishes;
    let words = Words {
        acrostic: asked.acrostic.as_deref(),
        fix: asked.fix.as_deref(),
        rhyme: asked.rhyme.as_deref(),
        meter: asked.pattern.unwrap_or_default(),
        avoid: &asked.avoid,
    };
    let wishes = Wishes::new(&words, poem)?;
    let avoided = wishes.avoided();
    let rules = wishes.rules(&avoided);
    let temperature = args.temperature.unwrap_or(composer.temperature());
    let source = source(poem, args, temperature)?;
    let mut all = Vec::new();
    for first in (0..args.count).step_by(BATCH as usize) {
        let size = BATCH.min(args.count - first);
        let poems = parallel::map(
            size as usize,
            parallel::available(),
            || Ok(Arena::new()),
            |arena, index| {
                let seed = seed + first + index as u64;
                let latents = source.draw(seed, asked.best_of as usize);
                composed::best(poem, composer, &latents, &rules, arena)
                    .map_err(|error| error.within(format!("seed {seed}")))
            },
        )?;
        let numbered = poems.iter().enumerate();
        let numbered = numbered.map(|(index, poem)| (poem, seed + first + index as u64));
        if args.json {
            all.extend(numbered.map(|(composed, seed)| entry(poem, composed, seed, asked.explain)));
        } else {
            let drawn = numbered.map(|(composed, seed)| match asked.explain {
                true => format!("seed {seed}\n\n{}\n", composed.explain(poem).render()),
                false => format!("{}\n", text_of(poem, composed)),
            });
            if !stdout::put(&drawn.collect::<String>())? {
                return Ok(());
            }
        }
    }
    if args.json {
        let temperature = (f64::from(temperature) * 1e6).round() / 1e6;
        let object = json!({"temperature": temperature, "poems": all});
        stdout::put(&format!("{object}\n"))?;
    }
    Ok(())
}

fn text_of(poem: &Poem<'_>, composed: &Composed) -> String {
    text::format(&poem.characters(&composed.ids))
}

fn entry(poem: &Poem<'_>, composed: &Composed, seed: u64, explain: bool) -> Value {
    if explain {
        let mut object = composed.explain(poem).json();
        object["seed"] = seed.into();
        return object;
    }
    json!({
        "seed": seed,
        "poem": text_of(poem, composed),
        "pattern": composed.pattern.map(wishes::name),
        "rhyme": composed.rhyme_name(),
        "repeats": composed.repeats,
    })
}

/// Where the poems start.
///
/// # Errors
/// The model has no such theme, or cannot encode the poem that they are to be like.
pub(super) fn source<'f>(poem: &Poem<'f>, args: &PoemArgs, temperature: f32) -> Result<Source<'f>> {
    let like = match &args.wishes.like {
        Some(like) => {
            poem.need(&["encode"]).map_err(|error| {
                Error::usage(format!("--like: {}", error.message()))
                    .hint(error.remedy().unwrap_or_default())
            })?;
            let ids = text::parse(like, poem.positions(), |c| poem.id(c))?;
            Some(poem.worker()?.encode(&ids)?)
        }
        None => None,
    };
    let theme = match &args.wishes.theme {
        Some(name) => Some((poem.themes().find(name)?, args.wishes.theme_weight)),
        None => None,
    };
    Ok(Source {
        like,
        theme,
        temperature,
        latent: poem.latent(),
    })
}
