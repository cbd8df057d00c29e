//! The same couplets on an emulated Cortex-M4F as on the host, byte for byte.

use qibu::{Arena, Model, poem::Poet};
use qibu_tests::firmware::{Firmware, emulate, section_bytes};
use qibu_tests::need::{has_program, has_target, poem5, root, say, skip};
use qibu_tests::sample::sample;
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
    let file = qibu_compiler::aligned::AlignedBytes::from(&std::fs::read(model).unwrap()[..]);
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
