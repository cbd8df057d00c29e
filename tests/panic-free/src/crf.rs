//! CRF decoding, from slices of any length and from decoders of fixed size.

use crate::Input;
use qibu::decode::crf::{
    self, Crf, CrfError, Decoder, ListDecoder, ListScratch, Score, Scratch, Stream,
};
use qibu::decode::dictionary::{Dictionary, DictionaryError, Entry, Roles, Words, forbid};

/// Whatever stands behind each byte of a text: no order, and numbers without an entry.
struct Lines<'a>(&'a str);

impl Words for Lines<'_> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn entry(&self, index: usize) -> Option<Entry<'_>> {
        let word = self.0.get(index..)?;
        let bias = word.len() as i32;
        Some(Entry { word, bias })
    }
}

/// What the optimiser knows nothing about.
#[derive(Clone, Copy)]
struct Given<'a> {
    tags: usize,
    length: usize,
    allowed: Option<&'a [u64]>,
}

/// All of it, with scores of both kinds; the number depends on every part.
pub fn run(input: &mut Input<'_>) -> Option<u32> {
    let sets = [input.seed; 40];
    let length = (input.seed >> 32) as usize;
    let given = Given {
        tags: input.seed as u8 as usize,
        length,
        allowed: (input.seed > 9).then_some(sets.get(..length)?),
    };
    let (mut floats, mut integers) = ([0.0; 40], [0; 40]);
    let bytes = &mut *input.text;
    let first = batch(
        given,
        input.ids,
        integers.get_mut(..length)?,
        bytes,
        input.floats,
    );
    let second = batch(
        given,
        input.latent,
        floats.get_mut(..length)?,
        bytes,
        input.floats,
    );
    let streamed = stream(given, input.ids, input.name, bytes);
    let kept = matches!((first, second), (Some(_), Some(_)));
    Some(crf::fixed(*input.latent.first()?) as u32 + u32::from(kept) + streamed.unwrap_or(0))
}

/// Texts as a whole.
fn batch<S: Score>(
    given: Given<'_>,
    all: &[S],
    scores: &mut [S],
    bytes: &mut [u8],
    floats: &mut [f32],
) -> Option<()> {
    let Given {
        tags,
        length,
        allowed,
    } = given;
    let (table, emissions) = all.split_at_checked(length)?;
    let crf = Crf::new(tags, table)?;
    let (path, pointers) = bytes.split_at_mut_checked(tags)?;
    let (scratch, shares) = floats.split_at_mut_checked(tags)?;
    let own = crf::score(&crf, emissions, allowed, path);
    let share = crf::log_probability(&crf, emissions, allowed, path, scratch);
    let marginals = crf::marginals(&crf, emissions, allowed, scratch, shares);
    let partition = crf::log_partition(&crf, emissions, allowed, scratch);
    let best = crf::viterbi(&crf, emissions, allowed, Scratch { scores, pointers }, path);
    let mut wide = [0; 40];
    let pointers = wide.get_mut(..tags)?;
    let mut totals = [S::Total::default(); 40];
    let totals = totals.get_mut(..length)?;
    let list = ListScratch { scores, pointers };
    let found = crf::k_best(&crf, emissions, allowed, list, path, totals);

    let mut decoder = Decoder::<S, 5, 7>::new(crf)?;
    let mut several = ListDecoder::<S, 5, 7, 3>::new(crf)?;
    let fixed = decoder.viterbi(emissions, allowed).map(|(_, tags)| tags);
    let table = decoder.marginals(emissions, allowed);
    let again = decoder.log_probability(emissions, allowed, path);
    let ranked = several.k_best(emissions, allowed);
    // All of it is seen from outside.
    for (slot, &tag) in path.iter_mut().zip(fixed.iter().flatten()) {
        *slot = tag;
    }
    let values = [share, marginals, partition, again];
    let rows = table.iter().flat_map(|(_, rows)| rows.as_flattened());
    let values = values.iter().flatten().chain(rows);
    for (slot, value) in floats.iter_mut().zip(values) {
        *slot = *value;
    }
    let entries = [
        crf.start(tags),
        crf.transition(length, tags),
        crf.end(length),
    ];
    let seen = entries.iter().any(|score| score.is_forbidden())
        || own.is_ok_and(|own| best.is_ok_and(|best| own < best))
        || ranked.is_ok_and(|paths| paths.iter().any(|(_, path)| path.len() == length))
        || found.is_ok_and(|found| totals.get(found).is_some());
    seen.then_some(())
}

/// Texts as they come, through a dictionary.
fn stream(given: Given<'_>, all: &[i32], name: &str, bytes: &mut [u8]) -> Option<u32> {
    let Given { tags, length, .. } = given;
    let (table, emissions) = all.split_at_checked(length)?;
    let crf = Crf::new(tags, table)?;
    let mut stream = Stream::<5, 7>::new(crf)?;
    let mut free = bytes.iter_mut();
    let mut sink = |tag| {
        if let Some(slot) = free.next() {
            *slot = tag;
        }
    };
    let role = length as u8;
    let roles = Roles {
        begin: role,
        middle: 1,
        end: 2,
        single: role,
    };
    let words = Lines(name);
    let mut result = Ok(());
    let mut next = |emission: &[i32]| {
        let mut emission: [i32; 5] =
            core::array::from_fn(|tag| emission.get(tag).copied().unwrap_or(crf::FORBIDDEN));
        forbid(&mut emission, length as u64);
        let emission = emission.get(..tags).unwrap_or(&[]);
        if let Err(error) = stream.push(emission, &mut sink) {
            result = Err(error);
            stream.cut(&mut sink);
        }
    };
    let mut dictionary = match Dictionary::<_, 5, 9>::new(&words, roles, tags) {
        Ok(dictionary) => dictionary,
        Err(DictionaryError::Long { index } | DictionaryError::Unsorted { index }) => {
            return Some(index as u32);
        }
        Err(_) => return None,
    };
    for (index, character) in name.chars().enumerate() {
        let emission = emissions.get(index..)?;
        let pushed = dictionary.push(character, emission, &mut next);
        if let Err(CrfError::Length { needed }) = pushed {
            let emission = emission.get(..needed)?;
            dictionary.push(character, emission, &mut next).ok()?;
        }
    }
    dictionary.finish(&mut next);
    let pushed = stream.push_allowed(emissions, length as u64, &mut sink);
    let waiting = stream.undecided() + dictionary.waiting();
    let total = stream.finish(&mut sink);
    stream.reset();
    let sum = stream.forced() + waiting as u32 + total.unwrap_or(0) as u32;
    Some(sum + u32::from(result.is_ok()) + u32::from(pushed.is_ok()))
}
