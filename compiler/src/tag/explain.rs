//! How sure a model is, drawn for people: a row for each character, a bar for each label.
//!
//! ```text
//! 乒乓 球拍 卖 完 了  (0.62)
//! 乒  B ████████ 1.00  M          0.00  E          0.00  S          0.00
//! ```

use super::labels::Labels;
use super::output::Token;
use super::output::whole::Decoded;
use crate::report::printable;
use crate::report::table::{Style, width};
use std::fmt::Write;

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    style: Style,
}

impl Look {
    /// In this style.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { style }
    }
}

/// Cells of a bar.
const CELLS: usize = 8;
/// Labels that are drawn: the likeliest ones, where there are many.
const DRAWN: usize = 4;

/// Draws a line.
pub fn draw(look: Look, labels: &Labels, line: &[(char, bool)], found: &Decoded, out: &mut String) {
    let (Some(best), Some(marginals)) = (found.paths.first(), &found.marginals) else {
        return;
    };
    let mut text = String::new();
    let mut previous = None;
    for (&(character, gap), &tag) in line.iter().zip(&best.tags) {
        let token = Token {
            character,
            tag,
            gap,
        };
        let role = labels.role(token.tag);
        if !text.is_empty() && (gap || role.is_some_and(|role| role.begins(previous))) {
            text.push(' ');
        }
        previous = role;
        text.push(character);
    }
    let _ = writeln!(
        out,
        "{}  ({:.2})",
        look.style.bold(&printable(&text)),
        best.probability
    );
    let widest = labels
        .names()
        .iter()
        .map(|name| width(name))
        .max()
        .unwrap_or(0);
    let rows = marginals.chunks(labels.len().max(1));
    for ((&(character, _), &tag), row) in line.iter().zip(&best.tags).zip(rows) {
        let shown = printable(&character.to_string());
        let _ = write!(
            out,
            "{shown}{}",
            " ".repeat(3usize.saturating_sub(width(&shown)))
        );
        let mut order: Vec<usize> = (0..row.len()).collect();
        if order.len() > DRAWN {
            order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
            order.truncate(DRAWN);
        }
        for label in order {
            let share = row[label];
            let name = labels.name(label as u8);
            let pad = " ".repeat(widest - width(name));
            let cell = format!("{name}{pad} {} {share:.2}", bar(share));
            let chosen = usize::from(tag) == label;
            let cell = if chosen { look.style.bold(&cell) } else { cell };
            let _ = write!(out, " {}{cell}", if chosen { '›' } else { ' ' });
        }
        out.push('\n');
    }
    out.push('\n');
}

/// A share as a bar, an eighth of a cell exact.
fn bar(share: f32) -> String {
    const PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let eighths = (libm::roundf(share * (CELLS * 8) as f32) as usize).min(CELLS * 8);
    let mut bar = "█".repeat(eighths / 8);
    if eighths / 8 < CELLS {
        bar.push(PARTS[eighths % 8]);
    }
    let room = CELLS.saturating_sub(bar.chars().count());
    bar + &" ".repeat(room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::output::whole::Path;

    #[test]
    fn bars_are_shares() {
        let bars = [0.0, 0.5, 0.515_625, 1.0].map(bar);
        assert_eq!(bars, ["        ", "████    ", "████▏   ", "████████"]);
    }

    #[test]
    fn a_drawing_by_hand() {
        let labels = Labels::new(["B", "M", "E", "S"]);
        let found = Decoded {
            paths: vec![Path {
                probability: 0.75,
                tags: vec![0, 2, 3],
            }],
            ranked: false,
            marginals: Some(vec![
                1.0, 0.0, 0.0, 0.0, 0.0, 0.25, 0.75, 0.0, 0.0, 0.0, 0.0, 1.0,
            ]),
            forced: false,
        };
        let mut out = String::new();
        let line = [('春', false), ('\u{1b}', false), ('不', false)];
        draw(Look::new(Style::PLAIN), &labels, &line, &found, &mut out);
        let expected = "春· 不  (0.75)\n\
            春  ›B ████████ 1.00  M          0.00  E          0.00  S          0.00\n\
            ·    B          0.00  M ██       0.25 ›E ██████   0.75  S          0.00\n\
            不   B          0.00  M          0.00  E          0.00 ›S ████████ 1.00\n\n";
        assert_eq!(out, expected);
    }
}
