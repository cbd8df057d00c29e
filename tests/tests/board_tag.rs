//! The program `tag` of the boards, on the host: lines that do not fit into its memory.

use programs::{Board, ModelFile, tag};
use qibu::{Arena, kernels};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::need::root;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// A serial line without a board. It unwinds out of the program where the input ends.
struct Line<'i> {
    input: core::slice::Iter<'i, u8>,
    output: String,
}

impl Board for Line<'_> {
    const UNIT: &'static str = "calls";

    fn put(&mut self, text: &str) {
        self.output.push_str(text);
    }

    fn get(&mut self) -> Option<u8> {
        let byte = self.input.next().copied();
        Some(byte.unwrap_or_else(|| resume_unwind(Box::new("the input ended"))))
    }

    fn wait_millisecond(&mut self) {}

    fn now(&mut self) -> u64 {
        0
    }

    fn stack_used(&self) -> usize {
        0
    }
}

/// What the program answers to `input`.
fn tagged(bytes: &'static [u8], input: &[u8]) -> String {
    let mut board = Line {
        input: input.iter(),
        output: String::new(),
    };
    let kernels = kernels::ALL;
    let mut arena = Arena::<8192>::new();
    let run = || tag(&mut board, ModelFile { bytes, kernels }, arena.bytes());
    let ended = catch_unwind(AssertUnwindSafe(run)).expect_err("it runs until the input ends");
    assert!(ended.is::<&str>(), "it panicked");
    let output = board.output.strip_prefix("# ready\n");
    output.expect("a greeting").to_owned()
}

#[test]
fn no_character_is_torn_where_a_line_is_cut() {
    let file = std::fs::read(root().join("models/cws-150k/model.qibu")).expect("the model");
    let file: &'static AlignedBytes = Box::leak(Box::new(AlignedBytes::from(&file[..])));
    for blank in [" ", "\u{3000}", " \u{3000}"] {
        let blanks = blank.repeat(2100 / blank.len());
        // The cut falls on each byte of a blank.
        for before in ["", "a", "é", "ab"] {
            for behind in ["", "山"] {
                let found = tagged(file, format!("{before}{blanks}{behind}\n").as_bytes());
                let between = if before.is_empty() || behind.is_empty() {
                    ""
                } else {
                    " "
                };
                assert_eq!(found, format!("{before}{between}{behind}\n"), "{blank:?}");
            }
        }
    }
}
