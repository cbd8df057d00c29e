//! How likely the network finds a poem.

use super::Draft;
use crate::math;

/// Candidates that are worse than the best by more, in nats, add nothing that a float could tell.
const LEAST: f32 = -20.0;

impl Draft<'_> {
    /// Log-probability of the characters `ids`, in nats: the sum over all positions of what softmax gives
    /// each among all candidates of its position, whatever their tones.
    ///
    /// Such sums rank poems of different latents. Rules and pairs do not count. A character that is no
    /// candidate, because the caller fixed it, counts as the worst of them.
    #[must_use]
    pub fn likelihood(&self, ids: &[i32]) -> f32 {
        let mut total = 0.0;
        for ((_, line, at), &own) in self.form.positions().zip(ids) {
            let place = self.lists.place(line, at);
            let best = place.best();
            let (mut sum, mut worst, mut found) = (0.0, 0.0, None);
            for (id, score) in place.once(|id| self.form.groups_of(id)) {
                let nats = -(best.saturating_sub(score) as f32) * self.form.scale;
                worst = math::min(worst, nats);
                if i32::from(id) == own {
                    found = Some(nats);
                }
                if nats > LEAST {
                    sum += math::exp(nats);
                }
            }
            // The best one alone adds one.
            if sum > 0.0 {
                total += found.unwrap_or(worst) - math::ln(sum);
            }
        }
        total
    }
}
