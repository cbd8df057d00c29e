//! Bars of ratios as SVG: one look tells who is ahead.
//!
//! A bar runs from level (1) to the ratio: to the right where ours is faster, to the left where a peer
//! is. The axis is logarithmic: twice as fast and half as fast are equally long.

use qibu_compiler::report::memory_svg::escaped;
use std::fmt::Write;

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Text on the left.
    pub label: String,
    /// How many times as long as ours it takes.
    pub ratio: f64,
    /// Text behind the bar.
    pub note: String,
}

const WIDTH: f64 = 720.0;
const LEFT: f64 = 210.0;
const RIGHT: f64 = 190.0;
const LINE: f64 = 24.0;
const TOP: f64 = 34.0;

/// Colours by class; they follow the reader's light or dark setting.
pub const CSS: &str = ".plot .ground{fill:none}.plot text{font:12px system-ui,sans-serif;fill:#222}\
.plot .faint{fill:#666}.plot .grid{stroke:#ddd}.plot .level{stroke:#222;stroke-width:1.5}\
.plot .goal{stroke:#2a7;stroke-width:1.5;stroke-dasharray:5 3}\
.plot .ahead{fill:#2a9d6f}.plot .behind{fill:#d1495b}\
@media(prefers-color-scheme:dark){.plot text{fill:#e6e6e6}.plot .faint{fill:#aaa}\
.plot .grid{stroke:#333}.plot .level{stroke:#e6e6e6}.plot .goal{stroke:#4c9}\
.plot .ahead{fill:#3fb68b}.plot .behind{fill:#e8697b}}";

/// Marks of the axis.
const MARKS: [f64; 9] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0];

/// The picture; `goal` is a second line beside level.
pub fn draw(title: &str, bars: &[Bar], goal: Option<f64>) -> String {
    let height = TOP + LINE * bars.len() as f64 + 26.0;
    let scale = Scale::of(bars, goal);
    let bottom = height - 22.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"100%\" style=\"max-width:{WIDTH}px\" role=\"img\" aria-label=\"{}\">\n",
        escaped(title)
    );
    // Writing into a String cannot fail.
    for mark in MARKS.into_iter().filter(|&mark| scale.holds(mark)) {
        let x = scale.x(mark);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
             <text class=\"faint\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{mark}×</text>",
            bottom + 15.0
        );
    }
    let level = scale.x(1.0);
    let _ = writeln!(
        svg,
        "<text class=\"faint\" x=\"{:.1}\" y=\"20\" text-anchor=\"end\">← peer faster</text>\
         <text class=\"faint\" x=\"{:.1}\" y=\"20\">Qibu faster →</text>",
        level - 8.0,
        level + 8.0
    );
    for (index, bar) in bars.iter().enumerate() {
        one(&mut svg, bar, TOP + LINE * index as f64, &scale);
    }
    for (class, at) in [("level", Some(1.0)), ("goal", goal)] {
        if let Some(x) = at.map(|at| scale.x(at)) {
            let _ = writeln!(
                svg,
                "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>"
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn one(svg: &mut String, bar: &Bar, top: f64, scale: &Scale) {
    let (level, end) = (scale.x(1.0), scale.x(bar.ratio));
    let (class, x) = match bar.ratio >= 1.0 {
        true => ("ahead", level),
        false => ("behind", end),
    };
    let middle = top + 16.0;
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{middle:.1}\" text-anchor=\"end\">{}</text>\
         <rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\"/>\
         <text x=\"{:.1}\" y=\"{middle:.1}\">{:.2}× <tspan class=\"faint\">{}</tspan></text>",
        LEFT - 10.0,
        escaped(&bar.label),
        top + 3.0,
        (end - level).abs().max(1.0),
        LINE - 6.0,
        level.max(end) + 6.0,
        bar.ratio,
        escaped(&bar.note),
    );
}

/// From ratios to units of the drawing.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(bars: &[Bar], goal: Option<f64>) -> Self {
        let ratios = bars.iter().map(|bar| bar.ratio).chain(goal);
        let (low, high) = ratios.fold((0.8_f64, 2.0_f64), |(low, high), ratio| {
            (low.min(ratio), high.max(ratio))
        });
        Self {
            low: low.max(0.02),
            high,
        }
    }

    fn holds(&self, ratio: f64) -> bool {
        (self.low..=self.high).contains(&ratio)
    }

    fn x(&self, ratio: f64) -> f64 {
        let ratio = ratio.clamp(self.low, self.high);
        let length = |ratio: f64| f64::from(qibu::math::ln(ratio as f32));
        let share = length(ratio / self.low) / length(self.high / self.low);
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, ratio: f64) -> Bar {
        Bar {
            label: label.into(),
            ratio,
            note: "n".into(),
        }
    }

    #[test]
    fn bars_run_from_level_to_the_side_of_the_faster() {
        let svg = draw(
            "t",
            &[bar("a", 2.0), bar("b", 0.5), bar("c", 1.0)],
            Some(1.3),
        );
        assert_eq!(svg.matches("class=\"ahead\"").count(), 2);
        assert_eq!(svg.matches("class=\"behind\"").count(), 1);
        assert_eq!(svg.matches("class=\"goal\"").count(), 1);
        let scale = Scale {
            low: 0.5,
            high: 2.0,
        };
        let (half, one, two) = (scale.x(0.5), scale.x(1.0), scale.x(2.0));
        assert!((two - one - (one - half)).abs() < 1e-3);
        // Both bars are as long; one starts where the other ends.
        let width = format!("width=\"{:.1}\"", two - one);
        assert_eq!(svg.matches(&width).count(), 2);
        assert!(svg.contains(&format!("class=\"ahead\" x=\"{one:.1}\"")));
        assert!(svg.contains(&format!("class=\"behind\" x=\"{half:.1}\"")));
    }

    #[test]
    fn names_stay_text() {
        assert!(draw("<", &[bar("<script>", 1.5)], None).contains("&lt;script&gt;"));
    }
}
