//! Two best paths to each candidate, position by position.

use super::bits::Bits;
use super::{Lattice, MAX_POSITIONS, Row, STATES};
use heapless::Vec;

/// Paths kept for each candidate.
const RANKS: usize = 2;
/// Places of a position: path `rank` of candidate `state` is at `state · RANKS + rank`.
const PLACES: usize = STATES * RANKS;
/// Score of a place without a path; every path has a better one.
const NO_PATH: i32 = i32::MIN;

/// Where no character may stand twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the poem.
    Poem,
    /// In two lines, from the first line on.
    Couplet,
    /// Anything goes.
    Anywhere,
}

/// A way through the candidates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Characters, by id.
    pub ids: Vec<i32, MAX_POSITIONS>,
    /// Its score.
    pub score: i32,
}

/// A path kept.
#[derive(Clone, Copy)]
struct Kept {
    score: i32,
    /// Its place at the position before.
    from: u8,
    /// Bits of the characters that it has in the scope, and of those that are fixed there.
    used: u64,
}

impl Kept {
    /// Whether `other` is better; of equals the one from the lower place is.
    fn follows(&self, other: &Self) -> bool {
        self.score < other.score || self.score == other.score && self.from >= other.from
    }
}

const NOTHING: Kept = Kept {
    score: NO_PATH,
    from: 0,
    used: 0,
};

/// Where the path at each place of each position comes from.
type Origins = [[u8; PLACES]; MAX_POSITIONS];

pub(super) fn best(lattice: &Lattice, scope: Scope, avoided: &[&[i32]]) -> Result<Path, usize> {
    let rows = lattice.rows();
    let mut origins = [[0; PLACES]; MAX_POSITIONS];
    let (mut one, mut other) = ([NOTHING; PLACES], [NOTHING; PLACES]);
    let (mut before, mut after) = (&mut one, &mut other);
    // In front of the first position there is one path, without a character.
    if let Some(first) = before.first_mut() {
        first.score = 0;
    }
    let mut bits = Bits::EMPTY;
    bits.fill(rows);
    let mut here = Position::first(rows, &bits, avoided);
    let length = match scope {
        Scope::Poem => rows.len(),
        Scope::Couplet => lattice.line.saturating_mul(2),
        Scope::Anywhere => 1,
    };
    for (row, links) in rows.iter().zip(&lattice.links) {
        if here.index == here.end {
            here.start_scope(length, before);
        }
        if here.at == lattice.line {
            here.at = 0;
        }
        after.fill(NOTHING);
        let order = sorted(before);
        let candidates = row.ids().iter().zip(row.scores()).zip(links);
        let mut places = after.chunks_exact_mut(RANKS);
        for (((&id, &score), &links), kept) in candidates.zip(&mut places) {
            let bit = here.bits.get(id);
            let admits = |path: &Kept, place| {
                let seen = !row.is_fixed() && path.used & bit.mask != 0;
                let way = (&origins, place);
                !(seen && (bit.is_own || here.repeats(id, way))) && !here.completes(id, way)
            };
            extend((before, &order), kept, (links, lattice.bonus), admits);
            for kept in kept.iter_mut().filter(|kept| kept.score != NO_PATH) {
                kept.score = kept.score.wrapping_add(score);
                kept.used |= bit.mask;
            }
        }
        if after.iter().all(|path| path.score == NO_PATH) {
            return Err(here.index);
        }
        if let Some(origins) = origins.get_mut(here.index) {
            for (origin, path) in origins.iter_mut().zip(after.iter()) {
                *origin = path.from;
            }
        }
        core::mem::swap(&mut before, &mut after);
        here.index = here.index.wrapping_add(1);
        here.at = here.at.wrapping_add(1);
    }
    let (mut place, mut score) = (0, NO_PATH);
    for (at, path) in (0..).zip(before.iter()) {
        if path.score > score {
            (place, score) = (at, path.score);
        }
    }
    let mut ids: Vec<i32, MAX_POSITIONS> = Vec::new();
    for _ in rows {
        let _ = ids.push(0);
    }
    // Not `reverse`, in which a check of its bounds may be left.
    for (slot, id) in ids.iter_mut().rev().zip(here.back((&origins, place))) {
        *slot = id.into();
    }
    Ok(Path { ids, score })
}

