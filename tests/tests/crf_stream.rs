//! Streamed tags against those of the full buffer, and decisions that are forced.

use qibu::decode::crf::{
    self, Crf, CrfError, FORBIDDEN, Scratch, Stream, viterbi, viterbi_pointers, viterbi_scores,
};
use qibu::random::Random;

/// A field and a text.
struct Text {
    tags: usize,
    table: Vec<i32>,
    emissions: Vec<i32>,
    allowed: Option<Vec<u64>>,
}

impl Text {
    fn crf(&self) -> Crf<'_, i32> {
        Crf::new(self.tags, &self.table).expect("the table fits")
    }

    fn length(&self) -> usize {
        self.emissions.len() / self.tags
    }

    /// Score and tags of the full buffer.
    fn whole(&self) -> Result<(i64, Vec<u8>), CrfError> {
        let mut tags = vec![0; self.length()];
        let scratch = Scratch {
            scores: &mut vec![0; viterbi_scores(self.tags)],
            pointers: &mut vec![0; viterbi_pointers(self.tags, self.length())],
        };
        let allowed = self.allowed.as_deref();
        let score = viterbi(&self.crf(), &self.emissions, allowed, scratch, &mut tags)?;
        Ok((score, tags))
    }

    /// Score and tags of `stream`, and its forced decisions in this text.
    fn streamed<const TAGS: usize, const BUFFER: usize>(
        &self,
        stream: &mut Stream<'_, TAGS, BUFFER>,
    ) -> Result<(i64, Vec<u8>, u32), CrfError> {
        let mut tags = Vec::new();
        let forced = stream.forced();
        for (position, emission) in self.emissions.chunks(self.tags).enumerate() {
            let allowed = self
                .allowed
                .as_ref()
                .map_or(crf::ALL, |sets| sets[position]);
            stream.push_allowed(emission, allowed, &mut |tag| tags.push(tag))?;
            assert!(stream.undecided() <= BUFFER);
            assert_eq!(tags.len() + stream.undecided(), position + 1);
        }
        let score = stream.finish(&mut |tag| tags.push(tag))?;
        Ok((score, tags, stream.forced() - forced))
    }

    /// Streams with a ring of `BUFFER` characters; whether no decision was forced.
    fn check<const BUFFER: usize>(&self) -> bool {
        let mut stream = Stream::<5, BUFFER>::new(self.crf()).expect("at most five tags");
        match (self.streamed(&mut stream), self.whole()) {
            (Ok((score, tags, 0)), whole) => {
                assert!(whole == Ok((score, tags)), "a ring of {BUFFER}");
                true
            }
            (Ok((score, tags, _)), whole) => {
                // A path that is allowed, with its own score, no better than the best one.
                let allowed = self.allowed.as_deref();
                let own = crf::score(&self.crf(), &self.emissions, allowed, &tags);
                assert_eq!(own, Ok(score));
                assert!(score <= whole.expect("there is one").0);
                false
            }
            (Err(error), whole) => {
                assert!(stream.forced() > 0 || whole == Err(error));
                stream.forced() == 0
            }
        }
    }
}

fn below(random: &mut Random, bound: u32) -> u32 {
    random.next_u32() % bound
}

/// A text of `length` characters; scores are small integers times a unit, so that there are ties.
fn random_text(random: &mut Random, length: usize) -> Text {
    let tags = 1 + below(random, 5) as usize;
    let span = [1, 3, 100, 1 << 20][below(random, 4) as usize];
    // Strong transitions keep survivors apart for long.
    let stay = [0, 0, 4 * span, 40 * span][below(random, 4) as usize] as i32;
    let forbidden = [0, 0, 20][below(random, 3) as usize];
    let score = |random: &mut Random| below(random, 2 * span + 1) as i32 - span as i32;
    let mut table: Vec<i32> = (0..(tags + 2) * tags).map(|_| score(random)).collect();
    for from in 0..tags {
        for to in 0..tags {
            let entry = &mut table[(from + 1) * tags + to];
            if from == to {
                *entry += stay;
            } else if below(random, 100) < forbidden {
                *entry = FORBIDDEN;
            }
        }
    }
    let emissions = (0..length * tags).map(|_| score(random)).collect();
    // Each position keeps the tag of an allowed path: staying with one tag always is.
    let kept = below(random, tags as u32);
    let set = |random: &mut Random| u64::from(random.next_u32()) | 1 << kept;
    let sets = below(random, 3) == 0;
    let allowed = sets.then(|| (0..length).map(|_| set(random)).collect());
    Text {
        tags,
        table,
        emissions,
        allowed,
    }
}

#[test]
fn streamed_tags_are_those_of_the_full_buffer() {
    let mut random = Random::new(4);
    let (mut free, mut forced) = (0, 0);
    for index in 0..1000 {
        // Around every ring's length, then of any length, a few of them long.
        let ring = [1, 2, 7, 32, 128][index % 5];
        let length = match index % 12 {
            _ if index % 250 == 6 => 100_000,
            _ if index % 50 == 7 => below(&mut random, 20_000) as usize,
            0 => 0,
            1 => 1,
            2 => ring - 1,
            3 => ring,
            4 => ring + 1,
            5 => 2 * ring + 1,
            _ => below(&mut random, 1000) as usize,
        };
        let text = random_text(&mut random, length);
        let results = [
            text.check::<1>(),
            text.check::<2>(),
            text.check::<7>(),
            text.check::<32>(),
            text.check::<128>(),
        ];
        free += results.iter().filter(|&&free| free).count();
        forced += results.iter().filter(|&&free| !free).count();
    }
    // Both have been tried, often.
    assert!(free > 1500 && forced > 300, "{free} free, {forced} forced");
}

