//! The rhyme that suits a latent best.

use super::demand::{fixed, is_avoided};
use super::{Draft, none};
use crate::decode::prosody::{Pattern, RHYMES};
use crate::poem::{ComposeError, Rule, Rules};

impl Draft<'_> {
    /// The rhyme group whose best candidates have the best sum; of equals the first.
    pub(super) fn best_rhyme(
        &self,
        rules: &Rules<'_>,
        pattern: Pattern,
    ) -> Result<u8, ComposeError> {
        let mut best: Option<(i64, u8)> = None;
        let mut farthest = 0;
        for group in 0..RHYMES as u8 {
            match self.rhyme_score(rules, pattern, group) {
                Ok(score) if best.is_none_or(|(most, _)| score > most) => {
                    best = Some((score, group));
                }
                Ok(_) => {}
                Err(position) => farthest = position.max(farthest),
            }
        }
        best.map(|(_, group)| group)
            .ok_or(none(farthest, Rule::Rhyme))
    }

    /// Sum of the best scores of `group` where lines rhyme, or the first position without any.
    fn rhyme_score(&self, rules: &Rules<'_>, pattern: Pattern, group: u8) -> Result<i64, usize> {
        let mut sum = 0i64;
        let last = self.form.line.saturating_sub(1);
        let rhyming = (0..self.form.lines).filter(|&line| self.rhymes(Some(pattern), line));
        for line in rhyming {
            let position = line.wrapping_mul(self.form.line).wrapping_add(last);
            if let Some(id) = fixed(rules, position) {
                let id = u16::try_from(id).unwrap_or(u16::MAX);
                if !self.form.groups_of(id).has(group) {
                    return Err(position);
                }
                continue;
            }
            let mut open = self.lists.place(line, last).list(group.into());
            let best = open.find(|&(id, _)| !is_avoided(rules, id));
            let (_, score) = best.ok_or(position)?;
            sum = sum.wrapping_add(score.into());
        }
        Ok(sum)
    }
}
