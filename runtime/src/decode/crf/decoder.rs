//! Decoders that bring their own memory, sized at compile time.

use super::error::CrfError;
use super::forward_backward;
use super::k_best::{self, ListScratch};
use super::score::Score;
use super::table::Crf;
use super::viterbi::{self, Scratch};
use heapless::Vec;

/// The best tags of texts of at most `LENGTH` characters, of at most `TAGS` tags.
///
/// `LENGTH · (TAGS + 1)` bytes and a few. See [`super`] for an example.
#[derive(Clone, Debug)]
pub struct Decoder<'a, S: Score, const TAGS: usize, const LENGTH: usize> {
    crf: Crf<'a, S>,
    scores: [[S; TAGS]; 2],
    pointers: [[u8; TAGS]; LENGTH],
}

impl<'a, S: Score, const TAGS: usize, const LENGTH: usize> Decoder<'a, S, TAGS, LENGTH> {
    /// A decoder of `crf`; `None` where that has more than `TAGS` tags.
    #[must_use]
    pub fn new(crf: Crf<'a, S>) -> Option<Self> {
        (crf.tags() <= TAGS).then_some(Self {
            crf,
            scores: [[S::ZERO; TAGS]; 2],
            pointers: [[0; TAGS]; LENGTH],
        })
    }

    /// The score of the best tags, and these; see [`viterbi()`](super::viterbi()).
    ///
    /// # Errors
    /// A slice has the wrong length, the text is longer than `LENGTH`, or no path is allowed.
    pub fn viterbi(
        &mut self,
        emissions: &[S],
        allowed: Option<&[u64]>,
    ) -> Result<(S::Total, Vec<u8, LENGTH>), CrfError> {
        let length = viterbi::positions(self.crf.tags(), emissions, allowed)?;
        let mut tags = Vec::new();
        let room = tags.resize(length, 0);
        room.map_err(|_| CrfError::Scratch { needed: length })?;
        let scratch = Scratch {
            scores: self.scores.as_flattened_mut(),
            pointers: self.pointers.as_flattened_mut(),
        };
        let total = viterbi::viterbi(&self.crf, emissions, allowed, scratch, &mut tags)?;
        Ok((total, tags))
    }

    /// The logarithm of the partition sum, and the probability of each tag at each position, of
    /// which the first T columns count; see [`marginals()`](super::marginals()).
    ///
    /// # Errors
    /// A slice has the wrong length, the text is longer than `LENGTH`, or no path is allowed.
    pub fn marginals(
        &self,
        emissions: &[S],
        allowed: Option<&[u64]>,
    ) -> Result<(f32, Vec<[f32; TAGS], LENGTH>), CrfError> {
        let tags = self.crf.tags();
        let length = viterbi::positions(tags, emissions, allowed)?;
        let mut table = Vec::new();
        let room = table.resize(length, [0.0; TAGS]);
        room.map_err(|_| CrfError::Scratch { needed: length })?;
        let mut scratch = [[0.0; TAGS]; 2];
        let scratch = scratch.as_flattened_mut();
        let flat = table.as_flattened_mut();
        let needed = length.saturating_mul(tags);
        let flat = flat.get_mut(..needed).ok_or(CrfError::Scratch { needed })?;
        let log_partition =
            forward_backward::marginals(&self.crf, emissions, allowed, scratch, flat)?;
        spread(&mut table, tags);
        Ok((log_partition, table))
    }

    /// The logarithm of the probability of `tags`; see
    /// [`log_probability()`](super::log_probability()).
    ///
    /// # Errors
    /// A slice has the wrong length, a tag does not exist, or no path is allowed.
    pub fn log_probability(
        &self,
        emissions: &[S],
        allowed: Option<&[u64]>,
        tags: &[u8],
    ) -> Result<f32, CrfError> {
        let mut scratch = [[0.0; TAGS]; 2];
        let scratch = scratch.as_flattened_mut();
        forward_backward::log_probability(&self.crf, emissions, allowed, tags, scratch)
    }
}

