//! Packages outside the workspace, built for bare metal and run under QEMU.

use crate::need;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A firmware package and how to build it.
pub struct Firmware<'a> {
    /// Folder of the package, from the top of the repository.
    pub package: &'a str,
    /// Name of its program.
    pub program: &'a str,
    /// Target triple.
    pub target: &'a str,
    /// Profile of its Cargo.toml: `release`, or another optimised one.
    pub profile: &'a str,
    /// Features.
    pub features: &'a [&'a str],
    /// Environment of the build.
    pub environment: &'a [(&'a str, &'a str)],
}

impl Firmware<'_> {
    /// Builds it outside the target folder of the workspace; cargo's output.
    ///
    /// # Panics
    /// cargo does not start.
    #[must_use]
    pub fn build(&self) -> Output {
        let mut cargo = Command::new("cargo");
        // A package's own .cargo/config.toml counts only where cargo starts.
        cargo.current_dir(need::root().join(self.package));
        cargo.args([
            "build",
            "--locked",
            "--profile",
            self.profile,
            "--target",
            self.target,
        ]);
        cargo.arg("--target-dir").arg(self.folder());
        cargo.arg("--features").arg(self.features.join(","));
        cargo.envs(self.environment.iter().copied());
        // Flags and locations meant for the host do not apply.
        for inherited in ["RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_ENCODED_RUSTFLAGS"] {
            cargo.env_remove(inherited);
        }
        cargo.output().expect("cargo starts")
    }

    /// Builds it; the program's path.
    ///
    /// # Panics
    /// The build fails.
    #[must_use]
    pub fn elf(&self) -> PathBuf {
        let output = self.build();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}:\n{log}", self.package);
        self.folder()
            .join(self.target)
            .join(self.profile)
            .join(self.program)
    }

    /// Boards share one, as in `firmware-examples/run`: most of what they build is the same.
    fn folder(&self) -> PathBuf {
        let target = need::root().join("target");
        match self.package.starts_with("firmware-examples") {
            true => target.join("firmware"),
            false => target.join("bare-metal").join(self.package.replace('/', "-")),
        }
    }
}

/// How long a program on an emulated board may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a program of `firmware-examples` printed.
#[derive(Debug)]
pub struct Printed {
    /// Everything before its figures.
    pub text: String,
    /// The line of figures, which starts with `# `.
    pub figures: String,
}

impl Printed {
    /// The figure called `name`.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn figure(&self, name: &str) -> u64 {
        let mut words = self.figures.split_whitespace();
        let value = words.find(|&word| word == name).and(words.next());
        let value = value.and_then(|value| value.parse().ok());
        value.unwrap_or_else(|| panic!("no figure {name} in {:?}", self.figures))
    }
}

/// What a program prints on the first serial line of the mps2-an386 until it prints its figures; `input`
/// is sent when it says that it is ready. Programs do not end by themselves; QEMU is stopped then.
///
/// One instruction is 256 ns of the board's time.
///
/// # Panics
/// QEMU does not start; the program stops with an error, or prints no figures within a minute.
#[must_use]
pub fn emulate(elf: &Path, input: &[u8]) -> Printed {
    let mut qemu = Command::new("qemu-system-arm");
    qemu.args(["-machine", "mps2-an386", "-icount", "shift=8"]);
    qemu.args(["-display", "none", "-monitor", "none", "-serial", "stdio"]);
    qemu.arg("-kernel").arg(elf);
    qemu.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut board = qemu.spawn().expect("QEMU starts");
    let uart = board.stdout.take().expect("a pipe");
    let mut send = board.stdin.take().expect("a pipe");
    let (sender, lines) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(uart).lines() {
            // Nobody listens any more once the figures are there.
            let _ = sender.send(line.expect("UTF-8 from the serial line"));
        }
    });
    let (mut text, start) = (String::new(), Instant::now());
    let outcome = loop {
        let left = PATIENCE.saturating_sub(start.elapsed());
        match lines.recv_timeout(left) {
            // A pipe holds more than a test's text: this does not wait for the board.
            Ok(line) if line == "# ready" => send.write_all(input).expect("a board that listens"),
            Ok(line) if line.starts_with("# ") => break Ok(line),
            Ok(line) if line.starts_with("error: ") => break Err(line),
            Ok(line) => text = text + &line + "\n",
            Err(why) => break Err(format!("no figures: {why}")),
        }
    };
    board.kill().expect("QEMU stops");
    board.wait().expect("QEMU has stopped");
    reader.join().expect("all is read");
    match outcome {
        Ok(figures) => Printed { text, figures },
        Err(why) => panic!("{why}; before: {text}"),
    }
}

/// Bytes of an ELF file's sections whose names start with `prefix` (32-bit, little-endian).
///
/// # Panics
/// It is no such file.
#[must_use]
pub fn section_bytes(elf: &Path, prefix: &str) -> u32 {
    let bytes = std::fs::read(elf).expect("an ELF file");
    assert!(
        bytes.starts_with(b"\x7FELF\x01\x01"),
        "32-bit little-endian ELF"
    );
    let half = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("a word"));
    let (table, size, count, names) = (word(32) as usize, half(46), half(48), half(50));
    let header = |index: usize| table + index * size;
    let strings = word(header(names) + 16) as usize;
    let name = |index: usize| &bytes[strings + word(header(index)) as usize..];
    let matching = (0..count).filter(|&index| name(index).starts_with(prefix.as_bytes()));
    matching.map(|index| word(header(index) + 20)).sum()
}
