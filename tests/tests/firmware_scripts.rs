//! What the scripts of `firmware-examples` say to somebody who calls them with something missing.
#![cfg(unix)]

use qibu_tests::firmware::Firmware;
use qibu_tests::need::{has_target, poem5, root, skip};
use std::path::Path;
use std::process::{Command, Output};

/// Calls a script from the top of the repository, by a path that is not absolute.
fn call(script: &str, arguments: &[&str], environment: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(Path::new("firmware-examples").join(script));
    command.current_dir(root()).args(arguments);
    for variable in ["QIBU_MODEL", "QIBU_TAG_MODEL"] {
        command.env_remove(variable);
    }
    command.envs(environment.iter().copied());
    command.output().expect("the script starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_is_printed_and_mistakes_are_refused() {
    for script in ["run", "build", "toolchain"] {
        let help = call(script, &["--help"], &[]);
        let printed = text(&help.stdout);
        assert!(help.status.success(), "{script}: {}", text(&help.stderr));
        assert!(printed.contains(&format!("firmware-examples/{script}")));
        assert_eq!(text(&help.stderr), "", "{script}");
        let refused = call(script, &["nonsense"], &[]);
        assert_eq!(refused.status.code(), Some(2), "{script}");
        let said = text(&refused.stderr);
        assert!(said.starts_with("error: "), "{script}: {said}");
        assert!(said.contains("nonsense"), "{script}: {said}");
    }
}

/// Figures of another model must never become the record that all boards are compared with.
#[test]
fn the_record_takes_no_other_model() {
    let model = poem5();
    let environment: &[(&str, &Path)] = &[("QIBU_MODEL", &model)];
    let refused = call("run", &["--record", "microbit", "poem"], environment);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("takes no other"));
}

/// A missing emulator is said before anything is built, with the remedy.
#[test]
fn without_an_emulator_the_remedy_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for tool in ["env", "bash", "sed", "dirname"] {
        let found = Command::new("sh")
            .args(["-c", &format!("command -v {tool}")])
            .output()
            .expect("a shell");
        let path = text(&found.stdout);
        std::os::unix::fs::symlink(path.trim(), folder.path().join(tool)).expect("a link");
    }
    let failed = call("run", &["microbit"], &[("PATH", folder.path())]);
    let said = text(&failed.stderr);
    assert_eq!(failed.status.code(), Some(1), "{said}");
    assert!(said.contains("qemu-system-arm is not installed"), "{said}");
    assert!(said.contains("firmware-examples/toolchain"), "{said}");
}

/// A model that no board like this can hold is refused in words, not by the linker.
#[test]
fn a_model_that_cannot_fit_is_said() {
    const TARGET: &str = "thumbv6m-none-eabi";
    if !has_target(TARGET) {
        skip("model too large", "no target thumbv6m-none-eabi");
        return;
    }
    let models = root().join("models");
    let size = std::fs::metadata(poem5()).expect("poem5").len();
    let too_large = format!("takes {size} bytes, the board has 262144 of FLASH");
    let cases = [
        (poem5(), too_large.as_str()),
        (models.join("cws/model.qibu"), "it has no function generate"),
        (models.join("none.qibu"), "No such file"),
    ];
    for (model, expected) in cases {
        let firmware = Firmware {
            package: "firmware-examples/microbit",
            program: "poem",
            target: TARGET,
            profile: "release",
            features: &[],
            environment: &[("QIBU_MODEL", model.to_str().expect("a UTF-8 path"))],
        };
        let output = firmware.build();
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{}", model.display());
        assert!(said.contains(expected), "{said}");
        assert!(said.contains("help: set QIBU_MODEL"), "{said}");
    }
}
