//! What a model costs on emulated Cortex-M: executed instructions, exact to one.
//!
//! ```text
//! program   tests/bits/src/bin/count.rs, once for each core    build.rs
//! model     into the machine's memory, by QEMU's loader
//! count     load, weights' checksum, every step                programs::count
//! compare   checksums of all that is written, with this host's
//! ```
//!
//! Instructions are not cycles: on silicon a load or a taken branch costs more than one.

mod build;
mod lines;

use crate::emulator::{self, Time};
use crate::machines::{MACHINES, Machine, Timer};
use build::program;
pub use build::text;
use lines::Lines;
use qibu::kernels;
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::error::{Error, ErrorKind, Result};
use qibu_compiler::model_file::ModelFile;

/// A processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Core {
    /// As the command line names it.
    pub name: &'static str,
    /// As people know it.
    pub title: &'static str,
    /// rustc's `-C target-cpu`, which chooses assembly, too.
    pub cpu: &'static str,
    /// The machine of [`MACHINES`] that has it.
    machine: &'static str,
}

const fn core(
    name: &'static str,
    title: &'static str,
    cpu: &'static str,
    machine: &'static str,
) -> Core {
    Core {
        name,
        title,
        cpu,
        machine,
    }
}

/// All processors.
pub const CORES: [Core; 6] = [
    // A Cortex-M3 executes code for a Cortex-M0, and its board has more memory.
    core("m0", "Cortex-M0", "cortex-m0", "mps2-an385-v6m"),
    core("m3", "Cortex-M3", "cortex-m3", "mps2-an385"),
    core("m4", "Cortex-M4F", "cortex-m4", "mps2-an386"),
    core("m7", "Cortex-M7", "cortex-m7", "mps2-an500"),
    core("m33", "Cortex-M33", "cortex-m33", "mps2-an505"),
    core("m55", "Cortex-M55", "cortex-m55", "mps3-an547"),
];

impl Core {
    /// The processor of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        CORES.into_iter().find(|core| core.name == name)
    }

    /// The machine that has it.
    ///
    /// # Panics
    /// The table has none.
    #[must_use]
    pub fn machine(&self) -> &'static Machine {
        let machine = MACHINES.iter().find(|machine| machine.name == self.machine);
        machine.expect("a machine of the table")
    }
}

/// How the program is optimised: rustc's `-C opt-level`, whole-program optimisation always.
pub const OPT_LEVEL: &str = "3";

/// A model's instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Of the structural load.
    pub load: u64,
    /// Of the weights' checksum.
    pub weights_crc: u64,
    /// Most bytes of stack.
    pub stack: u64,
    /// Of the functions.
    pub functions: Vec<CountedFunction>,
}

/// A function's instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedFunction {
    /// Its name.
    pub name: String,
    /// From `bind` to the end of `execute`, in one stretch.
    pub instructions: u64,
    /// Its steps.
    pub steps: Vec<CountedStep>,
    /// Checksums of its outputs.
    pub outputs: Vec<String>,
}

impl CountedFunction {
    /// Multiply-accumulates.
    #[must_use]
    pub fn macs(&self) -> u64 {
        self.steps.iter().map(|step| step.macs).sum()
    }
}

/// A step's instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedStep {
    /// Its operator.
    pub operator: &'static str,
    /// The kernel that runs it.
    pub kernel: &'static str,
    /// Its instructions, with the way to it.
    pub instructions: u64,
    /// Its multiply-accumulates.
    pub macs: u64,
}

impl Counted {
    /// Instructions of all functions.
    #[must_use]
    pub fn instructions(&self) -> u64 {
        let functions = self.functions.iter();
        functions.map(|function| function.instructions).sum()
    }

    /// Multiply-accumulates of all functions.
    #[must_use]
    pub fn macs(&self) -> u64 {
        self.functions.iter().map(CountedFunction::macs).sum()
    }
}

/// Counts the model in `file` on `core`: one function, or all.
///
/// # Errors
/// The machine lacks memory for it, this one what it takes to emulate it; the results differ from
/// this host's.
pub fn count(core: Core, file: &ModelFile, function: Option<&str>, opt: &str) -> Result<Counted> {
    let machine = core.machine();
    check_room(machine, core, file, function)?;
    if let Some(missing) = emulator::lacks(machine) {
        return Err(Error::environment(missing)
            .hint("firmware-examples/toolchain installs targets and emulators"));
    }
    let program = program(core, opt)?;
    let bundle = bundle(file, function.unwrap_or(""));
    let (found, comments) = emulator::run(machine, &program, &bundle, Time::Instructions)
        .map_err(|error| Error::environment(format!("{}: {error}", machine.name)))?;
    let found = Lines::of(&found, machine, file)?;
    let expected = host(&bundle, machine);
    let expected = Lines::of(&expected, machine, file)?;
    let mut counted = Counted {
        load: found.ticks("load")?,
        weights_crc: found.ticks("weights")?,
        stack: stack(&comments),
        functions: Vec::new(),
    };
    let model = file.model()?;
    for of in model.functions() {
        if function.is_none_or(|wanted| wanted == of.name()) {
            let name = of.name();
            counted.functions.push(CountedFunction {
                name: name.to_owned(),
                instructions: found.ticks(&format!("{name} total"))?,
                steps: steps(&of, &found, &expected, core)?,
                outputs: outputs(&of, &found, &expected, core)?,
            });
        }
    }
    Ok(counted)
}