/// Moves rows of `tags` elements that follow each other to the starts of the table's own rows, the
/// last one first, so that none is overwritten before it moves.
fn spread<const TAGS: usize>(table: &mut [[f32; TAGS]], tags: usize) {
    for position in (0..table.len()).rev() {
        for tag in (0..TAGS).rev() {
            let place = position.saturating_mul(tags).saturating_add(tag);
            let packed = table.as_flattened().get(place).copied();
            let value = packed.filter(|_| tag < tags).unwrap_or(0.0);
            if let Some(slot) = table.get_mut(position).and_then(|row| row.get_mut(tag)) {
                *slot = value;
            }
        }
    }
}

/// One of several tag sequences: its score and its tags.
pub type Ranked<S, const LENGTH: usize> = (<S as Score>::Total, Vec<u8, LENGTH>);

/// The `K` best tag sequences of texts of at most `LENGTH` characters, of at most `TAGS` tags.
///
/// `LENGTH · K · (2 · TAGS + 1)` bytes and a few.
///
/// ```
/// use qibu::decode::crf::{Crf, ListDecoder};
///
/// let crf = Crf::new(2, &[0.0; 8]).ok_or("a table of another size")?; // no transition scores
/// let mut decoder = ListDecoder::<f32, 2, 16, 3>::new(crf).ok_or("too many tags")?;
/// let paths = decoder.k_best(&[1.0, 0.0, 0.0, 0.25], None)?; // two characters
/// assert_eq!((paths[0].0, &paths[0].1[..]), (1.25, &[0, 1][..]));
/// assert_eq!((paths[1].0, &paths[1].1[..]), (1.0, &[0, 0][..]));
/// assert_eq!((paths[2].0, &paths[2].1[..]), (0.25, &[1, 1][..]));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ListDecoder<'a, S: Score, const TAGS: usize, const LENGTH: usize, const K: usize> {
    crf: Crf<'a, S>,
    scores: [[[S; K]; TAGS]; 2],
    pointers: [[[u16; K]; TAGS]; LENGTH],
    paths: [[u8; LENGTH]; K],
}

