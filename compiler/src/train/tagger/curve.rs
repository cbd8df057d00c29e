//! A tagger's curves: the loss of every step on the left, the score of every epoch on the right.

use super::score::Figures;
use crate::error::Result;
use crate::train::plot::{self, Panel, colour};

/// The picture of a run, as SVG.
pub fn draw(history: &[Vec<f32>], rows: usize, scores: &[Figures]) -> Result<String> {
    let loss = history
        .iter()
        .filter_map(|figures| figures.first().copied());
    let mut panels = vec![Panel {
        curves: vec![("loss", colour::BLUE, loss.collect())],
        across: format!("steps of {rows} rows"),
        upwards: "nats per character",
        noisy: true,
        decimals: 2,
    }];
    if let Some(first) = scores.first() {
        let values = scores.iter().map(|figures| figures.score().0 as f32);
        let (name, upwards) = match first.score().1 {
            "F1" => ("F1", "percent"),
            _ => ("accuracy", "percent"),
        };
        panels.push(Panel {
            curves: vec![(name, colour::GREEN, values.collect())],
            across: "epochs".into(),
            upwards,
            noisy: false,
            decimals: 1,
        });
    }
    plot::draw(&panels)
}