/// Two tags that no evidence tells apart, and that do not follow each other.
const APART: [i32; 8] = [0, 0, 0, FORBIDDEN, FORBIDDEN, 0, 0, 0];

/// Tag 0 is the best one always; tag 1, never far behind, is entered from it by tag 2, for which an
/// earlier entrance is as good as a later one and comes first, as 1 is the lower tag.
const BRANCHING: [i32; 15] = [
    0, -1, -2, // start
    0, FORBIDDEN, -2, // from 0
    FORBIDDEN, 0, FORBIDDEN, // from 1
    FORBIDDEN, 1, FORBIDDEN, // from 2
    0, 0, 0, // end
];

/// A text of `length` characters without evidence.
fn symmetric(tags: usize, table: &[i32], length: usize) -> Text {
    Text {
        tags,
        table: table.to_vec(),
        emissions: vec![0; tags * length],
        allowed: None,
    }
}

fn forced<const BUFFER: usize>(text: &Text) -> usize {
    let mut stream = Stream::<3, BUFFER>::new(text.crf()).expect("three tags at most");
    let (score, tags, forced) = text.streamed(&mut stream).expect("a path");
    let own = crf::score(&text.crf(), &text.emissions, None, &tags);
    assert_eq!(own, Ok(score), "not a path that the table allows");
    assert_eq!(tags, vec![0; text.length()], "ties go to the lower tag");
    forced as usize
}

#[test]
fn survivors_that_never_merge_are_decided_by_force() {
    // The first decision leaves one path, and there is no way to the other tag.
    assert_eq!(forced::<16>(&symmetric(2, &APART, 16)), 0);
    assert_eq!(forced::<16>(&symmetric(2, &APART, 17)), 1);
    assert_eq!(forced::<16>(&symmetric(2, &APART, 1000)), 1);
    // Here there is one. A decision is forced by the character that finds the ring full; it leaves
    // this one open alone, from which on survivors differ again.
    for length in [1, 16, 17, 32, 33, 34, 48, 49, 1000] {
        let text = symmetric(3, &BRANCHING, length);
        assert_eq!(forced::<16>(&text), (length - 1) / 16, "{length}");
        assert_eq!(forced::<1>(&text), length - 1, "{length}");
    }
}

#[test]
fn constraints_without_a_path_leave_the_stream_usable() {
    // Tag 1 may not end a text, and tag 0 does not follow it.
    let table = [0, 0, 0, 0, FORBIDDEN, 0, 0, FORBIDDEN];
    let crf = Crf::new(2, &table).expect("two tags");
    let mut stream = Stream::<2, 4>::new(crf).expect("two tags");
    let mut tags = Vec::new();
    let mut push = |stream: &mut Stream<'_, 2, 4>, allowed| {
        stream.push_allowed(&[0, 0], allowed, &mut |tag| tags.push(tag))
    };
    let nowhere = |position| Err(CrfError::NoPath { position });
    assert_eq!(push(&mut stream, 0), nowhere(0));
    assert_eq!(push(&mut stream, 0b10), Ok(()));
    assert_eq!(push(&mut stream, 0b01), nowhere(1));
    // The character is not taken: it may have the other tag.
    assert_eq!(push(&mut stream, 0b11), Ok(()));
    let length = stream.push(&[0], &mut |_| {});
    assert_eq!(length, Err(CrfError::Length { needed: 2 }));
    assert_eq!(
        stream.finish(&mut |_| {}),
        Err(CrfError::NoPath { position: 2 })
    );
    stream.cut(&mut |tag| tags.push(tag));
    assert_eq!(tags, [1, 1]);
    // The next text knows nothing of it.
    assert_eq!(stream.finish(&mut |_| {}), Ok(0));
    assert_eq!(stream.push(&[3, 0], &mut |_| {}), Ok(()));
    let mut tags = Vec::new();
    assert_eq!(stream.finish(&mut |tag| tags.push(tag)), Ok(3));
    assert_eq!(tags, [0]);
}

#[test]
fn hostile_scores_do_not_overflow() {
    let all = [FORBIDDEN, FORBIDDEN + 1, -1, 0, 1, i32::MAX - 1, i32::MAX];
    let mut random = Random::new(9);
    for _ in 0..300 {
        let tags = 1 + below(&mut random, 5) as usize;
        let length = below(&mut random, 40) as usize;
        let mut draw = |count: usize| -> Vec<i32> {
            (0..count)
                .map(|_| all[below(&mut random, all.len() as u32) as usize])
                .collect()
        };
        let text = Text {
            tags,
            table: draw((tags + 2) * tags),
            emissions: draw(length * tags),
            allowed: None,
        };
        let mut stream = Stream::<5, 64>::new(text.crf()).expect("at most five tags");
        let streamed = text.streamed(&mut stream);
        assert_eq!(stream.forced(), 0);
        assert_eq!(streamed.map(|(score, tags, _)| (score, tags)), text.whole());
    }
}
