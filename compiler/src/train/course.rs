//! The training loop.
//!
//! ```text
//! until the last step, the last epoch worth its while, or a stop:
//!     one session.run = forward, backward, update
//!     at an epoch's end: measure, keep the best weights, write the checkpoint
//! ```
//!
//! Step `s` depends on the state before it, the seed and `s` alone: the order of an epoch and the
//! noise of a step have streams of their own. So a run that was stopped anywhere goes on to the
//! same weights, bit for bit, on the same machine, ONNX Runtime and thread count.

use super::checkpoint::{Best, Checkpoint};
use super::progress::Progress;
use super::step::Trainer;
use super::task::{Place, Task};
use crate::engine::Options;
use crate::error::{Error, ErrorKind, Result};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What bounds a run from outside.
pub struct Course<'a> {
    /// Where the checkpoint is written.
    pub checkpoint: &'a Path,
    /// Stop after this many steps in all.
    pub max_steps: Option<usize>,
    /// Device and threads.
    pub options: &'a Options,
    /// Looked at between steps.
    pub stop: &'a AtomicBool,
    /// What a user who stopped it is told to do.
    pub resume: String,
}

/// How fast this call was.
#[derive(Clone, Copy, Debug, Default)]
pub struct Speed {
    /// Steps done by this call.
    pub steps: usize,
    /// Seconds spent in them.
    pub seconds: f64,
    /// Steps of the whole run.
    pub total: usize,
}

/// Where each epoch ends.
struct Schedule {
    ends: Vec<usize>,
}

impl Schedule {
    fn new(epochs: &[usize]) -> Self {
        let mut end = 0;
        let ends = epochs.iter().map(|steps| {
            end += steps;
            end
        });
        Self {
            ends: ends.collect(),
        }
    }

    fn total(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    fn start(&self, epoch: usize) -> usize {
        epoch
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .map_or(0, |&end| end)
    }

    fn place(&self, step: usize) -> Place {
        let epoch = self.ends.partition_point(|&end| end <= step);
        Place {
            step,
            total: self.total(),
            epoch,
            position: step - self.start(epoch),
        }
    }
}

/// Trains `task` from `run` on; says `opening` first.
pub fn follow(
    task: &mut impl Task,
    run: &mut Checkpoint,
    opening: &str,
    course: &Course,
) -> Result<Speed> {
    let schedule = Schedule::new(&task.epochs());
    let total = schedule.total();
    let last = course.max_steps.map_or(total, |steps| steps.min(total));
    let mut progress = Progress::new(run.step, total);
    progress.say(opening);
    let mut trainer = Trainer::new(task, &run.state, course.options)?;
    let mut seconds = 0.0;
    let first = run.step;
    while run.step < last && !settled(task, run, &schedule) {
        let started = Instant::now();
        let place = schedule.place(run.step);
        let figures = trainer.step(task, place)?;
        run.step += 1;
        seconds += started.elapsed().as_secs_f64();
        let loss = figures.first().copied().unwrap_or(f32::NAN);
        if !loss.is_finite() {
            return Err(Error::new(
                ErrorKind::Verification,
                format!("the loss is {loss} at step {}", run.step),
            )
            .hint("lower --set learning_rate=…, or give it a longer warm-up"));
        }
        progress.step(run.step, &figures, |figures| task.describe(figures));
        run.history.push(figures);
        if schedule.ends.get(place.epoch) == Some(&run.step) {
            run.state = trainer.state()?;
            note_epoch(task, run, &schedule, place.epoch, &progress)?;
            run.write(course.checkpoint)?;
        }
        if course.stop.load(Ordering::Relaxed) {
            run.state = trainer.state()?;
            run.write(course.checkpoint)?;
            progress.finish();
            return Err(Error::new(
                ErrorKind::Interrupted,
                format!("stopped at step {} of {total}; saved", run.step),
            )
            .hint(course.resume.clone()));
        }
    }
    run.state = trainer.state()?;
    run.write(course.checkpoint)?;
    progress.finish();
    Ok(Speed {
        steps: run.step - first,
        seconds,
        total,
    })
}

/// Whether the last epoch ended too long after the best one.
fn settled(task: &impl Task, run: &Checkpoint, schedule: &Schedule) -> bool {
    let place = schedule.place(run.step);
    match (&run.best, task.patience()) {
        (Some(best), patience @ 1..) => place.position == 0 && place.epoch >= best.epoch + patience,
        _ => false,
    }
}

/// Measures at the end of `epoch` (from 0) and notes the result.
fn note_epoch(
    task: &mut impl Task,
    run: &mut Checkpoint,
    schedule: &Schedule,
    epoch: usize,
    progress: &Progress,
) -> Result<()> {
    let steps = &run.history[schedule.start(epoch)..];
    let losses = steps.iter().filter_map(|figures| figures.first());
    let loss = losses.map(|&loss| f64::from(loss)).sum::<f64>() / steps.len() as f64;
    let loss = rounded(loss);
    let epoch = epoch + 1;
    let mut entry = serde_json::json!({"epoch": epoch, "step": run.step, "train_loss": loss});
    let decimals = if loss < 1.0 { 4 } else { 2 };
    let mut text = format!("epoch {epoch}: loss {loss:.decimals$}");
    if let Some((key, decision)) = task.turn(epoch, run.state.best())? {
        run.entries.insert(key, decision);
        run.best = None;
    }
    if let Some(measured) = task.measure(run.state.best())? {
        text += &measured.text;
        entry["valid"] = measured.entry;
        if let Some(score) = measured.score
            && run.best.as_ref().is_none_or(|best| score > best.score)
        {
            run.best = Some(Best {
                epoch,
                score,
                weights: run.state.best().clone(),
            });
        }
    }
    progress.say(&text);
    run.epochs.push(entry);
    Ok(())
}

/// Six decimals: more mean nothing, and so few survive a text form exactly.
pub fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_know_their_epoch() {
        let schedule = Schedule::new(&[3, 2]);
        let places: Vec<[usize; 2]> = (0..6)
            .map(|step| schedule.place(step))
            .map(|place| [place.epoch, place.position])
            .collect();
        assert_eq!(places, [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [2, 0]]);
        assert_eq!((schedule.total(), schedule.start(1)), (5, 3));
    }
}
