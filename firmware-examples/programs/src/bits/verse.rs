//! What a poem that keeps the rules costs beside one that is read off position by position.
//!
//! ```text
//! # plain <seed> T       latent to characters, the best of each position
//! # composed <seed> T    latent to characters, by all rules
//! composed <seed>: <ids>
//! ```

use super::Out;
use super::count::{Clock, ticks};
use core::fmt::{self, Write};
use qibu::Model;
use qibu::poem::{Composer, MAX_LATENT, Poet, Reading, Rules};

/// Poems that are counted.
const SEEDS: u64 = 3;

/// Counts poems of the first seeds and prints them.
pub(super) fn verse(
    model: &Model<'_>,
    arena: &mut [u8],
    clock: &mut dyn Clock,
    out: &mut Out<'_>,
) -> fmt::Result {
    let (Some(poet), Some(composer)) = (Poet::new(model), Composer::new(model)) else {
        return writeln!(out, "error: not a poem model that composes");
    };
    for seed in 1..=SEEDS {
        let mut latent = [0.0; MAX_LATENT];
        for (slot, x) in latent.iter_mut().zip(composer.sample(seed, 1.0)) {
            *slot = x;
        }
        let latent = latent.get(..composer.latent()).unwrap_or(&[]);
        clock.start();
        let plain = poet.decode(latent, Reading::Greedy, arena);
        let spent = clock.ticks();
        ticks(format_args!("plain {seed}"), spent, out)?;
        clock.start();
        let composed = composer.compose(latent, &Rules::default(), arena);
        let spent = clock.ticks();
        ticks(format_args!("composed {seed}"), spent, out)?;
        match (plain, composed) {
            (Ok(_), Ok(verse)) => {
                write!(out, "composed {seed}:")?;
                for id in &verse.ids {
                    write!(out, " {id}")?;
                }
                out.write_char('\n')?;
            }
            (Err(error), _) => return writeln!(out, "error: {error}"),
            (_, Err(error)) => return writeln!(out, "error: {error}"),
        }
    }
    Ok(())
}
