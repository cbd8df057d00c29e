//! Full disks and folders that nobody may write: the old file stays, no half of a new one.
//!
//! One of these tests needs root and the other must not be root, so that CI skips one of them too.

use crate::inputs;
use qibu_tests::command::{command, run};
use qibu_tests::need::{poem5, root, say};
use std::path::Path;
use std::process::{Command, Stdio};

/// A file system of 64 KiB; unmounted when dropped.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(folder: &'a Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]);
        mount.arg(folder).stderr(Stdio::null());
        mount.status().ok()?.success().then_some(Self(folder))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let folder = inputs::folder();
    let small = folder.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let Some(_mounted) = Small::mount(&small) else {
        return say("skipped: a_full_disk_loses_nothing: not root, or no mount");
    };
    std::fs::write(small.join("m.qibu"), b"QIBU, an older file").unwrap();
    let model = root().join("models/poem5/model.onnx");
    let compile = ["compile", model.to_str().unwrap(), "-o", "small/m.qibu"];
    let poem5 = poem5();
    let verse = "春眠不觉晓，处处闻啼鸟。";
    let walk = [
        "poem",
        poem5.to_str().unwrap(),
        "--between",
        verse,
        verse,
        "--steps",
        "1000",
        "--out",
        "small/w.svg",
    ];
    for arguments in [&compile[..], &walk] {
        let before = inputs::contents(&small);
        let mut qibu = command(folder.path(), &[]);
        qibu.args(arguments);
        let answer = run(qibu, None);
        assert_eq!(answer.code, Some(4), "{}", answer.stderr);
        assert!(
            answer.stderr.contains("error: cannot write small/"),
            "{}",
            answer.stderr
        );
        assert!(
            answer.stderr.contains("the disk has room"),
            "{}",
            answer.stderr
        );
        assert_eq!(inputs::contents(&small), before);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_an_error() {
    let folder = inputs::folder();
    for line in [
        "poem good.qibu --seed 1",
        "inspect good.qibu",
        "compile good.onnx --json",
    ] {
        let mut qibu = command(folder.path(), &[]);
        qibu.args(line.split(' '));
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let answer = run(qibu, Some(full));
        assert_eq!(answer.code, Some(4), "{line}: {}", answer.stderr);
        assert!(
            answer.stderr.contains("cannot write to standard output"),
            "{line}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_nobody_may_write_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let folder = inputs::folder();
    let locked = folder.path().join("locked");
    std::fs::create_dir(&locked).unwrap();
    let mode = |mode| std::fs::set_permissions(&locked, PermissionsExt::from_mode(mode)).unwrap();
    mode(0o555);
    let writable = std::fs::write(locked.join("probe"), b"").is_ok();
    if writable {
        return say("skipped: a_folder_that_nobody_may_write_is_an_error: root writes everywhere");
    }
    let case = (
        "compile good.onnx -o locked/m.qibu",
        4,
        &["cannot write locked/m.qibu", "help: "][..],
    );
    crate::bad_input::refused(folder.path(), "", &[], &case);
    mode(0o755);
}