/// What poems cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedVerse {
    /// Instructions of each seed's poem: read off position by position, and composed by all rules.
    pub poems: Vec<[u64; 2]>,
    /// Bytes of arena that composing needs.
    pub arena: u64,
    /// Most bytes of stack, of the whole program.
    pub stack: u64,
}

/// Counts poems on `core`, from the latent to the characters.
///
/// # Errors
/// As [`count`].
pub fn verse(core: Core, file: &ModelFile, opt: &str) -> Result<CountedVerse> {
    let machine = core.machine();
    check_room(machine, core, file, Some(qibu_compiler::prosody::COMPOSE))?;
    if let Some(missing) = emulator::lacks(machine) {
        return Err(Error::environment(missing)
            .hint("firmware-examples/toolchain installs targets and emulators"));
    }
    let program = program(core, opt)?;
    let bundle = bundle(file, "verse");
    let (found, comments) = emulator::run(machine, &program, &bundle, Time::Instructions)
        .map_err(|error| Error::environment(format!("{}: {error}", machine.name)))?;
    let found = Lines::of(&found, machine, file)?;
    let expected = host(&bundle, machine);
    let expected = Lines::of(&expected, machine, file)?;
    let mut poems = Vec::new();
    for seed in 1.. {
        let line = format!("composed {seed}");
        if expected.line(&line).is_err() {
            break;
        }
        same(&line, &line, &found, &expected, core)?;
        let plain = found.ticks(&format!("plain {seed}"))?;
        poems.push([plain, found.ticks(&line)?]);
    }
    let model = file.model()?;
    let function = model.function(qibu_compiler::prosody::COMPOSE);
    Ok(CountedVerse {
        poems,
        arena: function.map_or(0, |function| function.arena() as u64),
        stack: stack(&comments),
    })
}