impl<'a, S: Score, const TAGS: usize, const LENGTH: usize, const K: usize>
    ListDecoder<'a, S, TAGS, LENGTH, K>
{
    /// A decoder of `crf`; `None` where that has more than `TAGS` tags.
    #[must_use]
    pub fn new(crf: Crf<'a, S>) -> Option<Self> {
        (crf.tags() <= TAGS).then_some(Self {
            crf,
            scores: [[[S::ZERO; K]; TAGS]; 2],
            pointers: [[[0; K]; TAGS]; LENGTH],
            paths: [[0; LENGTH]; K],
        })
    }

    /// The best tag sequences, best first; see [`k_best()`](super::k_best()).
    ///
    /// # Errors
    /// A slice has the wrong length, the text is longer than `LENGTH`, `TAGS · K` is above 65,536,
    /// or no path is allowed.
    pub fn k_best(
        &mut self,
        emissions: &[S],
        allowed: Option<&[u64]>,
    ) -> Result<Vec<Ranked<S, LENGTH>, K>, CrfError> {
        let length = viterbi::positions(self.crf.tags(), emissions, allowed)?;
        let too_long = CrfError::Scratch { needed: length };
        let paths = self.paths.as_flattened_mut();
        let paths = paths.get_mut(..length.saturating_mul(K)).ok_or(too_long)?;
        let scratch = ListScratch {
            scores: self.scores.as_flattened_mut().as_flattened_mut(),
            pointers: self.pointers.as_flattened_mut().as_flattened_mut(),
        };
        let mut totals = [S::Total::default(); K];
        let found = k_best::k_best(&self.crf, emissions, allowed, scratch, paths, &mut totals)?;
        let mut rest = &*paths;
        let mut ranked = Vec::new();
        for &total in totals.iter().take(found) {
            let (path, behind) = rest.split_at_checked(length).ok_or(too_long)?;
            rest = behind;
            let path = Vec::from_slice(path).map_err(|_| too_long)?;
            ranked.push((total, path)).map_err(|_| too_long)?;
        }
        Ok(ranked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::crf::{CrfError, forward_scratch};

    #[test]
    fn more_room_than_tags_changes_nothing() {
        let table: [f32; 15] = core::array::from_fn(|index| (index * 7 % 5) as f32 / 4.0);
        let emissions: [f32; 12] = core::array::from_fn(|index| (index * 5 % 7) as f32 / 4.0);
        let crf = Crf::new(3, &table).expect("the table fits");
        let mut exact = Decoder::<f32, 3, 4>::new(crf).expect("three tags");
        let mut wide = Decoder::<f32, 5, 9>::new(crf).expect("three tags");
        let (total, tags) = exact.viterbi(&emissions, None).expect("a path");
        let same = wide.viterbi(&emissions, None).expect("a path");
        assert_eq!((total, &tags[..]), (same.0, &same.1[..]));
        let lnp = exact.log_probability(&emissions, None, &tags);
        assert_eq!(lnp, wide.log_probability(&emissions, None, &tags));

        let (ln_z, shares) = exact.marginals(&emissions, None).expect("a path");
        let same = wide.marginals(&emissions, None).expect("a path");
        assert_eq!((ln_z, shares.len()), (same.0, same.1.len()));
        let mut flat = [0.0; 12];
        let mut scratch = [0.0; forward_scratch(3)];
        let own = super::super::marginals(&crf, &emissions, None, &mut scratch, &mut flat);
        assert_eq!(own, Ok(ln_z));
        for ((row, wide), own) in shares.iter().zip(&same.1).zip(flat.chunks(3)) {
            assert_eq!(
                (&row[..], &wide[..3], &wide[3..]),
                (own, own, &[0.0; 2][..])
            );
        }

        let mut list = ListDecoder::<f32, 5, 9, 6>::new(crf).expect("three tags");
        let paths = list.k_best(&emissions, None).expect("a path");
        assert_eq!((paths[0].0, &paths[0].1[..]), (total, &tags[..]));
        assert_eq!(paths.len(), 6);
        assert!(paths.windows(2).all(|pair| pair[0].0 >= pair[1].0));
    }

    #[test]
    fn constraints_reach_every_decoder() {
        let crf = Crf::new(2, &[0.0_f32; 8]).expect("the table fits");
        // Tag 0 is the better one everywhere, and not allowed at the second character.
        let (emissions, allowed) = ([1.0, 0.0, 1.0, 0.0], Some(&[0b11, 0b10][..]));
        let mut decoder = Decoder::<f32, 2, 2>::new(crf).expect("two tags");
        let (total, tags) = decoder.viterbi(&emissions, allowed).expect("a path");
        assert_eq!((total, &tags[..]), (1.0, &[0, 1][..]));
        let (_, shares) = decoder.marginals(&emissions, allowed).expect("a path");
        assert_eq!(shares[1], [0.0, 1.0]);
        let ln_p = decoder.log_probability(&emissions, allowed, &[0, 0]);
        assert_eq!(ln_p, Ok(f32::NEG_INFINITY));
        let mut list = ListDecoder::<f32, 2, 2, 4>::new(crf).expect("two tags");
        let paths = list.k_best(&emissions, allowed).expect("a path");
        let paths: std::vec::Vec<&[u8]> = paths.iter().map(|(_, tags)| &tags[..]).collect();
        assert_eq!(paths, [[0, 1], [1, 1]]);
    }

    #[test]
    fn texts_and_fields_must_fit() {
        let crf = Crf::new(2, &[0; 8]).expect("the table fits");
        assert!(Decoder::<i32, 1, 4>::new(crf).is_none());
        assert!(ListDecoder::<i32, 1, 4, 2>::new(crf).is_none());
        let mut decoder = Decoder::<i32, 2, 2>::new(crf).expect("two tags");
        let refused = CrfError::Scratch { needed: 3 };
        assert_eq!(decoder.viterbi(&[0; 6], None).err(), Some(refused));
        assert_eq!(decoder.marginals(&[0; 6], None).err(), Some(refused));
        let mut list = ListDecoder::<i32, 2, 2, 2>::new(crf).expect("two tags");
        assert_eq!(list.k_best(&[0; 6], None).err(), Some(refused));
        assert_eq!(list.k_best(&[], None).map(|paths| paths.len()), Ok(1));
    }
}
