//! Writing files so that nothing is lost: a temporary file beside the target, then a rename.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Writes `bytes` to `path` whole or not at all.
///
/// # Errors
/// As [`write_all`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_all(&[(path, bytes)])
}

/// Writes several files: none is replaced before all are on the disk.
///
/// Each temporary file lives in its target's folder, so that the rename stays on one file system;
/// it is synced first, so that a full disk shows before an old file is replaced. A link stays a
/// link, and what is no plain file, such as /dev/null, is written into.
///
/// # Errors
/// A folder is missing or not writable, a target is a folder, the disk is full.
pub fn write_all(files: &[(&Path, &[u8])]) -> Result<()> {
    let mut staged = Vec::new();
    for &(path, bytes) in files {
        let failed = |error| failed(path, error);
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        match target.metadata() {
            Ok(about) if about.is_dir() => return Err(folder(path)),
            Ok(about) if !about.is_file() => {
                let mut device = File::options().write(true).open(&target).map_err(failed)?;
                device.write_all(bytes).map_err(failed)?;
            }
            _ => staged.push((path, stage(&target, bytes).map_err(failed)?, target)),
        }
    }
    for (path, file, target) in staged {
        file.persist(target)
            .map_err(|error| failed(path, error.error))?;
    }
    Ok(())
}

/// The bytes in a temporary file beside `target`, with the permissions of any new file.
fn stage(target: &Path, bytes: &[u8]) -> std::io::Result<NamedTempFile<File>> {
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".qibu-")
        .suffix(".part")
        .make_in(folder, |path| File::create_new(path))?;
    file.as_file_mut().write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    Error::environment(format!("cannot write {}: {error}", path.display()))
        .hint("check that the folder exists and is writable and that the disk has room; nothing was changed")
}

fn folder(path: &Path) -> Error {
    Error::usage(format!("cannot write {}: it is a folder", path.display()))
        .hint("give the name of a file in it")
}

/// Refuses early what a command would not be able to write, or should not: a slip of the keyboard
/// must not replace a model, a corpus or samples. A file that is there already may be replaced if
/// it is empty or starts as one of `kinds` does.
///
/// # Errors
/// `path` is a folder, or a file of another kind.
pub fn check_target(path: &Path, kinds: &[&[u8]]) -> Result<PathBuf> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match target.metadata() {
        Ok(about) if about.is_dir() => return Err(folder(path)),
        Ok(about) if about.is_file() && about.len() > 0 => {}
        _ => return Ok(target),
    }
    let mut start = Vec::new();
    let opened = File::open(&target).and_then(|file| file.take(16).read_to_end(&mut start));
    let replaceable = |_| kinds.iter().any(|kind| start.starts_with(kind));
    if opened.is_ok_and(replaceable) {
        return Ok(target);
    }
    let message = format!(
        "{} exists and is something else than what would be written there",
        path.display()
    );
    Err(Error::usage(message).hint("give another name, or remove that file first"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_or_none_and_nothing_stays_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (good, bad) = (folder.path().join("a"), folder.path().join("none/b"));
        std::fs::write(&good, "old").unwrap();
        let error = write_all(&[(&good, b"new"), (&bad, b"new")]).unwrap_err();
        assert!(!error.to_string().contains(".part"), "{error}");
        assert_eq!(std::fs::read(&good).unwrap(), b"old");
        assert!(write(folder.path(), b"").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        write(&good, b"new").unwrap();
        assert_eq!(std::fs::read(&good).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        write(&link, b"new").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        let null = folder.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        write(&null, b"new").unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
    }

    #[test]
    fn only_files_of_their_kind_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.qibu");
        for (there, allowed) in [("", true), ("QIBU...", true), ("model", false)] {
            std::fs::write(&path, there).unwrap();
            assert_eq!(check_target(&path, &[b"QIBU"]).is_ok(), allowed, "{there}");
        }
        assert!(check_target(folder.path(), &[]).is_err());
        assert!(check_target(&folder.path().join("new"), &[]).is_ok());
    }
}