/// Places with a path, the best first; of equals the lower place.
fn sorted(paths: &[Kept; PLACES]) -> Vec<u8, PLACES> {
    let mut order: Vec<u8, PLACES> = Vec::new();
    let score = |place: u8| paths.get(usize::from(place)).map(|path| path.score);
    for (place, path) in (0u8..).zip(paths) {
        if path.score == NO_PATH || order.push(place).is_err() {
            continue;
        }
        let mut new = order.as_mut_slice();
        while let [.., before, last] = new
            && score(*before) < Some(path.score)
        {
            core::mem::swap(before, last);
            let behind = new.len().wrapping_sub(1);
            new = new.get_mut(..behind).unwrap_or_default();
        }
    }
    order
}

/// Keeps the best of the paths that may be extended, each with the bonus where it is linked.
fn extend(
    (before, order): (&[Kept; PLACES], &[u8]),
    kept: &mut [Kept],
    (links, bonus): (u8, i32),
    admits: impl Fn(&Kept, u8) -> bool,
) {
    let [first, second] = kept else {
        return;
    };
    // What a path may gain at most.
    let most = if links == 0 { 0 } else { bonus.max(0) };
    for &place in order {
        let Some(path) = before.get(usize::from(place)) else {
            return;
        };
        if path.score.wrapping_add(most) < second.score {
            return;
        }
        let linked = links >> (usize::from(place) / RANKS) & 1 != 0;
        let new = Kept {
            score: path.score.wrapping_add(if linked { bonus } else { 0 }),
            from: place,
            used: path.used,
        };
        if new.follows(second) || !admits(path, place) {
            continue;
        }
        *second = new;
        if first.follows(second) {
            core::mem::swap(first, second);
        }
    }
}

/// A position on the way through the lines.
struct Position<'a> {
    rows: &'a [Row],
    bits: &'a Bits,
    avoided: &'a [&'a [i32]],
    index: usize,
    /// Within its line.
    at: usize,
    /// The scope that it lies in: its first position, and one behind its last.
    start: usize,
    end: usize,
}

impl<'a> Position<'a> {
    fn first(rows: &'a [Row], bits: &'a Bits, avoided: &'a [&'a [i32]]) -> Self {
        Self {
            rows,
            bits,
            avoided,
            index: 0,
            at: 0,
            start: 0,
            end: 0,
        }
    }

    /// A scope of `length` positions starts here: what paths have from before does not count.
    fn start_scope(&mut self, length: usize, paths: &mut [Kept; PLACES]) {
        self.start = self.index;
        self.end = self.index.saturating_add(length.max(1));
        let used = self
            .fixed()
            .fold(0, |bits, id| bits | self.bits.get(id).mask);
        for path in paths {
            path.used = used;
        }
    }

    /// Characters that are fixed in the scope.
    fn fixed(&self) -> impl Iterator<Item = u16> {
        let length = self.end.wrapping_sub(self.start);
        let scope = self.rows.iter().skip(self.start).take(length);
        let fixed = scope.filter(|row| row.is_fixed());
        fixed.filter_map(|row| row.ids().first().copied())
    }

    /// Whether the path that ends at a place of the position before has `id` in this scope, or another
    /// position of it is fixed to `id`.
    fn repeats(&self, id: u16, path: (&Origins, u8)) -> bool {
        let length = self.index.wrapping_sub(self.start);
        let mut taken = self.back(path).take(length).chain(self.fixed());
        taken.any(|other| other == id)
    }

    /// Whether `id` completes an avoided word behind the path.
    fn completes(&self, id: u16, path: (&Origins, u8)) -> bool {
        let words = self.avoided.iter().filter_map(|word| word.split_last());
        let mut ending = words.filter(|&(&last, rest)| {
            last == i32::from(id) && !rest.is_empty() && rest.len() <= self.at
        });
        ending.any(|(_, rest)| {
            let back = self.back(path).map(i32::from).take(rest.len());
            rest.iter().rev().copied().eq(back)
        })
    }

    /// Characters of a path, from the position before this one backwards.
    fn back(&self, (origins, mut place): (&Origins, u8)) -> impl Iterator<Item = u16> {
        let steps = self.rows.iter().zip(origins).take(self.index).rev();
        steps.map(move |(row, origins)| {
            let id = row.ids().get(usize::from(place) / RANKS);
            let origin = origins.get(usize::from(place));
            place = origin.copied().unwrap_or(0);
            id.copied().unwrap_or(0)
        })
    }
}
