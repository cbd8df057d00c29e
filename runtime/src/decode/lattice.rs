//! The best way through a poem's candidates: Viterbi over a few of them for each position.
//!
//! ```text
//! score of a path = Σ score of its candidates + bonus for each linked pair of neighbours in a line
//!
//! for each position, for each of its candidates b:
//!     for each path kept that ends in a candidate a before it, the best first:
//!         drop the path where b repeats a character of it, or completes an avoided word
//!     keep the two best of the others; stop at paths that could not be, with the bonus
//! ```
//!
//! 1. Lines are linked to nothing: what couples them is the rule that no character stands twice.
//! 2. Without that rule and without avoided words of three characters or more, the result is the best
//!    path of all. With them it is a path that keeps them, and the best of those wherever, at no
//!    candidate of that path, two others that keep them reach the candidate with as good a score. So
//!    it is always where every best path of all keeps them.
//! 3. Characters that the caller fixed may repeat each other. A candidate that repeats one is dropped.
//! 4. A set of 64 bits for each path says which characters it has, of those that several positions
//!    have as candidates; only where these are more than 63, paths are walked.
//! 5. Ties go to the lower candidate.

mod bits;
mod path;
mod row;

#[cfg(test)]
mod tests;

pub use path::{Path, Scope};
pub use row::{MAX_SCORE, Row, STATES};

use super::pairs::Kind;
use heapless::Vec;

/// Most positions.
pub const MAX_POSITIONS: usize = 28;
/// Greatest bonus; with [`MAX_SCORE`] it keeps the score of every path within 32 bits.
pub const MAX_BONUS: i32 = 1 << 24;

/// Candidates of all positions, and which neighbours are linked.
#[derive(Clone, Debug, Default)]
pub struct Lattice {
    rows: Vec<Row, MAX_POSITIONS>,
    /// For each candidate of a position a bit for each candidate before it.
    links: [[u8; STATES]; MAX_POSITIONS],
    line: usize,
    bonus: i32,
    /// A bit for each position that was set since links were last told.
    stale: u32,
}

impl Lattice {
    /// No positions yet; `line` of them make a line.
    pub fn clear(&mut self, line: usize) {
        self.rows.clear();
        self.links = Default::default();
        (self.line, self.bonus, self.stale) = (line, 0, 0);
    }

    /// Adds a position, where there is room.
    pub fn push(&mut self, row: Row) {
        self.set(self.rows.len(), row);
    }

    /// Sets a position, or adds it behind the last, where there is room.
    pub fn set(&mut self, position: usize, row: Row) {
        if position == self.rows.len() {
            let _ = self.rows.push(row);
        } else if let Some(old) = self.rows.get_mut(position) {
            *old = row;
        }
        self.stale |= 1u32.checked_shl(position as u32).unwrap_or(0);
    }

    /// The positions.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Links the neighbours within a line of which `linked` says so; each adds `bonus` to a path.
    ///
    /// It is asked about positions that were set since the last time, and about their neighbours.
    pub fn link(&mut self, bonus: i32, linked: impl Fn(Kind, u16, u16) -> bool) {
        self.bonus = bonus.clamp(-MAX_BONUS, MAX_BONUS);
        let (mut before, mut at): (&[u16], usize) = (&[], 0);
        let mut stale = self.stale | self.stale << 1;
        for (row, links) in self.rows.iter().zip(&mut self.links) {
            if at == self.line {
                (before, at) = (&[], 0);
            }
            if stale & 1 != 0 {
                let kind = Kind::behind(self.line.wrapping_sub(at).wrapping_sub(1));
                for (&b, links) in row.ids().iter().zip(links) {
                    *links = before.iter().rev().fold(0, |bits, &a| {
                        // The first candidate has the lowest bit.
                        bits << 1 | u8::from(linked(kind, a, b))
                    });
                }
            }
            before = row.ids();
            at = at.wrapping_add(1);
            stale >>= 1;
        }
        self.stale = 0;
    }

    /// The best path that keeps `scope` and has no word of `avoided` within a line.
    ///
    /// # Errors
    /// The first position that no such path reaches.
    pub fn best(&self, scope: Scope, avoided: &[&[i32]]) -> Result<Path, usize> {
        path::best(self, scope, avoided)
    }
}
