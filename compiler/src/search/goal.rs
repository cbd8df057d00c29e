//! Limits that a search keeps, and the point of the frontier that keeps them best.

use super::Point;
use crate::error::{Error, Result};
use crate::report::grouped;

/// What the caller asks for; at least one of the three.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Goal {
    /// Most bytes of the file.
    pub max_flash: Option<usize>,
    /// Most bytes of arena.
    pub max_ram: Option<usize>,
    /// Least signal-to-noise ratio of every output, in decibels.
    pub min_snr: Option<f64>,
}

impl Goal {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn allows(&self, point: &Point) -> bool {
        self.max_flash.is_none_or(|most| point.flash <= most)
            && self.max_ram.is_none_or(|most| point.ram <= most)
            && self.min_snr.is_none_or(|least| point.snr_db >= least)
    }

    /// Index of the best point: the smallest file where a ratio is asked for, else the least noise.
    ///
    /// # Errors
    /// No point is within the limits.
    pub fn choose(&self, frontier: &[Point]) -> Result<usize> {
        let allowed = frontier
            .iter()
            .enumerate()
            .filter(|(_, point)| self.allows(point));
        let found = match self.min_snr {
            Some(_) => allowed.min_by(|(_, a), (_, b)| {
                (a.flash, a.ram)
                    .cmp(&(b.flash, b.ram))
                    .then(b.snr_db.total_cmp(&a.snr_db))
            }),
            // Of equals the first: `max_by` would take the last.
            None => allowed.reduce(|best, next| match next.1.snr_db > best.1.snr_db {
                true => next,
                false => best,
            }),
        };
        found
            .map(|(index, _)| index)
            .ok_or_else(|| self.refusal(frontier))
    }

    fn refusal(&self, frontier: &[Point]) -> Error {
        let least = |of: fn(&Point) -> usize| grouped(frontier.iter().map(of).min().unwrap_or(0));
        let ratios = frontier.iter().map(|point| point.snr_db);
        let best = ratios.fold(
            f64::NEG_INFINITY,
            |most, snr| if snr > most { snr } else { most },
        );
        let mut asked = Vec::new();
        if let Some(most) = self.max_flash {
            let found = least(|point| point.flash);
            asked.push(format!(
                "flash ≤ {} (the least found is {found})",
                grouped(most)
            ));
        }
        if let Some(most) = self.max_ram {
            let found = least(|point| point.ram);
            asked.push(format!(
                "RAM ≤ {} (the least found is {found})",
                grouped(most)
            ));
        }
        if let Some(wanted) = self.min_snr {
            asked.push(format!(
                "SNR ≥ {wanted} dB (the best found is {best:.1} dB)"
            ));
        }
        Error::input(format!(
            "none of {} choices of formats has {}",
            frontier.len(),
            asked.join(" together with ")
        ))
        .hint("relax a limit, or make the model smaller; --weights f32 is not among the choices")
    }
}
