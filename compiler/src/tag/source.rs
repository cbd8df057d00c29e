//! The texts that a user names: files of any size, pipes, or standard input.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::PathBuf;

/// A text to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard input.
    Input,
    /// A file, or what can be read like one.
    File(PathBuf),
}

/// The sources that `files` name; standard input where none is named.
///
/// # Errors
/// One is missing or a folder: nothing is read then.
pub fn check(files: &[PathBuf]) -> Result<Vec<Source>> {
    if files.is_empty() {
        return Ok(vec![Source::Input]);
    }
    let source = |path: &PathBuf| {
        if path.as_os_str() == "-" {
            return Ok(Source::Input);
        }
        let refused = |why: String| {
            Error::input(format!("cannot read {}: {why}", path.display()))
                .hint("give text files in UTF-8, or nothing to read standard input")
        };
        match std::fs::metadata(path) {
            Err(error) => Err(refused(error.to_string())),
            Ok(about) if about.is_dir() => Err(refused("it is a folder".into())),
            Ok(_) => Ok(Source::File(path.clone())),
        }
    };
    files.iter().map(source).collect()
}

impl Source {
    /// What errors and JSON call it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Input => "standard input".into(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Whether someone types.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        *self == Self::Input && std::io::stdin().is_terminal()
    }

    /// Opens it.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(&self) -> Result<Box<dyn Read>> {
        match self {
            Self::Input => Ok(Box::new(std::io::stdin())),
            Self::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(Error::input(format!(
                    "cannot read {}: {error}",
                    path.display()
                ))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_are_looked_for_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "春").unwrap();
        assert_eq!(check(&[]).unwrap(), [Source::Input]);
        let found = check(&["-".into(), path.clone()]).unwrap();
        assert_eq!(found, [Source::Input, Source::File(path.clone())]);
        let mut text = String::new();
        found[1].open().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "春");
        for (bad, why) in [
            (folder.path().join("none"), "none: "),
            (folder.path().into(), "a folder"),
        ] {
            let error = check(&[path.clone(), bad]).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("help: "), "{error}");
        }
    }
}
