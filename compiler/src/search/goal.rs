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
            .ok_or_else(|| refusal(frontier))
    }
}

fn refusal(frontier: &[Point]) -> Error {
    let least = |of: fn(&Point) -> usize| frontier.iter().map(of).min().unwrap_or(0);
    let best = frontier.iter().map(|point| point.snr_db);
    let best = best.fold(
        f64::NEG_INFINITY,
        |most, snr| if snr > most { snr } else { most },
    );
    Error::input(format!(
        "none of {} choices of formats keeps within the limits: flash is at least {} bytes, RAM at least {} \
         bytes, the ratio at most {best:.1} dB, and not all at once",
        frontier.len(),
        grouped(least(|point| point.flash)),
        grouped(least(|point| point.ram)),
    ))
    .hint("raise a limit, or make the model smaller")
}
