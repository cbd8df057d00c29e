//! Poems read position by position.

use super::PoemArgs;
use crate::cli::stdout;
use crate::error::Result;
use crate::poem::latent::Source;
use crate::poem::model::{Arena, Poem};
use crate::poem::parallel;
use qibu::poem::Reading;
use serde_json::json;

/// Poems that are worked on before the first of them is shown.
pub(super) const BATCH: u64 = 256;

/// Writes poems as they come, in order of their seeds.
pub(super) fn run(poem: &Poem<'_>, seed: u64, args: &PoemArgs) -> Result<()> {
    let temperature = args.temperature.unwrap_or(poem.poet().temperature());
    let source = super::compose::source(poem, args, temperature)?;
    let mut all = Vec::new();
    for first in (0..args.count).step_by(BATCH as usize) {
        let size = BATCH.min(args.count - first);
        let poems = parallel::map(
            size as usize,
            parallel::available(),
            || Ok(Arena::new()),
            |arena, index| one(poem, &source, seed + first + index as u64, arena),
        )?;
        if args.json {
            let numbered = poems.iter().enumerate();
            all.extend(
                numbered.map(
                    |(index, poem)| json!({"seed": seed + first + index as u64, "poem": poem}),
                ),
            );
        } else if !stdout::put(&(poems.join("\n") + "\n"))? {
            return Ok(());
        }
    }
    if args.json {
        let temperature = (f64::from(temperature) * 1e6).round() / 1e6;
        let object = json!({"temperature": temperature, "poems": all});
        stdout::put(&format!("{object}\n"))?;
    }
    Ok(())
}

fn one(poem: &Poem<'_>, source: &Source<'_>, seed: u64, arena: &mut Arena) -> Result<String> {
    let latents = source.draw(seed, 1);
    let latent = latents.first().map_or(&[][..], Vec::as_slice);
    poem.read(latent, Reading::Distinct, arena)
}
