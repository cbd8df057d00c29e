//! Writes the linker script of each machine, from the table that the test reads, too.

#[allow(dead_code)]
#[path = "../src/machines.rs"]
mod machines;

use machines::{Emulator, Kernels, MACHINES, Machine, Timer};
use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=../src/machines.rs");
    // The machine that the program `count` is for.
    println!("cargo:rerun-if-env-changed=QIBU_MACHINE");
    let counts = std::env::var("QIBU_MACHINE").ok();
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it"));
    for machine in MACHINES {
        // cortex-m-rt's link.x includes memory.x from the linker's search path; riscv-rt's does not.
        let (memory, scripts) = match machine.emulator {
            Emulator::Arm(_) => (memory(machine), &["-Tlink.x"][..]),
            Emulator::RiscV(_) => (memory(machine) + ALIASES, &["-Tmemory.x", "-Tlink.x"][..]),
            Emulator::Linux(_) | Emulator::Wasm => continue,
        };
        let folder = out.join(machine.name);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("memory.x"), memory).expect("a linker script");
        let path = format!("-L{}", folder.display());
        let counted = (counts.as_deref() == Some(machine.name)).then_some("count");
        for program in [machine.name].into_iter().chain(counted) {
            for argument in [path.as_str(), "--nmagic"].iter().chain(scripts) {
                println!("cargo:rustc-link-arg-bin={program}={argument}");
            }
        }
        if counted.is_some() {
            std::fs::write(out.join("timer.rs"), timer(machine)).expect("a timer");
        }
        let set = out.join(format!("{}.kernels.rs", machine.name));
        std::fs::write(set, kernels(machine)).expect("a kernel set");
    }
}

/// The machine's kernels, as a constant's value.
fn kernels(machine: &Machine) -> String {
    match machine.kernels {
        Kernels::All => "qibu::kernels::ALL".into(),
        Kernels::Some(names) => {
            let paths = names.iter().map(|name| format!("&qibu::kernels::{name}, "));
            format!("&[{}]", paths.collect::<String>())
        }
    }
}

/// What the machine counts instructions by, as an expression.
fn timer(machine: &Machine) -> String {
    match machine.timer {
        Timer::None => panic!("{} has no timer that counts instructions", machine.name),
        // SAFETY (of the text): the address is that of the machine's timer, see `tests/src/machines.rs`.
        Timer::Cmsdk { base, .. } => format!("unsafe {{ bits::Cmsdk::new({base:#x}) }}"),
        // SAFETY (of the text): so are these.
        Timer::Counter { control, value, .. } => {
            format!("unsafe {{ bits::Counter::new({control:#x}, {value:#x}) }}")
        }
    }
}

/// Regions, and symbols whose addresses are where the program finds bundle and arena.
fn memory(machine: &Machine) -> String {
    let ((flash, code), (ram, bytes)) = (machine.flash, machine.ram);
    let (arena, (bundle, length)) = (machine.arena, machine.bundle);
    format!(
        "MEMORY\n{{\n  FLASH : ORIGIN = {flash:#x}, LENGTH = {code}\n  \
         RAM : ORIGIN = {ram:#x} + {arena}, LENGTH = {bytes} - {arena}\n}}\n\
         _arena = {ram:#x};\n_arena_end = {ram:#x} + {arena};\n\
         _bundle = {bundle:#x};\n_bundle_end = {bundle:#x} + {length};\n"
    )
}

/// Where riscv-rt's link.x puts what.
const ALIASES: &str = r#"
REGION_ALIAS("REGION_TEXT", FLASH);
REGION_ALIAS("REGION_RODATA", FLASH);
REGION_ALIAS("REGION_DATA", RAM);
REGION_ALIAS("REGION_BSS", RAM);
REGION_ALIAS("REGION_HEAP", RAM);
REGION_ALIAS("REGION_STACK", RAM);
"#;
