//! C firmware on an emulated Cortex-M4F: the couplets of the Rust interface, and nothing linked that
//! it does not call.

use crate::c::{folder, succeed};
use qibu::Model;
use qibu::poem::Poet;
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::firmware::section_bytes;
use qibu_tests::need::{has_program, has_target, root, say, skip};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const COUPLETS: usize = 10;
/// How long the board may take for a line.
const PATIENCE: Duration = Duration::from_secs(60);
/// Code of everything: runtime, interface and board.
const MOST_CODE: u32 = 28 * 1024;

/// The first lines that the board prints; it does not end by itself.
fn lines(elf: &Path, count: usize) -> Vec<String> {
    let mut qemu = Command::new("qemu-system-arm");
    qemu.args(["-machine", "mps2-an386", "-icount", "shift=8"]);
    qemu.args(["-display", "none", "-monitor", "none", "-serial", "stdio"]);
    qemu.arg("-kernel").arg(elf);
    qemu.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut board = qemu.spawn().expect("QEMU starts");
    let uart = BufReader::new(board.stdout.take().expect("a pipe"));
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        for line in uart.lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    let mut lines = Vec::new();
    while lines.len() < count {
        match receive.recv_timeout(PATIENCE) {
            Ok(line) => lines.push(line),
            Err(_) => break,
        }
    }
    board.kill().expect("QEMU stops");
    board.wait().expect("QEMU ends");
    lines
}

fn couplets(path: &Path) -> Vec<String> {
    let file = AlignedBytes::from(&std::fs::read(path).expect("the model")[..]);
    let model = Model::load(&file).expect("a sound model");
    let poet = Poet::new(&model).expect("a poem model");
    let mut arena = AlignedBytes::zeros(poet.arena());
    let couplet = |seed| {
        let ids = poet.couplet(seed, poet.temperature(), &mut arena);
        let mut text = String::new();
        poet.write(&ids.expect("the arena fits"), |piece| text += piece);
        text
    };
    (1..=COUPLETS as u64).map(couplet).collect()
}

/// Whether firmware can be built and run; says what is missing.
fn ready(test: &str) -> bool {
    for (there, what) in [
        (has_program("arm-none-eabi-gcc"), "no arm-none-eabi-gcc"),
        (has_program("make"), "no make"),
        (has_program("qemu-system-arm"), "no qemu-system-arm"),
        (
            has_target("thumbv7em-none-eabihf"),
            "no target thumbv7em-none-eabihf (rustup target add …)",
        ),
    ] {
        if !there {
            skip(test, what);
            return false;
        }
    }
    true
}

/// Makes the firmware with `model`; the folder where it is.
fn make(model: &Path) -> PathBuf {
    let out = root().join("target/bare-metal/c-mps2-an386");
    let mut make = Command::new("make");
    make.arg("-C")
        .arg(root().join("firmware-examples/c-mps2-an386"));
    make.arg(format!("OUT={}", out.display()));
    make.arg(format!("MODEL={}", model.display()));
    // Flags and locations meant for the host do not apply.
    for inherited in [
        "RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "CARGO_ENCODED_RUSTFLAGS",
        "MAKEFLAGS",
    ] {
        make.env_remove(inherited);
    }
    succeed(make.arg(out.join("firmware.elf")));
    out
}

/// One test, because all of it goes through one target folder.
#[test]
fn c_firmware_prints_the_couplets_of_rust() {
    if !ready("C firmware") {
        return;
    }
    for model in ["poem5", "poem-small"] {
        run(model);
    }
    let library = "target/bare-metal/c-mps2-an386/thumbv7em-none-eabihf/firmware/libqibu_c.a";
    no_function_can_panic(&root().join(library));
}

/// The firmware with the model called `name`.
fn run(name: &str) {
    let model = root().join("models").join(name).join("model.qibu");
    let elf = make(&model).join("firmware.elf");
    let printed = lines(&elf, COUPLETS + 1);
    let (figures, found) = printed.split_last().expect("lines");
    assert_eq!(found, couplets(&model));
    let figure = |name: &str| -> usize {
        let mut words = figures.split(' ').skip_while(|word| *word != name);
        words
            .nth(1)
            .and_then(|word| word.parse().ok())
            .expect("a figure")
    };
    let code = section_bytes(&elf, ".text");
    say(&format!(
        "{name} in C on mps2-an386: code {code} bytes, {figures}"
    ));
    assert!(code <= MOST_CODE, "{code} bytes of code");
    assert!((64..8192).contains(&figure("stack")), "{figures}");
    assert!(figure("flash") > code as usize + std::fs::read(&model).expect("it").len());

    // What the program does not call is not there, nor is any way to panic.
    let symbols = succeed(Command::new("arm-none-eabi-nm").arg(&elf));
    let has = |name: &str| symbols.lines().any(|line| line.ends_with(name));
    assert!(has(" qibu_poet_couplet"), "{symbols}");
    for absent in [
        " qibu_stream_push",
        " qibu_model_load",
        " qibu_kernel_normalise_f32",
    ] {
        assert!(!has(absent), "{absent} is linked");
    }
    assert!(!symbols.contains("panic"), "{symbols}");
}

/// Links every function of the header, and everything that they may call: Rust's panic is not there.
fn no_function_can_panic(archive: &Path) {
    let header = std::fs::read_to_string(folder().join("include/qibu.h")).expect("the header");
    let names = header.lines().filter_map(|line| {
        let (name, _) = line.split_once('(')?;
        let name = name.rsplit([' ', '*']).next()?;
        (line.starts_with("qibu_") || line.starts_with("const char")).then_some(name)
    });
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 40, "{names:?}");
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let elf = scratch.path().join("all.elf");
    let mut link = Command::new("arm-none-eabi-gcc");
    link.args([
        "-mcpu=cortex-m4",
        "-mthumb",
        "-mfloat-abi=hard",
        "-mfpu=fpv4-sp-d16",
    ]);
    link.args(["-nostdlib", "-Wl,--gc-sections", "-Wl,-e,qibu_abi"]);
    link.args(names.iter().map(|name| format!("-Wl,-u,{name}")));
    succeed(link.arg(archive).args(["-lgcc", "-o"]).arg(&elf));
    let symbols = succeed(Command::new("arm-none-eabi-nm").arg(&elf));
    for name in names {
        assert!(
            symbols
                .lines()
                .any(|line| line.ends_with(&format!(" T {name}"))),
            "{name}"
        );
    }
    assert!(!symbols.contains("panic"), "{symbols}");
    say(&format!(
        "C interface, all of it: code {} bytes",
        section_bytes(&elf, ".text")
    ));
}
