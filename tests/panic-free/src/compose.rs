//! Poems that keep rules: whatever the caller asks for.

use crate::Input;
use qibu::Model;
use qibu::decode::prosody::Pattern;
use qibu::poem::{Composer, Ids, Meter, Rules};

/// All of it; the number depends on every part.
pub fn run(model: &Model<'_>, input: &mut Input<'_>) -> Option<u32> {
    let composer = Composer::new(model)?;
    let mut fixed = Ids::new();
    let refused = composer.fix(input.name, &mut fixed).is_err();
    let pattern = *Pattern::ALL.get(input.seed as usize)?;
    let (free, tones) = (Meter::Free, Meter::Pattern(pattern));
    let mut sum = composer.temperature().to_bits() ^ composer.unit().to_bits();
    for meter in [Meter::Any, free, tones] {
        let rules = Rules {
            meter,
            rhyme: u8::try_from(input.seed >> 32).ok(),
            fixed: &fixed,
            avoided: &[input.ids, input.ids.get(1..)?],
        };
        let mut see = |position: usize, ids: &[i32], scores: &[i32]| {
            let all = ids.iter().chain(scores);
            sum = all.fold(sum ^ position as u32, |sum, &x| sum.wrapping_add(x as u32));
        };
        let draft = composer.draft(input.latent, input.arena).ok()?;
        let verse = draft.compose_with(&rules, &mut see).ok()?;
        sum ^= draft.likelihood(&verse.ids).to_bits() ^ verse.score as u32;
        let mut free = input.text.iter_mut();
        composer.write(&verse.ids, |piece| {
            for (slot, byte) in free.by_ref().zip(piece.bytes()) {
                *slot = byte;
            }
        });
    }
    for (slot, x) in input
        .floats
        .iter_mut()
        .zip(composer.sample(input.seed, 1.0))
    {
        *slot = x;
    }
    let heads = composer.fix_heads(input.name, &mut fixed).is_err();
    Some(sum ^ u32::from(refused) ^ u32::from(heads) ^ composer.positions() as u32)
}
