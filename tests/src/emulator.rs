//! A bundle on an emulated machine: what it prints.

use crate::machines::{Emulator, Machine};
use crate::need;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a bundle may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// What the machine that runs the tests lacks for `machine`, if anything.
#[must_use]
pub fn lacks(machine: &Machine) -> Option<String> {
    let emulator = match machine.emulator {
        Emulator::Arm(_) => "qemu-system-arm",
        Emulator::RiscV(_) => "qemu-system-riscv32",
        Emulator::Linux(_) => "qemu-aarch64",
        Emulator::Wasm => "",
    };
    if !need::has_target(machine.target) {
        return Some(format!(
            "no target {} (rustup target add …)",
            machine.target
        ));
    }
    (!emulator.is_empty() && !need::has_program(emulator)).then(|| format!("no {emulator}"))
}

/// How time passes on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// With the host's.
    Host,
    /// 256 ns for each instruction.
    Instructions,
}

/// What `program` prints on `machine` for `bundle` before its last line, and the comments behind it.
///
/// # Errors
/// It does not start, fails, or does not end in time; with what it has printed.
///
/// # Panics
/// No emulator that is a process runs the machine.
pub fn run(
    machine: &Machine,
    program: &Path,
    bundle: &[u8],
    time: Time,
) -> Result<(String, String), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("bundle.bin");
    std::fs::write(&file, bundle).map_err(|error| error.to_string())?;
    let mut qemu = match machine.emulator {
        Emulator::Arm(board) => {
            let mut qemu = board_of("qemu-system-arm", board, machine, program, &file);
            qemu.args(["-semihosting-config", "enable=on,target=native"]);
            qemu
        }
        Emulator::RiscV(board) => {
            let mut qemu = board_of("qemu-system-riscv32", board, machine, program, &file);
            qemu.args(["-bios", "none"]);
            qemu
        }
        Emulator::Linux(cpu) => {
            let mut qemu = Command::new("qemu-aarch64");
            qemu.args(["-cpu", cpu]);
            qemu.arg(program).arg(&file).arg(machine.arena.to_string());
            qemu
        }
        Emulator::Wasm => panic!("WebAssembly runs in the test's own process"),
    };
    if time == Time::Instructions {
        qemu.args(["-icount", "shift=8"]);
    }
    split(output(qemu)?)
}

/// Lines with the last one, `end`, and what stands behind it.
///
/// # Errors
/// There is no last one.
pub fn split(text: String) -> Result<(String, String), String> {
    match text.split_once("end\n") {
        Some((lines, comments)) => Ok((format!("{lines}end\n"), comments.into())),
        None => Err(format!("no end: {}", last(&text))),
    }
}

fn board_of(qemu: &str, board: &str, machine: &Machine, program: &Path, file: &Path) -> Command {
    let mut qemu = Command::new(qemu);
    qemu.args(["-machine", board, "-display", "none", "-monitor", "none"]);
    qemu.args(["-serial", "stdio", "-kernel"]).arg(program);
    let (file, address) = (file.display(), machine.bundle.0);
    qemu.arg("-device");
    qemu.arg(format!("loader,file={file},addr={address:#x},force-raw=on"));
    qemu
}

/// What a process prints before it ends with success.
fn output(mut command: Command) -> Result<String, String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command.spawn().map_err(|error| error.to_string())?;
    let mut pipes = (process.stdout.take(), process.stderr.take());
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipes.0.as_mut().map(|pipe| pipe.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let complaints = std::thread::spawn(move || {
        let mut text = String::new();
        pipes.1.as_mut().map(|pipe| pipe.read_to_string(&mut text));
        text
    });
    let start = Instant::now();
    let status = loop {
        match process.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if start.elapsed() < PATIENCE => {}
            _ => {
                let _ = process.kill();
                let _ = process.wait();
                break None;
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let text = reader.join().unwrap_or_default();
    let complaints = complaints.join().unwrap_or_default();
    match status {
        Some(status) if status.success() => Ok(text),
        Some(status) => Err(format!("{status}: {complaints}{}", last(&text))),
        None => Err(format!(
            "no end within {PATIENCE:?}: {complaints}{}",
            last(&text)
        )),
    }
}

/// The last lines of a text.
fn last(text: &str) -> String {
    let lines: Vec<&str> = text.lines().rev().take(3).collect();
    let short = lines
        .iter()
        .rev()
        .map(|line| line.chars().take(200).collect());
    short.collect::<Vec<String>>().join("\n")
}
