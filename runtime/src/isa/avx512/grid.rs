//! Where positions of an output and their taps are in an image.

use super::sums::MOST;

/// Where positions are in an image: equal steps in a row of the output, equal pitches between its rows.
pub(super) struct Grid<'a> {
    pub bytes: &'a [u8],
    /// Positions.
    pub count: usize,
    /// Positions of a row.
    pub width: usize,
    pub step: usize,
    pub pitch: usize,
}

impl Grid<'_> {
    /// Bytes up to the end of the last position's taps, runs of `run` bytes; `None` where there are none.
    pub fn end(&self, taps: &Taps, run: usize) -> Option<usize> {
        let last = self.count.checked_sub(1)?;
        let y = last.checked_div(self.width)?.checked_mul(self.pitch)?;
        let x = last.min(self.width - 1).checked_mul(self.step)?;
        let i = taps.rows.checked_sub(1)?.checked_mul(taps.row_pitch)?;
        let j = taps.parts.checked_sub(1)?.checked_mul(taps.part_pitch)?;
        let sum = y.checked_add(x)?.checked_add(i)?.checked_add(j)?;
        sum.checked_add(run)
    }

    /// Bytes where positions start, from position `first` on.
    #[inline]
    pub fn offsets(&self, first: usize) -> impl Iterator<Item = usize> + use<> {
        let mut offsets = self.start(first);
        core::iter::from_fn(move || Some(offsets.next()))
    }

    /// [`Grid::offsets`] to go on with.
    #[inline]
    pub fn start(&self, first: usize) -> Offsets {
        let y = first.checked_div(self.width).unwrap_or(0);
        let x = first - y * self.width;
        Offsets {
            x,
            offset: y * self.pitch + x * self.step,
            width: self.width,
            step: self.step,
            turn: self.pitch.wrapping_sub(self.width * self.step),
        }
    }
}

/// Bytes where positions start.
pub(super) struct Offsets {
    x: usize,
    offset: usize,
    width: usize,
    step: usize,
    /// From behind the last position of a row to the first of the next one.
    turn: usize,
}

impl Offsets {
    #[inline]
    fn next(&mut self) -> usize {
        let next = self.offset;
        (self.x, self.offset) = (self.x + 1, self.offset + self.step);
        if self.x == self.width {
            (self.x, self.offset) = (0, self.offset.wrapping_add(self.turn));
        }
        next
    }

    /// The next `count` of them, added to `pixels`.
    #[inline]
    pub fn fill(&mut self, pixels: &mut [*const u8; MOST], count: usize) {
        if self.x + count < self.width {
            // In one row: no need to look. Those behind `count` point anywhere and are not read.
            for pixel in pixels.iter_mut() {
                *pixel = pixel.wrapping_add(self.offset);
                self.offset += self.step;
            }
            self.offset -= (MOST - count) * self.step;
            self.x += count;
            return;
        }
        for pixel in pixels.iter_mut().take(count) {
            *pixel = pixel.wrapping_add(self.next());
        }
    }
}

/// Where a position's taps are, from its first one on: rows of parts of quads.
pub(super) struct Taps {
    pub rows: usize,
    pub row_pitch: usize,
    pub parts: usize,
    pub part_pitch: usize,
    pub quads: usize,
}

impl Taps {
    /// Those of a column as it is gathered.
    pub fn column(quads: usize) -> Self {
        Self {
            rows: 1,
            row_pitch: 0,
            parts: 1,
            part_pitch: 0,
            quads,
        }
    }

    /// Rows and parts of rows.
    pub fn pieces(&self) -> Option<usize> {
        self.rows.checked_mul(self.parts)
    }
}
