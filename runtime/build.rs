//! Says for which instructions of Cortex-M the runtime is built: `cfg(isa = "dsp")`,
//! `cfg(isa = "helium")`, without either `cfg(isa = "mla")` or `cfg(isa = "thumb1")`; and
//! `cfg(isa = "armv8m")` beside them. `cfg(target_feature)` names none.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::rustc-check-cfg=cfg(isa, values(\"armv8m\", \"dsp\", \"helium\", \"mla\", \"thumb1\"))"
    );
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
        // Cortex-M0 and M23: the multiplier takes 32 bits, but does not add.
        _ if target.starts_with("thumbv6m") || target.starts_with("thumbv8m.base") => &["thumb1"],
        _ if target.starts_with("thumbv") => &["mla"],
        _ => &[],
    };
    let armv8m = target.starts_with("thumbv8m.main").then_some("armv8m");
    for extension in extensions.iter().copied().chain(armv8m) {
        println!("cargo::rustc-cfg=isa=\"{extension}\"");
    }
}
