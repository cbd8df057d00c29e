//! Says for which instruction set extension of Cortex-M the runtime is built: `cfg(isa = "dsp")`,
//! `cfg(isa = "helium")`. `cfg(target_feature)` names neither.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(isa, values(\"dsp\", \"helium\"))");
    let target = env::var("TARGET").unwrap_or_default();
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    // `-Ctarget-cpu=X` is one flag or two.
    let mut cpu = flags
        .split('\x1f')
        .filter_map(|flag| flag.split_once("target-cpu=").map(|(_, cpu)| cpu));
    let cpu = cpu.next_back().unwrap_or("");
    let extensions: &[&str] = match cpu {
        "cortex-m55" | "cortex-m85" => &["dsp", "helium"],
        "cortex-m4" | "cortex-m7" | "cortex-m33" | "cortex-m35p" => &["dsp"],
        _ if target.starts_with("thumbv7em") => &["dsp"],
        _ => &[],
    };
    for extension in extensions {
        println!("cargo::rustc-cfg=isa=\"{extension}\"");
    }
}
