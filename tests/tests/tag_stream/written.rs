//! Tags as FORMAT.md words them, from scores: whole paths instead of pointers, nothing shared with
//! the runtime.
//!
//! ```text
//! a survivor = its score, the best one's subtracted, and all its tags
//! a character comes: one step; the ring is full: its oldest character is decided, by force if need be
//! no step: that is forced too; the text is cut off, and goes on with the character as a first one
//! ```

use qibu::decode::crf::FORBIDDEN;
use qibu::tag::Event;

/// A score and a path, of each tag that has one.
type Survivor = (i32, Vec<u8>);

/// A reader of scores with room for `buffer` characters.
pub struct Written<'t> {
    tags: usize,
    /// `[T + 2, T]`.
    table: &'t [i32],
    buffer: usize,
    survivors: Vec<Option<Survivor>>,
    /// Characters of all survivors whose tags came out.
    decided: usize,
    forced: u32,
    events: Vec<Event>,
}

/// Neither overflows nor becomes forbidden.
fn near(exact: i64) -> i32 {
    let bound = i64::from(i32::MAX);
    exact.max(-bound).min(bound) as i32
}

/// a ⊕ b
fn plus(a: i32, b: i32) -> Option<i32> {
    (a != FORBIDDEN && b != FORBIDDEN).then(|| near(i64::from(a) + i64::from(b)))
}

/// The survivor with the greatest score, the first of equals.
fn greatest(survivors: &[Option<Survivor>]) -> Option<&Survivor> {
    let mut best: Option<&Survivor> = None;
    for survivor in survivors.iter().flatten() {
        if best.is_none_or(|best| survivor.0 > best.0) {
            best = Some(survivor);
        }
    }
    best
}

impl<'t> Written<'t> {
    pub fn new(tags: usize, table: &'t [i32], buffer: usize) -> Self {
        assert_eq!(table.len(), (tags + 2) * tags);
        Self {
            tags,
            table,
            buffer,
            survivors: Vec::new(),
            decided: 0,
            forced: 0,
            events: Vec::new(),
        }
    }

    /// Tags and ends of `texts`, each the scores of its characters.
    pub fn read(mut self, texts: &[Vec<i32>]) -> Vec<Event> {
        for text in texts {
            text.chunks(self.tags).for_each(|scores| self.take(scores));
            self.end();
        }
        self.events
    }

    fn entry(&self, row: usize, tag: usize) -> i32 {
        self.table[row * self.tags + tag]
    }

    fn step(&self, scores: &[i32]) -> Option<Vec<Option<Survivor>>> {
        let reach = |to: usize| -> Option<Survivor> {
            let (score, mut path) = if self.survivors.is_empty() {
                (plus(self.entry(0, to), 0)?, Vec::new())
            } else {
                let behind: Vec<Option<Survivor>> = (self.survivors.iter().enumerate())
                    .map(|(from, survivor)| {
                        let (score, path) = survivor.as_ref()?;
                        Some((plus(*score, self.entry(from + 1, to))?, path.clone()))
                    })
                    .collect();
                greatest(&behind)?.clone()
            };
            path.push(to as u8);
            Some((plus(score, scores[to])?, path))
        };
        let mut next: Vec<Option<Survivor>> = (0..self.tags).map(reach).collect();
        let most = greatest(&next)?.0;
        for (score, _) in next.iter_mut().flatten() {
            *score = near(i64::from(*score) - i64::from(most));
        }
        Some(next)
    }

    fn take(&mut self, scores: &[i32]) {
        let mut next = self.step(scores);
        if next.is_none() {
            self.forced += 1;
            self.settle(greatest(&self.survivors).cloned());
            next = self.step(scores);
        }
        let Some(next) = next else {
            self.events.push(Event::Tag(0));
            return;
        };
        self.survivors = next;
        let best = greatest(&self.survivors).cloned().unwrap().1;
        if best.len() - self.decided > self.buffer {
            let tag = best[self.decided];
            self.forced += u32::from(!self.agree());
            for survivor in &mut self.survivors {
                survivor.take_if(|(_, path)| path[self.decided] != tag);
            }
        }
        while self.decided < best.len() && self.agree() {
            self.events.push(Event::Tag(best[self.decided]));
            self.decided += 1;
        }
    }

    /// Whether all survivors have the same tag at the oldest character that is not decided.
    fn agree(&self) -> bool {
        let mut paths = self.survivors.iter().flatten();
        let first = paths.next().map(|(_, path)| path[self.decided]);
        paths.all(|(_, path)| Some(path[self.decided]) == first)
    }

    /// The rest of the tags are those of `best`; another text, or part of one, begins.
    fn settle(&mut self, best: Option<Survivor>) {
        let path = best.map_or(Vec::new(), |(_, path)| path);
        let rest = path.iter().skip(self.decided).copied();
        self.events.extend(rest.map(Event::Tag));
        self.survivors.clear();
        self.decided = 0;
    }

    fn end(&mut self) {
        let ended: Vec<Option<Survivor>> = (self.survivors.iter().enumerate())
            .map(|(tag, survivor)| {
                let (score, path) = survivor.as_ref()?;
                Some((plus(*score, self.entry(self.tags + 1, tag))?, path.clone()))
            })
            .collect();
        let mut best = greatest(&ended).cloned();
        if best.is_none() && !self.survivors.is_empty() {
            self.forced += 1;
            best = greatest(&self.survivors).cloned();
        }
        self.settle(best);
        let forced = std::mem::take(&mut self.forced);
        self.events.push(Event::End { forced });
    }
}
