//! Our own files: compiled for this processor, run by the runtime, timed as a whole and by step.

use super::case::{Case, Feed, Values};
use super::race::Entry;
use super::record::StepTime;
use qibu::{Limits, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::{Request, compile};
use qibu_compiler::error::{Error, Result};
use qibu_compiler::target::Target;
use std::time::Instant;

/// A compiled file.
pub struct File {
    bytes: AlignedBytes,
    /// Name of its target.
    pub target: String,
}

/// Compiles `case` for `target`.
///
/// # Errors
/// The compiler refuses it.
pub fn build(case: &Case, target: Target) -> Result<File> {
    let (model, functions) = case.source.clone();
    let request = Request {
        functions,
        calibration: Some(case.calibration.clone()),
        arrangement: target.into(),
        ..Request::new(&model)
    };
    let compiled = compile(&request, &mut |_, _, _| {})?;
    Ok(File {
        bytes: AlignedBytes::from(&compiled.bytes[..]),
        target: target.name(),
    })
}

/// A file loaded and bound to an arena.
pub struct Ours<'a> {
    run: qibu::Run<'a, 'a>,
    feeds: &'a [Feed],
}

impl File {
    /// Bytes of the arena that [`File::load`] wants.
    ///
    /// # Errors
    /// The file does not load.
    pub fn arena(&self) -> Result<AlignedBytes> {
        Ok(AlignedBytes::zeros(self.function()?.arena()))
    }

    fn function(&self) -> Result<qibu::Function<'_>> {
        let limits = Limits { macs: 1 << 40 };
        let model = Model::load_within(&self.bytes, limits)
            .map_err(|error| Error::input(format!("our own file: {error:?}")))?;
        let mut functions = model.functions();
        functions
            .next()
            .ok_or_else(|| Error::input("our own file has no function"))
    }

    /// Multiply-accumulates of a run.
    ///
    /// # Errors
    /// The file does not load.
    pub fn macs(&self) -> Result<u64> {
        Ok(self.function()?.steps().map(|step| step.macs()).sum())
    }

    /// Ready to run on `feeds`.
    ///
    /// # Errors
    /// The file does not load or has other inputs.
    pub fn load<'a>(&'a self, arena: &'a mut [u8], feeds: &'a [Feed]) -> Result<Ours<'a>> {
        let run = self.function()?.bind(arena);
        let run = run.map_err(|error| Error::input(format!("our own file: {error:?}")))?;
        let mut ours = Ours { run, feeds };
        ours.once()?;
        Ok(ours)
    }

    /// Microseconds of each step: the median of `rounds` runs.
    ///
    /// # Errors
    /// The file does not load or has other inputs.
    pub fn steps(&self, feeds: &[Feed], rounds: usize) -> Result<Vec<StepTime>> {
        let mut arena = self.arena()?;
        let mut ours = self.load(&mut arena, feeds)?;
        let function = ours.run.function();
        let mut times = vec![Vec::new(); function.steps().count()];
        for _ in 0..rounds.max(1) {
            ours.feed()?;
            let mut step = 0;
            let mut start = Instant::now();
            let done = ours.run.execute_with(|_, _| {
                times[step].push(start.elapsed().as_secs_f64() * 1e6);
                step += 1;
                start = Instant::now();
            });
            done.map_err(|error| Error::input(format!("our own file: {error:?}")))?;
        }
        let steps = function.steps().zip(times).map(|(step, mut times)| {
            times.sort_by(f64::total_cmp);
            let kernel = step.kernel().and_then(|kernel| {
                let known = qibu::kernels::ALL.iter().zip(qibu::kernels::NAMES);
                let mut named = known.filter(|(known, _)| std::ptr::eq(**known, kernel));
                named.next().map(|(_, name)| (*name).to_owned())
            });
            StepTime {
                kernel: kernel.unwrap_or_else(|| step.opcode().name().to_owned()),
                macs: step.macs(),
                microseconds: times[times.len() / 2],
            }
        });
        Ok(steps.collect())
    }
}

impl Ours<'_> {
    fn feed(&mut self) -> Result<()> {
        for (index, feed) in self.feeds.iter().enumerate() {
            match &feed.values {
                Values::F32(values) => self.run.set_f32(index, values),
                Values::I32(values) => self.run.set_i32(index, values),
            }
            .map_err(|error| Error::input(format!("input {}: {error:?}", feed.name)))?;
        }
        Ok(())
    }

    fn once(&mut self) -> Result<()> {
        self.feed()?;
        let done = self.run.execute();
        done.map_err(|error| Error::input(format!("our own file: {error:?}")))
    }
}

impl Entry for Ours<'_> {
    fn turn(&mut self, runs: u64) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..runs {
            self.once()?;
        }
        Ok(start.elapsed().as_secs_f64())
    }
}
