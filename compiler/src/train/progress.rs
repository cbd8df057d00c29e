//! What a user sees while training: a bar on a terminal, plain lines elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Progress of one run, on standard error.
pub struct Progress {
    bar: Option<ProgressBar>,
    total: usize,
    started: Instant,
    first: usize,
    spoken: Instant,
    smooth: Option<Vec<f32>>,
}

/// Without a terminal, a line this often.
const QUIET: Duration = Duration::from_secs(20);

impl Progress {
    /// A run from step `done` to step `total`.
    pub fn new(done: usize, total: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(
                Some(total as u64),
                ProgressDrawTarget::stderr_with_hz(4),
            );
            let style = ProgressStyle::with_template(
                "{bar:30.green/dim} {pos}/{len} steps  {msg}  {elapsed} done, {eta} left",
            );
            bar.set_style(style.expect("the template is fixed").progress_chars("━╸─"));
            bar.set_position(done as u64);
            bar.reset_eta();
            bar
        });
        Self {
            bar,
            total,
            started: Instant::now(),
            first: done,
            spoken: Instant::now(),
            smooth: None,
        }
    }

    /// After step `done`; `describe` says a step's figures, here smoothed ones, in words.
    pub fn step(&mut self, done: usize, figures: &[f32], describe: impl Fn(&[f32]) -> String) {
        match &mut self.smooth {
            Some(smooth) => {
                for (old, new) in smooth.iter_mut().zip(figures) {
                    *old += 0.02 * (new - *old);
                }
            }
            None => self.smooth = Some(figures.to_vec()),
        }
        let text = describe(self.smooth.as_deref().unwrap_or(figures));
        match &self.bar {
            Some(bar) => {
                bar.set_position(done as u64);
                bar.set_message(text);
            }
            None if self.spoken.elapsed() >= QUIET => {
                self.spoken = Instant::now();
                let pace = self.started.elapsed().as_secs_f64() / (done - self.first) as f64;
                let left = pace * (self.total - done) as f64;
                eprintln!("step {done}/{}: {text}, {left:.0} s left", self.total);
            }
            None => {}
        }
    }

    /// A line that stays.
    pub fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
