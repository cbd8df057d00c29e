//! Reading the files that a user names: plain ones, of a size that fits into memory.

use crate::error::{Error, Result};
use std::path::Path;

/// Most bytes that a file may have: what protobuf allows, and more than any model here needs.
pub const LARGEST: u64 = 2 << 30;

/// The bytes of the file at `path`; `remedy` says what to give instead of a missing one.
///
/// A pipe or a device may never end, so it is refused before it is opened.
///
/// # Errors
/// The file is missing, unreadable, no plain file, or larger than [`LARGEST`].
pub fn read(path: &Path, remedy: &str) -> Result<Vec<u8>> {
    let refused = |why: &str| Error::input(format!("cannot read {}: {why}", path.display()));
    let missing = |error: std::io::Error| refused(&error.to_string()).hint(remedy);
    let about = std::fs::metadata(path).map_err(missing)?;
    if about.is_dir() {
        return Err(refused("it is a folder").hint(remedy));
    }
    if !about.is_file() {
        return Err(refused("it is a pipe or a device, not a plain file")
            .hint("write its contents to a file first, and give that"));
    }
    if about.len() > LARGEST {
        let why = format!("{} bytes; at most {LARGEST} are read", about.len());
        return Err(refused(&why).hint(remedy));
    }
    std::fs::read(path).map_err(missing)
}

/// As [`read`], for UTF-8 text.
///
/// # Errors
/// As [`read`], and where the bytes are no UTF-8.
pub fn read_text(path: &Path, remedy: &str) -> Result<String> {
    String::from_utf8(read(path, remedy)?).map_err(|error| {
        Error::input(format!("{}: not UTF-8: {error}", path.display())).hint(TO_UTF8)
    })
}

/// What to do about text in another encoding.
pub const TO_UTF8: &str = "convert the file to UTF-8, with `iconv -f GB18030 -t UTF-8` for example";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_of_a_bounded_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let refusal = |path: &Path| read(path, "give another").unwrap_err().to_string();
        assert!(refusal(&path).ends_with("help: give another"));
        assert!(refusal(folder.path()).contains("it is a folder"));
        std::fs::write(&path, b"\xFF").unwrap();
        assert_eq!(read(&path, "").unwrap(), b"\xFF");
        assert!(
            read_text(&path, "")
                .unwrap_err()
                .to_string()
                .contains("iconv")
        );
        let file = std::fs::File::create(&path).unwrap();
        if file.set_len(LARGEST + 1).is_ok() {
            assert!(refusal(&path).contains("at most"));
        }
        #[cfg(unix)]
        assert!(refusal(Path::new("/dev/zero")).contains("a device"));
    }
}
