//! Poems that the runtime composes, and what else they could have been.

use super::explain::{Explanation, Place};
use super::model::{Arena, Poem};
use crate::error::{Error, Result};
use qibu::decode::prosody::{Pattern, RHYME_NAMES, Tone};
use qibu::poem::{ComposeError, Composer, Rule, Rules};

/// A composed poem.
#[derive(Clone, Debug, PartialEq)]
pub struct Composed {
    /// Its characters.
    pub ids: Vec<i32>,
    /// The regulated pattern, where one was kept.
    pub pattern: Option<Pattern>,
    /// The rhyme group.
    pub rhyme: Option<u8>,
    /// Log-probability among the candidates, in nats.
    pub likelihood: f32,
    /// Whether no poem was found in which no character stands twice, those that were fixed apart.
    pub repeats: bool,
    /// Candidates of each position with their scores in nats, best first.
    pub candidates: Vec<Vec<(i32, f32)>>,
}

/// The likeliest poem of `latents`, one without repeats where there is one; the first of equals.
///
/// # Errors
/// No poem at any of them keeps the rules: where and why, of the last.
pub fn best(
    poem: &Poem<'_>,
    composer: &Composer<'_>,
    latents: &[Vec<f32>],
    rules: &Rules<'_>,
    arena: &mut Arena,
) -> Result<Composed> {
    let mut best: Option<Composed> = None;
    let mut refused = Error::usage("no poem was asked for");
    for latent in latents {
        match one(poem, composer, latent, rules, arena) {
            Ok(found) if best.as_ref().is_none_or(|best| found.is_better(best)) => {
                best = Some(found);
            }
            Ok(_) => {}
            Err(error) => refused = error,
        }
    }
    best.ok_or(refused)
}

fn one(
    poem: &Poem<'_>,
    composer: &Composer<'_>,
    latent: &[f32],
    rules: &Rules<'_>,
    arena: &mut Arena,
) -> Result<Composed> {
    let mut candidates = vec![Vec::new(); composer.positions()];
    let nats = composer.unit();
    let mut see = |position: usize, ids: &[i32], scores: &[i32]| {
        if let Some(place) = candidates.get_mut(position) {
            let scored = ids.iter().zip(scores);
            *place = scored
                .map(|(&id, &score)| (id, score as f32 * nats))
                .collect();
        }
    };
    let refused = |error| refusal(poem, &error, rules);
    let draft = composer
        .draft(latent, arena.of(composer.arena()))
        .map_err(|error| refused(error.into()))?;
    let verse = draft.compose_with(rules, &mut see).map_err(refused)?;
    Ok(Composed {
        likelihood: draft.likelihood(&verse.ids),
        ids: verse.ids.to_vec(),
        pattern: verse.pattern,
        rhyme: verse.rhyme,
        repeats: verse.repeats,
        candidates,
    })
}

/// An error of the runtime with what a user can do.
fn refusal(poem: &Poem<'_>, error: &ComposeError, rules: &Rules<'_>) -> Error {
    match error {
        ComposeError::Input(error) => Error::input(format!("{}: {error}", poem.name()))
            .hint("please report this with the file: a model that loads also runs"),
        ComposeError::Unsatisfiable { position, rule } => {
            let [line, _] = poem.lengths();
            let fixed = rules.fixed.get(*position).filter(|&&id| id >= 0);
            let fixed = fixed.map_or(String::new(), |&id| format!(" ({})", poem.character(id)));
            let [number, place] = [position / line + 1, position % line + 1];
            Error::usage(format!("line {number}, character {place}{fixed}: {rule}")).hint(
                match rule {
                    Rule::Rhyme => {
                        "lines that rhyme end in a level character of the group: give another \
                         --rhyme or --fix, or take --pattern free"
                    }
                    _ => "fix or avoid fewer characters, or take --pattern free",
                },
            )
        }
    }
}

impl Composed {
    fn is_better(&self, other: &Self) -> bool {
        match (self.repeats, other.repeats) {
            (false, true) => true,
            (true, false) => false,
            _ => self.likelihood > other.likelihood,
        }
    }

    /// Name of the rhyme group.
    #[must_use]
    pub fn rhyme_name(&self) -> Option<&'static str> {
        RHYME_NAMES.get(usize::from(self.rhyme?)).copied()
    }

    /// The poem laid open.
    #[must_use]
    pub fn explain(&self, poem: &Poem<'_>) -> Explanation {
        let places = self.ids.iter().zip(&self.candidates);
        let place = |(&id, candidates): (&i32, &Vec<(i32, f32)>)| {
            let best = candidates.first().map_or(0.0, |&(_, score)| score);
            let candidates = candidates.iter();
            Place {
                character: poem.character(id),
                tones: [Tone::Level, Tone::Oblique]
                    .map(|tone| poem.groups(id).is_some_and(|groups| groups.suit(tone))),
                candidates: candidates
                    .map(|&(id, score)| (poem.character(id), score - best))
                    .collect(),
            }
        };
        Explanation {
            places: places.map(place).collect(),
            line: poem.lengths()[0],
            pattern: self.pattern,
            rhyme: self.rhyme,
            likelihood: self.likelihood,
            repeats: self.repeats,
        }
    }
}
