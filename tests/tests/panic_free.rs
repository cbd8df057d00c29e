//! The runtime links for bare metal with a panic handler that calls an undefined symbol.

use qibu_tests::firmware::{Firmware, section_bytes};
use qibu_tests::need::{has_target, say, skip};

fn package<'a>(target: &'a str, profile: &'a str, features: &'a [&'a str]) -> Firmware<'a> {
    Firmware {
        package: "tests/panic-free",
        program: "panic-free",
        target,
        profile,
        features,
        environment: &[],
    }
}

/// Builds for `target`, optimised for speed and for size; then with a panic path on purpose.
fn check(target: &str) {
    for profile in ["release", "size"] {
        let elf = package(target, profile, &[]).elf();
        let (code, constants) = (section_bytes(&elf, ".text"), section_bytes(&elf, ".rodata"));
        // All of it is there: an entry point that the linker emptied would prove nothing.
        assert!(code > 10_000, "{target}: only {code} bytes of code");
        say(&format!(
            "runtime on {target}, profile {profile}: code {code} bytes, constants {constants} bytes"
        ));
    }
    // The check can fail: one index that may be out of range, and it does not link.
    let control = package(target, "release", &["control"]).build();
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

#[test]
fn no_panic_path_is_left() {
    for target in ["thumbv6m-none-eabi", "thumbv7em-none-eabihf"] {
        if has_target(target) {
            check(target);
        } else {
            skip(
                "panic-free",
                &format!("no target {target} (rustup target add …)"),
            );
        }
    }
}
