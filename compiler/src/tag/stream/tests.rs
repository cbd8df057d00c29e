//! What enters the network, and when.

use super::*;
use crate::aligned::AlignedBytes;
use crate::tag::session::tests::file;

/// Counts what comes, of lines of at most `longest` characters.
#[derive(Default)]
struct Counter {
    longest: Option<usize>,
    entered: usize,
    scored: usize,
    lines: usize,
}

impl Decode for Counter {
    type Consumer = ();

    fn scores(&mut self, _: &[i32]) {
        self.scored += 1;
    }

    fn end(&mut self) {
        self.lines += 1;
    }

    fn character(&mut self, _: char, _: bool) {
        self.entered += 1;
    }

    fn ending(&mut self, _: Ending) {}

    fn longest(&self) -> Option<usize> {
        self.longest
    }

    fn consumer(&mut self) -> &mut () {
        unreachable!("nobody listens")
    }

    fn forced(&self) -> u64 {
        0
    }
}

/// Feeds lines of these lengths; the error, and characters entered, scored and lines ended.
fn fed(longest: Option<usize>, lines: &[usize]) -> (Option<String>, [usize; 3]) {
    let file = file();
    let tagger = file.tagger().unwrap();
    let mut arena = AlignedBytes::zeros(tagger.arena());
    let counter = Counter {
        longest,
        ..Counter::default()
    };
    let mut texts = Texts::new(&tagger, "m", &mut arena, counter).unwrap();
    let pieces = lines.iter().flat_map(|&length| {
        let line = std::iter::repeat_n(Piece::Character('白'), length);
        line.chain([Piece::End(Ending::Lf)])
    });
    let done = pieces.into_iter().try_for_each(|piece| texts.piece(piece));
    texts.finish(Ending::Lf).unwrap();
    let Counter {
        entered,
        scored,
        lines,
        ..
    } = texts.decode;
    (
        done.err().map(|error| error.to_string()),
        [entered, scored, lines],
    )
}

#[test]
fn a_line_that_is_too_long_never_enters_the_network() {
    assert_eq!(fed(Some(1000), &[3, 0, 1000]), (None, [1003, 1003, 3]));
    assert_eq!(fed(None, &[3, 0, 1001]), (None, [1004, 1004, 3]));
    // The lines before it come out, though the network's window was not full.
    let (error, counts) = fed(Some(1000), &[3, 0, 1001, 5]);
    assert!(error.unwrap().starts_with("the line has more than 1,000 "));
    assert_eq!(counts, [3, 3, 2]);
}
