//! The word segmenters fit their flash and a chip's RAM, and tag what they tagged.

use super::file;
use qibu::Model;
use qibu::tag::{TagStream, Tagger};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::command::{command, run};
use qibu_tests::need::root;

/// Name, most bytes of flash.
const MODELS: [(&str, usize); 3] = [
    ("cws", 600_000),
    ("cws-300k", 300_000),
    ("cws-150k", 150_000),
];

/// Ids of the window, tags, characters of look-ahead: what a device reserves beside the arena.
type Stream<'m, 'r> = TagStream<'m, 'r, 64, 4, 128>;

#[test]
fn segmenters_fit_their_flash_and_the_chip() {
    for (name, flash) in MODELS {
        let file = file(name);
        assert!(file.len() <= flash, "{name}: {} bytes of flash", file.len());
        let bytes = AlignedBytes::from(&file[..]);
        let model = Model::load(&bytes).expect("the model loads");
        assert!(model.verify_weights());
        let tagger = Tagger::new(&model).expect("a tag model");
        let ram = tagger.arena() + size_of::<Stream<'_, '_>>();
        assert!(ram <= 24 * 1024, "{name}: {ram} bytes of RAM");
    }
}

/// `page.txt` was written for this test; `golden.txt` is what `qibu tag` made of it.
#[test]
fn a_page_is_tagged_as_it_was() {
    for (name, _) in MODELS {
        let folder = root().join("models").join(name);
        let mut tag = command(&root(), &[]);
        tag.arg("tag").arg(folder.join("model.qibu"));
        tag.arg(root().join("models/cws/page.txt"));
        let found = run(tag, None).text();
        let golden = std::fs::read_to_string(folder.join("golden.txt")).expect("a golden page");
        assert_eq!(found, golden, "{name}");
    }
}
