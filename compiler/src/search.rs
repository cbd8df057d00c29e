//! Sensitivity search: which layer gets which number format, so that the file keeps within limits.
//!
//! ```text
//! for each layer and format:      noise at the outputs where this layer alone has this format and
//!                                 all others are f32                                  [`measure`]
//! start: every layer in its smallest format; what has no weights moves as one layer
//! repeat: move the layer on whose noise falls most for each byte that it adds,
//!         build the file and measure it: one point of the frontier                    [`path`]
//! build and measure the files with one format for all layers, too
//! choose: within the limits the least noise; with a wanted ratio the fewest bytes     [`Goal`]
//! ```
//!
//! Noises of single layers add up as if independent, which decides the order of the moves only:
//! every point of the frontier is a file that was built and run.

mod goal;
mod measure;
mod path;

pub use goal::Goal;
pub use path::Point;

use crate::calibrate::{Calibrated, Samples};
use crate::error::{Error, Result};
use crate::quantise::Formats;
use crate::simplify::Simplified;
use crate::target::Arrangement;
use measure::Bench;
use std::collections::BTreeSet;

/// What a search found.
pub struct Found {
    /// The chosen formats.
    pub formats: Formats,
    /// All points: the way from the smallest formats to the largest, then those with one format for
    /// every layer.
    pub frontier: Vec<Point>,
    /// Which of them was chosen.
    pub chosen: usize,
}

/// Searches the formats of all layers.
///
/// # Errors
/// No point keeps within the limits: the error names the nearest one.
pub fn search(
    simplified: &Simplified,
    calibrated: &Calibrated<'_>,
    samples: &Samples,
    goal: &Goal,
    arrangement: &Arrangement,
    mut progress: impl FnMut(usize, usize),
) -> Result<Found> {
    let bench = Bench::new(simplified, calibrated, samples, arrangement)?;
    if bench.layers.is_empty() {
        return Err(
            Error::usage("the model has no layer with weights to choose a format for")
                .hint("leave out --max-flash, --max-ram and --min-snr"),
        );
    }
    let mut frontier = path::walk(&bench, &mut progress)?;
    // The chosen point is measured as the report measures; another one is chosen where that takes
    // it out of the limits. Each point is measured anew once at most.
    let mut measured = BTreeSet::new();
    let chosen = loop {
        let chosen = goal.choose(&frontier)?;
        if !measured.insert(chosen) {
            break chosen;
        }
        frontier[chosen].snr_db = bench.snr_db(&frontier[chosen])?;
    };
    Ok(Found {
        formats: frontier[chosen].formats.clone(),
        frontier,
        chosen,
    })
}

#[cfg(test)]
mod tests;