/// Most bytes of stack that a program reports.
fn stack(comments: &str) -> u64 {
    let stack = comments.strip_prefix("# stack ");
    let stack = stack.and_then(|text| text.split(' ').next());
    stack.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Whether the model fits: the machine would only say that it stopped.
fn check_room(
    machine: &Machine,
    core: Core,
    file: &ModelFile,
    function: Option<&str>,
) -> Result<()> {
    let model = file.model()?;
    let mut wanted = model
        .functions()
        .filter(|of| function.is_none_or(|name| name == of.name()))
        .peekable();
    if wanted.peek().is_none() {
        let names: Vec<&str> = model.functions().map(|function| function.name()).collect();
        let name = function.unwrap_or("");
        return Err(
            Error::usage(format!("{} has no function `{name}`", file.name()))
                .hint(format!("it has: {}", names.join(", "))),
        );
    }
    let too_large = |what: &str, bytes: usize, room: u32| {
        let message = format!(
            "{}: {bytes} bytes of {what}, the {} has room for {room}",
            file.name(),
            machine.name
        );
        let others = CORES.iter().filter(|other| other.machine != core.machine);
        let others: Vec<&str> = others.map(|other| other.name).collect();
        Err(Error::input(message).hint(format!("other cores: {}", others.join(", "))))
    };
    let room = machine.bundle.1 - 64;
    if file.bytes().len() > room as usize {
        return too_large("model", file.bytes().len(), room);
    }
    match wanted.find(|function| function.arena() > machine.arena as usize) {
        Some(function) => too_large("arena", function.arena(), machine.arena),
        None => Ok(()),
    }
}

/// The model as the program gets it.
fn bundle(file: &ModelFile, function: &str) -> AlignedBytes {
    let lengths = [file.bytes().len(), function.len()].map(|length| length as u32);
    let mut bundle = Vec::new();
    for word in [1, lengths[0], lengths[1], 0] {
        bundle.extend(u32::to_le_bytes(word));
    }
    for bytes in [file.bytes(), function.as_bytes()] {
        bundle.extend(bytes);
        bundle.resize(bundle.len().next_multiple_of(16), 0);
    }
    bundle.extend([0; 16]);
    AlignedBytes::from(&bundle[..])
}

/// A stopwatch that always shows zero.
struct Stopped;

impl programs::Clock for Stopped {
    fn start(&mut self) {}

    fn ticks(&mut self) -> Option<u64> {
        Some(0)
    }
}

/// What this host prints.
fn host(bundle: &[u8], machine: &Machine) -> String {
    let mut arena = AlignedBytes::zeros(machine.arena as usize);
    // Other bytes than a board starts with: what is left in the arena must not matter.
    arena.fill(0xA5);
    let mut text = String::new();
    programs::count(bundle, &mut arena, &mut Stopped, &mut |piece| text += piece);
    text
}

fn steps(
    function: &qibu::Function<'_>,
    found: &Lines<'_>,
    expected: &Lines<'_>,
    core: Core,
) -> Result<Vec<CountedStep>> {
    let name = function.name();
    let mut steps = Vec::new();
    for (number, step) in function.steps().enumerate() {
        let line = format!("{name} step {number}");
        let operator = step.opcode().name();
        let kernel = kernels::name(&step).unwrap_or("");
        same(
            &line,
            &format!("{line}, {operator} by {kernel}"),
            found,
            expected,
            core,
        )?;
        steps.push(CountedStep {
            operator,
            kernel,
            instructions: found.ticks(&format!("{name} {number}"))?,
            macs: step.macs(),
        });
    }
    Ok(steps)
}

fn outputs(
    function: &qibu::Function<'_>,
    found: &Lines<'_>,
    expected: &Lines<'_>,
    core: Core,
) -> Result<Vec<String>> {
    let lines = (0..function.outputs().len()).map(|at| format!("{} output {at}", function.name()));
    lines
        .map(|line| same(&line, &line, found, expected, core))
        .collect()
}

/// Checksums that both print, or the error that they differ.
fn same(
    line: &str,
    place: &str,
    found: &Lines<'_>,
    expected: &Lines<'_>,
    core: Core,
) -> Result<String> {
    let (found, expected) = (found.line(line)?, expected.line(line)?);
    match found == expected {
        true => Ok(found.to_owned()),
        false => Err(Error::new(
            ErrorKind::Verification,
            format!(
                "{place}: the {} computes something else: checksum {found}, here {expected}",
                core.title
            ),
        )
        .hint("this is a bug of the runtime: please report it with the model")),
    }
}

/// Nanoseconds of an instruction.
const INSTRUCTION: u64 = 256;

/// Instructions in so many ticks of the machine's timer.
fn instructions(ticks: u64, machine: &Machine) -> u64 {
    let hertz = match machine.timer {
        Timer::Cmsdk { hertz, .. } | Timer::Counter { hertz, .. } => u64::from(hertz),
        Timer::None => return 0,
    };
    let scaled = u128::from(ticks) * 1_000_000_000;
    let unit = u128::from(hertz * INSTRUCTION);
    ((scaled + unit / 2) / unit) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use qibu::Model;

    #[test]
    fn ticks_tell_every_instruction() {
        for core in CORES {
            let machine = core.machine();
            let hertz = match machine.timer {
                Timer::Cmsdk { hertz, .. } | Timer::Counter { hertz, .. } => hertz,
                Timer::None => panic!("{} counts nothing", machine.name),
            };
            for count in (0..100_000).chain([600_000_000]) {
                let ticks = count * INSTRUCTION * u64::from(hertz) / 1_000_000_000;
                assert_eq!(instructions(ticks, machine), count, "{}", machine.name);
            }
        }
    }

    /// What a machine prints is compared, and the step named.
    #[test]
    fn a_difference_is_an_error() {
        let core = CORES[2];
        let file = ModelFile::from_bytes("m.qibu", &crate::sample::sample()).expect("a sound file");
        let lines = |text| Lines::of(text, core.machine(), &file).expect("no error");
        let here = lines("# main 0 5\nmain step 0: 01234567\nmain step 1: 89abcdef\nend\n");
        let there = lines("# main 0 7\nmain step 0: 01234567\nmain step 1: 89abcdee\nend\n");
        let compare = |line| same(line, "place", &there, &here, core);
        assert_eq!(compare("main step 0").ok().as_deref(), Some("01234567"));
        let error = compare("main step 1").expect_err("a difference");
        assert_eq!(error.kind(), ErrorKind::Verification);
        assert!(error.message().starts_with("place: "), "{error}");
        let missing = compare("main step 2").expect_err("a line less");
        assert_eq!(missing.kind(), ErrorKind::Environment);
        let refused = Lines::of(
            "error: the weights are damaged\nend\n",
            core.machine(),
            &file,
        );
        assert!(refused.is_err());
    }

    #[test]
    fn kernels_have_names() {
        let file = crate::sample::sample();
        let model = Model::load(&file).expect("a sound model");
        for function in model.functions() {
            for step in function.steps() {
                assert!(kernels::name(&step).is_some(), "{}", step.opcode().name());
            }
        }
    }
}
