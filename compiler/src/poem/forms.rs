//! The forms by their names, and the model of a form in a folder of models.

use crate::error::{Error, Result};
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// A form of poems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Two lines of five characters
    Couplet5,
    /// Two lines of seven characters
    Couplet7,
    /// Four lines of five characters (五绝)
    Wujue,
    /// Four lines of seven characters (七绝)
    Qijue,
}

impl Form {
    /// Characters of a line, and of a poem.
    #[must_use]
    pub fn lengths(self) -> [usize; 2] {
        match self {
            Self::Couplet5 => [5, 10],
            Self::Couplet7 => [7, 14],
            Self::Wujue => [5, 20],
            Self::Qijue => [7, 28],
        }
    }

    /// The form of these lengths.
    #[must_use]
    pub fn of(lengths: [usize; 2]) -> Option<Self> {
        let mut forms = Self::value_variants().iter().copied();
        forms.find(|form| form.lengths() == lengths)
    }

    /// As the command line names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Couplet5 => "couplet5",
            Self::Couplet7 => "couplet7",
            Self::Wujue => "wujue",
            Self::Qijue => "qijue",
        }
    }

    /// Folder of the form's model among Qibu's.
    fn folder(self) -> &'static str {
        match self {
            Self::Couplet5 => "poem5",
            Self::Couplet7 => "poem7",
            Self::Wujue => "wujue",
            Self::Qijue => "qijue",
        }
    }
}

/// The file of the model `path`: itself, or that of `form` where it is a folder of models.
///
/// # Errors
/// It is a folder and no form is given, or the folder has no model of it.
pub fn model(path: &Path, form: Option<Form>) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let own = path.join("model.qibu");
    if own.is_file() {
        return Ok(own);
    }
    let file = |form: Form| path.join(form.folder()).join("model.qibu");
    let mut forms = Form::value_variants().iter();
    let Some(form) = form else {
        // A folder of something else is no model: opening it says so.
        if !forms.any(|&form| file(form).is_file()) {
            return Ok(path.to_owned());
        }
        return Err(
            Error::usage(format!("{} is a folder of models", path.display()))
                .hint("say which one with --form couplet5, couplet7, wujue or qijue"),
        );
    };
    let file = file(form);
    match file.is_file() {
        true => Ok(file),
        false => Err(Error::input(format!(
            "{}: no {}/model.qibu for --form {}",
            path.display(),
            form.folder(),
            form.name()
        ))
        .hint("give the model's file itself")),
    }
}

/// Whether a model of `lengths` writes `form`.
///
/// # Errors
/// It writes another one.
pub fn check(name: &str, lengths: [usize; 2], form: Option<Form>) -> Result<()> {
    let [line, positions] = lengths;
    match form {
        Some(form) if form.lengths() != lengths => Err(Error::usage(format!(
            "{name} writes {} lines of {line} characters, not --form {}",
            positions.checked_div(line).unwrap_or(0),
            form.name()
        ))
        .hint("give the folder of all models, such as `models`, and --form finds its model")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_a_model_for_each_form() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wujue/model.qibu");
        std::fs::create_dir(folder.path().join("wujue")).unwrap();
        std::fs::write(&file, "").unwrap();
        let find = |form| model(folder.path(), form).map_err(|error| error.to_string());
        assert_eq!(find(Some(Form::Wujue)), Ok(file.clone()));
        assert!(find(None).unwrap_err().contains("--form couplet5"));
        let missing = find(Some(Form::Qijue)).unwrap_err();
        assert!(missing.contains("no qijue/model.qibu"), "{missing}");
        assert_eq!(model(&file, None).unwrap(), file);
        assert_eq!(model(file.parent().unwrap(), None).unwrap(), file);
        let other = tempfile::tempdir().unwrap();
        assert_eq!(model(other.path(), None).unwrap(), other.path());
    }

    #[test]
    fn a_file_must_be_of_the_form_asked_for() {
        assert!(check("m", [5, 20], Some(Form::Wujue)).is_ok());
        assert!(check("m", [5, 20], None).is_ok());
        let error = check("m", [7, 28], Some(Form::Wujue)).unwrap_err();
        assert!(error.to_string().contains("4 lines of 7"), "{error}");
        for form in Form::value_variants() {
            assert_eq!(Form::of(form.lengths()), Some(*form));
        }
    }
}
