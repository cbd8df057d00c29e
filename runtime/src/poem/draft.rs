//! One run of the network, from which poems by any rules are made.

mod demand;
mod rhyme;

#[cfg(test)]
mod tests;

use super::lists::Lists;
use super::{ComposeError, MAX_CHARACTERS, Meter, Rule, Rules, See, Verse};
use crate::decode::lattice::{Lattice, MAX_BONUS, STATES, Scope};
use crate::decode::pairs::Pairs;
use crate::decode::prosody::{Groups, Pattern};
use crate::error::InputError;
use crate::math;
use demand::Demand;

/// What composing has to know about a model.
#[derive(Clone, Copy)]
pub(super) struct Form<'m> {
    pub groups: &'m [u16],
    pub pairs: Option<Pairs<'m>>,
    /// What one of the network's scores is, in nats.
    pub scale: f32,
    /// The same of a lattice's: `scale · 2^shift`.
    pub unit: f32,
    pub shift: u32,
    pub line: usize,
    pub lines: usize,
}

impl Form<'_> {
    /// Tones and rhymes of `id`.
    pub fn groups_of(&self, id: u16) -> Groups {
        let groups = self.groups.get(usize::from(id));
        Groups(groups.copied().unwrap_or(u16::MAX))
    }

    /// Positions with their line and their place in it.
    pub fn positions(&self) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
        let line = self.line;
        let all = (0..self.lines).flat_map(move |number| (0..line).map(move |at| (number, at)));
        all.enumerate()
            .map(|(position, (number, at))| (position, number, at))
    }
}

/// The candidates of a latent: everything from which poems by any rules are made.
#[derive(Clone, Copy)]
pub struct Draft<'d> {
    pub(super) form: Form<'d>,
    pub(super) lists: Lists<'d>,
}

/// Candidates, and what was asked for at each position: two patterns have much in common.
struct Sheet {
    lattice: Lattice,
    demands: [Option<Demand>; MAX_CHARACTERS],
}

impl Sheet {
    fn new(line: usize) -> Self {
        let mut sheet = Self {
            lattice: Lattice::default(),
            demands: [None; MAX_CHARACTERS],
        };
        sheet.lattice.clear(line);
        sheet
    }
}

/// The rule leaves the position without a character.
fn none(position: usize, rule: Rule) -> ComposeError {
    ComposeError::Unsatisfiable { position, rule }
}

/// How far a search for a poem came.
fn reached(error: ComposeError) -> usize {
    match error {
        ComposeError::Input(_) => 0,
        ComposeError::Unsatisfiable { position, .. } => position,
    }
}

impl Draft<'_> {
    /// The best poem that keeps `rules`.
    ///
    /// Where no pattern lets a poem keep them, the error is that of the pattern that came farthest.
    ///
    /// # Errors
    /// More characters are fixed than a poem has; or no character suits a position.
    pub fn compose(&self, rules: &Rules<'_>) -> Result<Verse, ComposeError> {
        let needed = self.form.line.wrapping_mul(self.form.lines);
        if rules.fixed.len() > needed {
            return Err(InputError::Length { needed }.into());
        }
        let known = |id: i32| id < 0 || (id as usize) < self.form.groups.len();
        if let Some(position) = rules.fixed.iter().position(|&id| !known(id)) {
            return Err(none(position, Rule::Fixed));
        }
        let choices = match &rules.meter {
            Meter::Any => Pattern::choices(self.form.lines),
            Meter::Pattern(pattern) => core::slice::from_ref(pattern),
            Meter::Free => &[],
        };
        let mut sheet = Sheet::new(self.form.line);
        // Of the last round, in which everything may repeat.
        let mut farthest = None;
        for scope in [Scope::Poem, Scope::Couplet, Scope::Anywhere] {
            let mut best: Option<Verse> = None;
            farthest = None;
            for choice in 0..choices.len().max(1) {
                let pattern = choices.get(choice).copied();
                match self.attempt(rules, pattern, scope, &mut sheet) {
                    Ok(verse) if best.as_ref().is_none_or(|best| verse.score > best.score) => {
                        best = Some(verse);
                    }
                    Ok(_) => {}
                    Err(error) if farthest.is_none_or(|other| reached(error) > reached(other)) => {
                        farthest = Some(error);
                    }
                    Err(_) => {}
                }
            }
            if let Some(verse) = best {
                return Ok(verse);
            }
        }
        Err(farthest.unwrap_or(none(0, Rule::Tone)))
    }

    /// [`Draft::compose`], which shows the candidates of each position, with their scores.
    ///
    /// # Errors
    /// As [`Draft::compose`].
    pub fn compose_with(
        &self,
        rules: &Rules<'_>,
        see: &mut See<'_>,
    ) -> Result<Verse, ComposeError> {
        let verse = self.compose(rules)?;
        let mut sheet = Sheet::new(self.form.line);
        self.fill(rules, verse.pattern, &mut sheet)?;
        for (position, row) in sheet.lattice.rows().iter().enumerate() {
            let mut ids = [0; STATES];
            for (wide, &id) in ids.iter_mut().zip(row.ids()) {
                *wide = i32::from(id);
            }
            let ids = ids.get(..row.ids().len()).unwrap_or(&[]);
            see(position, ids, row.scores());
        }
        Ok(verse)
    }

    /// The best poem of one pattern.
    fn attempt(
        &self,
        rules: &Rules<'_>,
        pattern: Option<Pattern>,
        scope: Scope,
        sheet: &mut Sheet,
    ) -> Result<Verse, ComposeError> {
        let rhyme = self.fill(rules, pattern, sheet)?;
        if let Some(pairs) = self.form.pairs {
            let nats = pairs.bonus() as f32 / 65536.0;
            let bonus = math::round_even(nats / self.form.unit) as i32;
            let bonus = bonus.min(MAX_BONUS);
            let linked = |kind, a, b| pairs.contains(kind, a, b);
            sheet.lattice.link(bonus, linked);
        }
        let path = sheet.lattice.best(scope, rules.avoided);
        let path = path.map_err(|position| none(position, Rule::Avoided))?;
        Ok(Verse {
            ids: path.ids,
            pattern,
            rhyme,
            score: path.score,
            repeats: scope != Scope::Poem,
        })
    }

    /// Fills `sheet` with the candidates of `pattern`; the rhyme.
    fn fill(
        &self,
        rules: &Rules<'_>,
        pattern: Option<Pattern>,
        sheet: &mut Sheet,
    ) -> Result<Option<u8>, ComposeError> {
        let rhyme = match (rules.rhyme, pattern) {
            (None, None) => None,
            (None, Some(pattern)) => Some(self.best_rhyme(rules, pattern)?),
            (given, _) => given,
        };
        for (position, line, at) in self.form.positions() {
            let place = self.lists.place(line, at);
            let demand = match rhyme {
                Some(group) if place.is_last && self.rhymes(pattern, line) => Demand::Rhyme(group),
                _ => Demand::Tone(self.tone(rules, pattern, line, at)),
            };
            let Some(filled) = sheet.demands.get_mut(position) else {
                break;
            };
            if *filled != Some(demand) {
                let row = self.row(rules, position, &place, demand)?;
                sheet.lattice.set(position, row);
                *filled = Some(demand);
            }
        }
        Ok(rhyme)
    }

    /// Whether line `line` ends in the rhyme, where there is one.
    fn rhymes(&self, pattern: Option<Pattern>, line: usize) -> bool {
        match pattern {
            Some(pattern) => pattern.rhymes(self.form.lines, line),
            None => line & 1 == 1,
        }
    }
}
