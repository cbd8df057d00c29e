//! The same couplets and tags on an emulated Cortex-M4F as on the host, byte for byte.

use qibu::poem::Poet;
use qibu::tag::{Event, Tagger};
use qibu::{Arena, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::firmware::{Firmware, emulate, section_bytes};
use qibu_tests::need::{has_program, has_target, poem5, root, say, skip};
use qibu_tests::sample::sample;
use qibu_tests::tagger::Spec;
use std::path::Path;

const TARGET: &str = "thumbv7em-none-eabihf";
const ARENA: usize = 16384;
const SEED: u64 = 7;
const COUNT: u64 = 5;

/// Whether the machine can build and emulate firmware; says what it lacks.
fn ready(test: &str) -> bool {
    for (there, what) in [
        (
            has_target(TARGET),
            "no target thumbv7em-none-eabihf (rustup target add …)",
        ),
        (has_program("qemu-system-arm"), "no qemu-system-arm"),
    ] {
        if !there {
            skip(test, what);
            return false;
        }
    }
    true
}

/// The couplets of `file` from the host's own `Poet`, one per line.
fn couplets(file: &[u8]) -> String {
    let model = Model::load(file).expect("a sound model");
    let poet = Poet::new(&model).expect("a poem model");
    let mut arena = Arena::<ARENA>::new();
    let mut text = String::new();
    for seed in SEED..SEED + COUNT {
        let ids = poet.couplet(seed, poet.temperature(), arena.bytes());
        poet.write(&ids.expect("16 KB are enough"), |piece| text += piece);
        text.push('\n');
    }
    text
}

/// Runs `model` on the board; the couplets, and the figures of `stats` behind them.
fn on_board(model: &Path, program: &str) -> (String, String) {
    let firmware = Firmware {
        package: "firmware-examples/mps2-an386",
        program: "mps2-an386",
        target: TARGET,
        profile: "release",
        features: &["stats"],
        environment: &[
            ("QIBU_MODEL", model.to_str().expect("a UTF-8 path")),
            ("SEED", &SEED.to_string()),
            ("COUNT", &COUNT.to_string()),
        ],
    };
    let elf = firmware.elf();
    let text = emulate(&elf);
    let (couplets, figures) = text
        .split_once("\n\n")
        .expect("couplets, an empty line, figures");
    let code = section_bytes(&elf, ".text");
    say(&format!(
        "{program} on mps2-an386: code {code} bytes, {}",
        figures.trim().replace('\n', ", ")
    ));
    (format!("{couplets}\n"), figures.to_owned())
}

/// Each character of `text` with its label, lines divided by spaces, from the host's own stream.
fn tagged(file: &[u8], text: &str) -> String {
    let model = Model::load(file).expect("a sound model");
    let tagger = Tagger::new(&model).expect("a tag model");
    let mut arena = Arena::<ARENA>::new();
    let mut stream = tagger.stream::<128, 4, 128>(arena.bytes()).expect("room");
    let mut characters = text.chars().filter(|&character| character != ' ');
    let mut lines = String::new();
    let mut sink = |event| match event {
        Event::Tag(tag) => {
            let character = characters.next().expect("a tag for each character");
            let label = tagger.label(tag).expect("a label for each tag");
            lines += &format!("{character}/{label} ");
        }
        Event::End { forced } => {
            assert_eq!(forced, 0);
            lines.push('\n');
        }
    };
    for line in text.split(' ') {
        for character in line.chars() {
            stream
                .push(character, &mut sink)
                .expect("ids in their tables");
        }
        stream.end(&mut sink).expect("ids in their tables");
    }
    stream.flush(&mut sink).expect("ids in their tables");
    lines
}

/// RAM that tagging may take: arena and stack, the stream's buffers included.
const TAG_RAM: usize = 24 * 1024;

/// Tags `text`, its lines divided by spaces, with the model at `path` on the board and here.
fn compare_tags(path: &Path, name: &str, text: &str) {
    let file = AlignedBytes::from(&std::fs::read(path).unwrap()[..]);
    let firmware = Firmware {
        package: "firmware-examples/mps2-an386",
        program: "tag",
        target: TARGET,
        profile: "release",
        features: &["stats", "tag"],
        environment: &[
            ("QIBU_TAG_MODEL", path.to_str().expect("a UTF-8 path")),
            ("TEXT", text),
        ],
    };
    let elf = firmware.elf();
    let printed = emulate(&elf);
    let (lines, figures) = printed.split_once("\n\n").expect("lines, figures");
    say(&format!(
        "{name} on mps2-an386: code {} bytes, {}",
        section_bytes(&elf, ".text"),
        figures.trim().replace('\n', ", ")
    ));
    assert_eq!(format!("{lines}\n"), tagged(&file, text), "{name}");
    assert_eq!(
        lines.matches('/').count(),
        text.replace(' ', "").chars().count(),
        "{name}"
    );
    // Tags in the buffer, ids, and what the model's view and the window need beside.
    let [stream, stack, arena] = ["stream", "stack", "arena"].map(|what| figure(figures, what));
    assert!(stream <= 4 * 128 + 2 * 128 + 480, "{name}: {stream} bytes");
    assert!((stream..ARENA).contains(&stack), "{name}: stack {stack}");
    assert!(arena + stack <= TAG_RAM, "{name}: {arena} + {stack}");
}

/// One test, because both models go through one target folder.
#[test]
fn tags_are_the_same_on_the_chip() {
    if !ready("chip, tags") {
        return;
    }
    const TEXT: &str = "天天日月有来水生 中人大天龘日 一 与丑专且世人大天日月有来水生𠀀𠀁12ab×Üé";
    let path = root().join("target/bare-metal/tagger.qibu");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, &Spec::default().int8()[..]).unwrap();
    compare_tags(&path, "little tagger", TEXT);
    let cws = root().join("models/cws");
    let page = std::fs::read_to_string(cws.join("page.txt")).expect("a page of text");
    let lines = page.lines().take(6).map(|line| line.replace(' ', ""));
    let text = lines.collect::<Vec<_>>().join(" ");
    compare_tags(&cws.join("model.qibu"), "cws", &text);
}

/// The figure called `name`.
fn figure(figures: &str, name: &str) -> usize {
    let line = figures
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .expect("the figure");
    let number = line.trim().split(' ').next().expect("a number");
    number.parse().expect("a number")
}

fn compare(model: &Path, name: &str) {
    let file = AlignedBytes::from(&std::fs::read(model).unwrap()[..]);
    let (board, figures) = on_board(model, name);
    assert_eq!(board, couplets(&file));
    assert_eq!(board.lines().count(), COUNT as usize);
    // The painted stack was really read: some of it is used, and not all of it.
    let stack = figure(&figures, "stack");
    assert!((64..ARENA).contains(&stack), "stack {stack}");
    let memory = figure(&figures, "arena") + stack;
    assert!(memory <= ARENA, "{name}: {memory} bytes of RAM");
}

/// One test, because both models go through one target folder.
#[test]
fn couplets_are_the_same_on_the_chip() {
    if !ready("chip") {
        return;
    }
    let path = root().join("target/bare-metal/sample.qibu");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, &sample()[..]).unwrap();
    compare(&path, "sample");
    compare(&poem5(), "poem5");
}
