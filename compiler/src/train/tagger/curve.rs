//! A tagger's curves: the loss of every step on the left, the score of every epoch on the right.

use super::score::Figures;
use crate::error::Result;
use crate::train::plot::{self, Panel, colour};

/// The picture of a run, as SVG; `best` is the epoch, from 1, whose weights are kept.
pub fn draw(
    history: &[Vec<f32>],
    rows: usize,
    scores: &[Figures],
    best: Option<usize>,
) -> Result<String> {
    let loss = history
        .iter()
        .filter_map(|figures| figures.first().copied());
    let mut panels = vec![Panel {
        curves: vec![("loss", colour::BLUE, loss.collect())],
        across: format!("steps of {rows} rows"),
        upwards: "nats per character",
        noisy: true,
        decimals: 2,
        marked: None,
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
            marked: best,
        });
    }
    plot::draw(&panels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_named_is_that_of_the_weights_kept() {
        let scores = [70.0, 91.25, 80.5].map(|f1| Figures {
            f1: Some(f1),
            ..Figures::default()
        });
        let picture = draw(&[vec![0.5], vec![0.25]], 4, &scores, Some(2)).unwrap();
        assert!(picture.contains("F1 91.25 at 2, kept"), "{picture}");
        assert!(picture.contains("<circle"), "{picture}");
        let last = draw(&[vec![0.5], vec![0.25]], 4, &scores, None).unwrap();
        assert!(
            last.contains("F1 80.50") && !last.contains("<circle"),
            "{last}"
        );
    }
}
