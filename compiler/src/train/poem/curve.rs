//! A poem model's curves: the objective and the cross-entropy on the left, the divergence on the
//! right.

use crate::error::Result;
use crate::train::plot::{self, Panel, colour};

/// The picture of `history`, one entry a step of `batch` poems, as SVG.
pub fn draw(history: &[Vec<f32>], batch: usize) -> Result<String> {
    let column = |index: usize| -> Vec<f32> {
        let values = history.iter().filter_map(|figures| figures.get(index));
        values.copied().collect()
    };
    let panel = |curves| Panel {
        curves,
        across: format!("steps of {batch} poems"),
        upwards: "nats per poem",
        noisy: true,
        decimals: 0,
        marked: None,
    };
    plot::draw(&[
        panel(vec![
            ("loss", colour::BLUE, column(0)),
            ("reconstruction", colour::RED, column(1)),
        ]),
        panel(vec![("KL divergence", colour::GREEN, column(2))]),
    ])
}
