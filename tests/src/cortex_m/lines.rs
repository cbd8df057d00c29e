//! What the program `count` prints.

use super::instructions;
use crate::machines::Machine;
use qibu_compiler::error::{Error, Result};
use qibu_compiler::model_file::ModelFile;
use std::collections::BTreeMap;

/// Lines by what stands before the value.
pub(super) struct Lines<'t> {
    checksums: BTreeMap<&'t str, &'t str>,
    ticks: BTreeMap<&'t str, &'t str>,
    machine: &'static Machine,
    file: &'t str,
}

impl<'t> Lines<'t> {
    /// Of the program's text.
    ///
    /// # Errors
    /// It reports one.
    pub fn of(text: &'t str, machine: &'static Machine, file: &'t ModelFile) -> Result<Self> {
        let file = file.name();
        if let Some(error) = text.lines().find_map(|line| line.strip_prefix("error: ")) {
            return Err(Error::input(error).within(file));
        }
        let (comments, others): (Vec<&str>, Vec<&str>) =
            text.lines().partition(|line| line.starts_with("# "));
        let comments = comments
            .iter()
            .filter_map(|line| line[2..].rsplit_once(' '));
        let others = others.iter().filter_map(|line| line.split_once(':'));
        Ok(Self {
            checksums: others.map(|(place, sums)| (place, sums.trim())).collect(),
            ticks: comments.collect(),
            machine,
            file,
        })
    }

    /// Instructions of a stretch.
    ///
    /// # Errors
    /// It took longer than the timer counts.
    pub fn ticks(&self, name: &str) -> Result<u64> {
        let empty = self.stretch("nothing")?;
        Ok(self.stretch(name)?.saturating_sub(empty))
    }

    fn stretch(&self, name: &str) -> Result<u64> {
        let text = self.ticks.get(name).copied();
        let text = text.ok_or_else(|| self.missing(name))?;
        let ticks = text.parse().map_err(|_| {
            Error::input(format!(
                "{name}: more instructions than the timer of the {} counts",
                self.machine.name
            ))
            .within(self.file)
            .hint("count a smaller model, or one function with --function")
        })?;
        Ok(instructions(ticks, self.machine))
    }

    /// Checksums behind `name`.
    ///
    /// # Errors
    /// There are none.
    pub fn line(&self, name: &str) -> Result<&'t str> {
        let line = self.checksums.get(name).copied();
        line.ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> Error {
        Error::environment(format!("the {} printed no {name}", self.machine.name))
            .within(self.file)
            .hint("the emulator stopped before the end: is it QEMU 7.2 or later?")
    }
}
