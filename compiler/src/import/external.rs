//! Tensor data in files beside the model: only inside its folder, only as many bytes as needed.

use crate::error::{Error, Result};
use crate::onnx::StringStringEntryProto;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

/// Reads exactly `length` bytes at the place that `entries` describe.
pub(super) fn read(
    entries: &[StringStringEntryProto],
    folder: Option<&Path>,
    length: usize,
) -> Result<Vec<u8>> {
    let entry = |key: &str| entries.iter().find(|entry| entry.key == key);
    let location = entry("location").map_or("", |entry| entry.value.as_str());
    let number = |key: &str| match entry(key) {
        None => Ok(None),
        Some(entry) => entry.value.parse::<u64>().map(Some).map_err(|_| {
            Error::input(format!(
                "external data: {key} `{}` is no number",
                entry.value
            ))
        }),
    };
    let (offset, stated) = (number("offset")?.unwrap_or(0), number("length")?);
    if stated.is_some_and(|stated| stated != length as u64) {
        return Err(Error::input(format!(
            "external data of {} bytes, its shape and type need {length}",
            stated.unwrap_or(0)
        )));
    }
    let path = inside(location, folder)?;
    read_range(&path, offset, length)
        .map_err(|error| Error::input(format!("external data `{location}`: {error}")))
}

/// The canonical path of `location`, if that is a plain file inside the model's folder.
fn inside(location: &str, folder: Option<&Path>) -> Result<PathBuf> {
    let refused = |why: &str| {
        Error::input(format!("external data `{location}`: {why}"))
            .hint("keep the data file in the model's own folder, under a relative name")
    };
    let folder = folder.ok_or_else(|| refused("a model in memory has no folder"))?;
    let relative = Path::new(location);
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if location.is_empty() || location.contains('\\') || !relative.components().all(plain) {
        return Err(refused("the path must be relative and stay in the folder"));
    }
    let found = |path: &Path| {
        path.canonicalize()
            .map_err(|error| refused(&error.to_string()))
    };
    let (root, path) = (found(folder)?, found(&folder.join(relative))?);
    // A symbolic link may lead anywhere: what counts is where the file really is.
    if !path.starts_with(&root) {
        return Err(refused("a link leads outside the folder"));
    }
    if !path.is_file() {
        return Err(refused("not a plain file"));
    }
    Ok(path)
}

fn read_range(path: &Path, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    if offset
        .checked_add(length as u64)
        .is_none_or(|end| end > size)
    {
        let message = format!("{length} bytes at {offset} pass the end of its {size} bytes");
        return Err(std::io::Error::other(message));
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(pairs: &[(&str, &str)]) -> Vec<StringStringEntryProto> {
        let entry = |&(key, value): &(&str, &str)| StringStringEntryProto {
            key: key.into(),
            value: value.into(),
        };
        pairs.iter().map(entry).collect()
    }

    #[test]
    fn only_the_folder_and_only_the_bytes() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("model");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("w.bin"), [1, 2, 3, 4]).unwrap();
        std::fs::write(outer.path().join("secret"), [9; 4]).unwrap();
        let get = |pairs: &[(&str, &str)], length| read(&entries(pairs), Some(&folder), length);

        let bytes = get(
            &[("location", "w.bin"), ("offset", "1"), ("length", "2")],
            2,
        )
        .unwrap();
        assert_eq!(bytes, [2, 3]);
        let absolute = outer.path().join("secret").display().to_string();
        for location in ["../secret", "", &absolute, "missing.bin", "."] {
            assert!(get(&[("location", location)], 4).is_err(), "{location}");
        }
        for (offset, stated) in [
            ("3", "2"),
            ("18446744073709551615", "2"),
            ("0", "3"),
            ("x", "2"),
        ] {
            let pairs = [
                ("location", "w.bin"),
                ("offset", offset),
                ("length", stated),
            ];
            assert!(get(&pairs, 2).is_err(), "{offset} {stated}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outer.path().join("secret"), folder.join("link")).unwrap();
            let error = get(&[("location", "link")], 4).unwrap_err();
            assert!(error.to_string().contains("outside"), "{error}");
        }
    }
}
