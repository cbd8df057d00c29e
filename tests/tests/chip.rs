//! The same couplets and words on an emulated Cortex-M4F as on the host, byte for byte.
//!
//! `firmware-examples/run` compares the models that are checked in, on every board; here are others.

use qibu::poem::Poet;
use qibu::{Arena, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::command::qibu;
use qibu_tests::firmware::{Firmware, Printed, emulate, section_bytes};
use qibu_tests::need::{has_program, has_target, poem5, root, say, skip};
use qibu_tests::sample::sample;
use qibu_tests::tagger::Spec;
use std::path::Path;

const TARGET: &str = "thumbv7em-none-eabihf";
/// Couplets that the program prints before its figures.
const COUNT: u64 = 10;

/// Whether the machine can build and emulate firmware; says what it lacks.
fn ready(test: &str) -> bool {
    for (there, what) in [
        (
            has_target(TARGET),
            "no target thumbv7em-none-eabihf (firmware-examples/toolchain)",
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

/// Runs `program` with the model at `path`, which `variable` names to it, and says its figures.
fn on_board(program: &str, variable: &str, path: &Path, name: &str, input: &[u8]) -> Printed {
    let firmware = Firmware {
        package: "firmware-examples/mps2-an386",
        program,
        target: TARGET,
        profile: "release",
        features: &[],
        environment: &[(variable, path.to_str().expect("a UTF-8 path"))],
    };
    let elf = firmware.elf();
    let printed = emulate(&elf, input);
    let code = section_bytes(&elf, ".text");
    let figures = printed.figures.trim_start_matches("# ");
    say(&format!(
        "{program} of {name} on mps2-an386: code {code} {figures}"
    ));
    // The painted stack was really read: some of it is used, and not all of it.
    let stack = printed.figure("stack");
    assert!((64..MEMORY).contains(&stack), "{name}: stack {stack}");
    let memory = printed.figure("arena") + stack;
    assert!(memory <= MEMORY, "{name}: {memory} bytes of RAM");
    printed
}

/// RAM that a program may take, arena and stack.
const MEMORY: u64 = 24 * 1024;

/// The couplets of `file` from the host's own `Poet`, one per line.
fn couplets(file: &[u8]) -> String {
    let model = Model::load(file).expect("a sound model");
    let poet = Poet::new(&model).expect("a poem model");
    let mut arena = Arena::<16384>::new();
    let mut text = String::new();
    for seed in 1..=COUNT {
        let ids = poet.couplet(seed, poet.temperature(), arena.bytes());
        poet.write(&ids.expect("16 KB are enough"), |piece| text += piece);
        text.push('\n');
    }
    text
}

/// One test, because all models go through one target folder.
#[test]
fn couplets_are_the_same_on_the_chip() {
    if !ready("chip") {
        return;
    }
    let path = root().join("target/bare-metal/sample.qibu");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, &sample()[..]).unwrap();
    for (path, name) in [(path, "sample"), (poem5(), "poem5")] {
        let file = AlignedBytes::from(&std::fs::read(&path).unwrap()[..]);
        let printed = on_board("poem", "QIBU_MODEL", &path, name, b"");
        assert_eq!(printed.text, couplets(&file), "{name}");
    }
}

/// Byte that asks the program `tag` for its figures.
const ENQUIRY: u8 = 5;

/// Words of `text` with the model at `path`, on the board and from `qibu tag`.
fn compare_words(path: &Path, name: &str, text: &[u8]) {
    let input = [text, &[ENQUIRY]].concat();
    let printed = on_board("tag", "QIBU_TAG_MODEL", path, name, &input);
    let folder = tempfile::tempdir().expect("a folder");
    // `qibu tag` refuses what is no UTF-8; the board goes on behind it.
    let whole = String::from_utf8_lossy(text).replace("\r\n", "\n");
    std::fs::write(folder.path().join("text.txt"), whole).expect("the text is written");
    let model = path.to_str().expect("a UTF-8 path");
    let words = qibu(folder.path(), &["tag", model, "text.txt"]).text();
    assert_eq!(printed.text, words, "{name}");
    assert!(words.contains(' '), "{name}");
}

/// One test, because all models go through one target folder.
#[test]
fn words_are_the_same_on_the_chip() {
    if !ready("chip, words") {
        return;
    }
    let mut text =
        "天天日月有来水生\n中人大天龘日\r\n一\n\n与丑专\t且世  人大天\n 日月有 \n".to_owned();
    text += "来水生𠀀𠀁12ab×Üé\n";
    // Longer than the program's memory for a line.
    text += &"天日月有来水生一与丑专且世人大".repeat(60);
    // White space longer than that: before, between and behind words, a character across its end.
    let blanks = " ".repeat(1022);
    text += &format!("\n{blanks}{blanks}日月\n天天{blanks}  {blanks}日月{blanks}{blanks}\n");
    text += &format!("{blanks}{blanks}{blanks}\n{blanks}天天\n");
    let wide = "\u{3000}".repeat(400);
    text += &format!("{wide}{wide}日月\n天天日月{wide}{wide}\n{wide}\n");
    let mut text = text.into_bytes();
    text.extend(b"\n\xE5\xA4\xFF\xE6\x97\xA5\xF0\x9F\x98\n\x80\xE5\xA4\xA9\xC0\xAF \xE6\n");
    let path = root().join("target/bare-metal/tagger.qibu");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, &Spec::default().int8()[..]).unwrap();
    compare_words(&path, "little tagger", &text);
    let page = std::fs::read(root().join("models/cws/page.txt")).expect("a page of text");
    text.extend(page);
    compare_words(
        &root().join("models/cws-300k/model.qibu"),
        "cws-300k",
        &text,
    );
}

/// What every board is compared with is what `qibu tag` prints.
#[test]
fn golden_words_are_those_of_the_host() {
    let golden = root().join("firmware-examples/golden");
    let mut found = 0;
    for entry in std::fs::read_dir(&golden).expect("the folder").flatten() {
        let name = entry.file_name().into_string().expect("a UTF-8 name");
        let model = name
            .strip_prefix("tag-")
            .and_then(|name| name.strip_suffix(".txt"));
        let Some(model) = model.filter(|&model| model != "input") else {
            continue;
        };
        let path = root().join("models").join(model).join("model.qibu");
        let path = path.to_str().expect("a UTF-8 path");
        let words = qibu(&golden, &["tag", path, "tag-input.txt"]).text();
        let expected = std::fs::read_to_string(entry.path()).expect("the golden words");
        assert_eq!(words, expected, "{name}");
        found += 1;
    }
    assert!(found > 0, "no golden words");
}
