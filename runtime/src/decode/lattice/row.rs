//! Candidates of one position.

/// Most candidates of a position.
pub const STATES: usize = 8;
/// Greatest score of a candidate, on both sides of zero.
pub const MAX_SCORE: i32 = 1 << 25;

/// Candidates of one position, best first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row {
    ids: [u16; STATES],
    scores: [i32; STATES],
    length: u8,
    fixed: bool,
}

impl Row {
    /// A position that the caller fixed to `id`.
    #[must_use]
    pub fn fixed(id: u16) -> Self {
        let mut row = Self::default();
        row.offer(id, 0);
        row.fixed = true;
        row
    }

    /// Whether the caller fixed it.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.fixed
    }

    /// Ids of the candidates.
    #[must_use]
    pub fn ids(&self) -> &[u16] {
        self.ids.get(..self.length.into()).unwrap_or(&[])
    }

    /// Scores of the candidates, descending.
    #[must_use]
    pub fn scores(&self) -> &[i32] {
        self.scores.get(..self.length.into()).unwrap_or(&[])
    }

    /// Keeps a candidate where it is new and one of the best; of equal scores the lower id is better.
    pub fn offer(&mut self, id: u16, score: i32) {
        if self.ids().contains(&id) {
            return;
        }
        let score = score.clamp(-MAX_SCORE, MAX_SCORE);
        let length = usize::from(self.length);
        let places = self.ids.iter_mut().zip(&mut self.scores);
        // From the end, as most candidates come in order: those that are worse make room.
        let mut free: Option<(&mut u16, &mut i32)> = None;
        for (place, (old_id, old)) in places.enumerate().rev() {
            if place > length {
                continue;
            }
            let is_free = place == length;
            if !is_free && (*old > score || *old == score && *old_id < id) {
                break;
            }
            if let Some((free_id, free)) = free.filter(|_| !is_free) {
                (*free_id, *free) = (*old_id, *old);
            }
            free = Some((old_id, old));
        }
        if let Some((free_id, free)) = free {
            (*free_id, *free) = (id, score);
            self.length = self.length.wrapping_add(1).min(STATES as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_kept_in_order() {
        let mut row = Row::default();
        for (id, score) in (0..12).map(|n| (n, i32::from(n * 7 % 12))) {
            row.offer(id, score);
            row.offer(id, 100);
        }
        assert_eq!(row.scores(), [11, 10, 9, 8, 7, 6, 5, 4]);
        assert_eq!(row.ids(), [5, 10, 3, 8, 1, 6, 11, 4]);
    }

    #[test]
    fn of_equals_the_lower_id_comes_first() {
        let mut row = Row::default();
        for id in [9, 2, 5, 1, 8, 3, 7, 6, 4, 0] {
            row.offer(id, i32::MAX);
        }
        assert_eq!(row.ids(), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(row.scores(), [MAX_SCORE; STATES]);
        assert!(!row.is_fixed() && Row::fixed(3).is_fixed());
        assert_eq!(Row::fixed(3).ids(), [3]);
    }
}
