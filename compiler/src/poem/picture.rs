//! A walk as an SVG picture: one row a step, new characters in red, the way as a line of dots.

use super::text;
use super::walk::Walk;
use std::fmt::Write;

const ROW: usize = 34;
const CELL: usize = 26;
const LEFT: usize = 84;
const TOP: usize = 56;

/// The picture's source.
#[must_use]
pub fn svg(walk: &Walk) -> String {
    // One after each line but the last.
    let gaps = (walk.from.len() / text::line_of(walk.from.len())).saturating_sub(1);
    let columns = gaps + walk.from.len();
    let width = LEFT + columns * CELL + 40;
    let height = TOP + walk.steps.len() * ROW + 44;
    let way = LEFT - 24;
    let last = TOP + walk.steps.len().saturating_sub(1) * ROW;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
         <style>text{{font-family:'Noto Serif CJK SC','Songti SC',SimSun,serif;font-size:22px;fill:#222}}\
         .new{{fill:#b3261e}}.given{{fill:#888}}.t{{font-family:sans-serif;font-size:11px;fill:#888}}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fbf8f1\"/>\n\
         <line x1=\"{way}\" y1=\"{TOP}\" x2=\"{way}\" y2=\"{last}\" stroke=\"#ccc\" stroke-width=\"2\"/>\n"
    );
    row(&mut out, &walk.from, &[], TOP - ROW, "given");
    for (index, step) in walk.steps.iter().enumerate() {
        let y = TOP + index * ROW;
        // From ink to vermilion along the way.
        let mix = |a: f32, b: f32| (a + (b - a) * step.t) as u8;
        let colour = [mix(34.0, 179.0), mix(34.0, 38.0), mix(34.0, 30.0)];
        let [r, g, b] = colour;
        let _ = writeln!(
            out,
            "<circle cx=\"{way}\" cy=\"{y}\" r=\"5\" fill=\"rgb({r},{g},{b})\"/>\
             <text class=\"t\" x=\"14\" y=\"{}\">{:.2}</text>",
            y + 4,
            step.t
        );
        row(&mut out, &step.characters, &step.changed, y, "");
    }
    row(&mut out, &walk.to, &[], last + ROW, "given");
    out + "</svg>\n"
}

/// One poem, character by character, so that columns line up whatever the font is.
fn row(out: &mut String, characters: &[char], changed: &[bool], y: usize, class: &str) {
    let line = text::line_of(characters.len());
    for (position, &character) in characters.iter().enumerate() {
        let column = position + position / line;
        let new = changed.get(position).copied().unwrap_or(false);
        let class = if new { "new" } else { class };
        let _ = writeln!(
            out,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>",
            LEFT + column * CELL,
            y + 8,
            escape(character)
        );
    }
}

/// A character that is safe between tags, whatever the vocabulary holds.
fn escape(character: char) -> String {
    match character {
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '&' => "&amp;".into(),
        control if control.is_control() => '\u{FFFD}'.into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poem::walk::Step;

    #[test]
    fn every_character_is_there_and_escaped() {
        let couplet: Vec<char> = "白日依山<黄河入海&".chars().collect();
        let step = |t, changed| Step {
            t,
            characters: couplet.clone(),
            changed: vec![changed; 10],
        };
        let walk = Walk {
            from: couplet.clone(),
            to: couplet.clone(),
            steps: vec![step(0.0, false), step(1.0, true)],
        };
        let picture = svg(&walk);
        assert_eq!(picture.matches("<text").count(), 4 * 10 + 2);
        assert_eq!(picture.matches("class=\"new\"").count(), 10);
        assert_eq!(picture.matches("&lt;").count(), 4);
        assert_eq!(picture.matches("&amp;").count(), 4);
        assert_eq!(picture.matches('<').count(), picture.matches('>').count());
    }
}
