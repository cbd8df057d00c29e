//! Packages outside the workspace, built for bare metal and run under QEMU.

use crate::need;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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
    /// Builds it in a target folder of its own; cargo's output.
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

    fn folder(&self) -> PathBuf {
        need::root().join("target/bare-metal").join(self.program)
    }
}

/// What a program prints on the first UART of the mps2-an386 before it ends.
///
/// One instruction is 256 ns of the board's time, so that its timer counts instructions.
///
/// # Panics
/// QEMU does not start, or the program ends with an error or not within a minute.
#[must_use]
pub fn emulate(elf: &Path) -> String {
    let mut qemu = Command::new("timeout");
    qemu.args([
        "60",
        "qemu-system-arm",
        "-machine",
        "mps2-an386",
        "-icount",
        "shift=8",
    ]);
    qemu.args(["-display", "none", "-monitor", "none", "-serial", "stdio"]);
    qemu.args(["-semihosting-config", "enable=on,target=native", "-kernel"]);
    let output = qemu.arg(elf).output().expect("QEMU starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8 from the UART");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {text}{errors}", output.status);
    text
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
