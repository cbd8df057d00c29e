//! The arena over time, as one SVG picture.
//!
//! Steps run from left to right, addresses from bottom to top; a tensor is a rectangle from its
//! first to its last step. Two lines show the peak and the lower bound. The drawing is 400 units
//! wide, so that its 11-unit text stays legible on a phone; what does not fit into its rectangle
//! is numbered and listed below. Colours follow the reader's light or dark setting.

use super::grouped;
use std::fmt::Write;

/// One tensor's place in the arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Name of the tensor.
    pub name: String,
    /// First byte.
    pub offset: usize,
    /// Length in bytes.
    pub bytes: usize,
    /// Step that writes it; 0 for inputs.
    pub first_step: usize,
    /// Last step that reads it, inclusive.
    pub last_step: usize,
    /// Whether it is written in place of another: drawn from the middle of its first step on.
    pub in_place: bool,
}

/// What the picture shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arena {
    /// Heading, for instance model and function.
    pub title: String,
    /// Number of steps.
    pub steps: usize,
    /// Tensors in the order in which they are numbered.
    pub blocks: Vec<Block>,
    /// Highest byte in use at any step.
    pub peak: usize,
    /// Largest sum of live bytes at any step: no placement needs less.
    pub lower_bound: usize,
}

const WIDTH: usize = 400;
const LEFT: usize = 50;
const TOP: usize = 44;
const PLOT_WIDTH: usize = WIDTH - LEFT - 10;
const PLOT_HEIGHT: usize = 260;
const LEGEND_LINE: usize = 16;
/// Width of a letter of the text, on the generous side.
const LETTER: f64 = 6.4;

/// Draws the picture; the result is a complete SVG document that can stand inside HTML as well.
pub fn draw(arena: &Arena) -> String {
    let scale = Scale::of(arena);
    let legend = arena.blocks.len() * LEGEND_LINE;
    let height = TOP + PLOT_HEIGHT + 40 + legend;
    let mut svg = String::new();
    let title = escaped(&arena.title);
    // Writing into a String cannot fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"arena\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"100%\" style=\"max-width:60rem\" role=\"img\" aria-label=\"{title}\">\n{CSS}\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
         <text class=\"title\" x=\"10\" y=\"22\">{title}</text>\n"
    );
    axes(&mut svg, arena, &scale);
    for (index, block) in arena.blocks.iter().enumerate() {
        rectangle(&mut svg, block, index, &scale);
    }
    limits(&mut svg, arena, &scale);
    for (index, block) in arena.blocks.iter().enumerate() {
        legend_line(&mut svg, block, index);
    }
    svg.push_str("</svg>\n");
    svg
}

const CSS: &str = "<style>\
.arena .ground{fill:#fff}.arena text{font:11px system-ui,sans-serif;fill:#222}\
.arena .title{font-size:14px;font-weight:600}.arena .axis{stroke:#888}.arena .inside{fill:#111}\
.arena .block{stroke:#fff}.arena .faint{fill:#666}.arena .peak{stroke:#c22;stroke-width:1.5}\
.arena .bound{stroke:#26c;stroke-width:1.5;stroke-dasharray:5 3}\
@media(prefers-color-scheme:dark){.arena .ground{fill:#16181c}.arena text{fill:#e6e6e6}\
.arena .inside{fill:#111}.arena .block{stroke:#16181c}.arena .faint{fill:#aaa}\
.arena .peak{stroke:#f66}.arena .bound{stroke:#7af}}\
</style>";

/// From steps and bytes to units of the drawing.
struct Scale {
    step: f64,
    byte: f64,
}

impl Scale {
    fn of(arena: &Arena) -> Self {
        let ends = arena.blocks.iter().map(|block| block.offset + block.bytes);
        let top = ends
            .chain([arena.peak, arena.lower_bound, 1])
            .max()
            .unwrap_or(1);
        Self {
            step: PLOT_WIDTH as f64 / arena.steps.max(1) as f64,
            byte: PLOT_HEIGHT as f64 / top as f64,
        }
    }

    fn x(&self, step: usize) -> f64 {
        LEFT as f64 + step as f64 * self.step
    }

    fn y(&self, byte: usize) -> f64 {
        (TOP + PLOT_HEIGHT) as f64 - byte as f64 * self.byte
    }
}

fn axes(svg: &mut String, arena: &Arena, scale: &Scale) {
    let (bottom, right) = (TOP + PLOT_HEIGHT, LEFT + PLOT_WIDTH);
    let _ = write!(
        svg,
        "<path class=\"axis\" fill=\"none\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>\n\
         <text class=\"faint\" x=\"{LEFT}\" y=\"{}\">step 0</text>\n\
         <text class=\"faint\" x=\"{right}\" y=\"{}\" text-anchor=\"end\">step {}</text>\n",
        bottom + 15,
        bottom + 15,
        arena.steps.saturating_sub(1),
    );
    // Quarters of the peak mark the addresses.
    for quarter in 0..=4 {
        let byte = arena.peak / 4 * quarter;
        let _ = writeln!(
            svg,
            "<text class=\"faint\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 5,
            scale.y(byte) + 4.0,
            grouped(byte),
        );
    }
}

/// Neighbouring numbers get hues far apart.
fn hue(index: usize) -> usize {
    index * 137 % 360
}

fn rectangle(svg: &mut String, block: &Block, index: usize, scale: &Scale) {
    let end = block.last_step.max(block.first_step) + 1;
    let half = if block.in_place {
        0.5 * scale.step
    } else {
        0.0
    };
    let (x, y) = (
        scale.x(block.first_step) + half,
        scale.y(block.offset + block.bytes),
    );
    let (width, height) = (scale.x(end) - x, scale.y(block.offset) - y);
    let name = escaped(&block.name);
    let bytes = grouped(block.bytes);
    let _ = writeln!(
        svg,
        "<rect class=\"block\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
         height=\"{height:.1}\" fill=\"hsl({},60%,70%)\"><title>{name}: {bytes} bytes at {}, \
         steps {} to {}{}</title></rect>",
        hue(index),
        grouped(block.offset),
        block.first_step,
        block.last_step,
        if block.in_place { ", in place" } else { "" },
    );
    let full = format!("{name} {bytes} B");
    let number = (index + 1).to_string();
    let shown = super::table::width(&block.name) + bytes.len() + 3;
    let fits = |letters: usize| height >= 12.0 && width >= letters as f64 * LETTER + 4.0;
    let label = if fits(shown) {
        full
    } else if fits(number.len()) {
        number
    } else {
        return;
    };
    let (x, y) = (x + width / 2.0, y + height / 2.0 + 4.0);
    let _ = writeln!(
        svg,
        "<text class=\"inside\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{label}</text>"
    );
}

fn limits(svg: &mut String, arena: &Arena, scale: &Scale) {
    let right = LEFT + PLOT_WIDTH;
    for (class, byte) in [("peak", arena.peak), ("bound", arena.lower_bound)] {
        let y = scale.y(byte);
        let _ = writeln!(
            svg,
            "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
        );
    }
    let (peak, bound) = (grouped(arena.peak), grouped(arena.lower_bound));
    let text = match arena.peak == arena.lower_bound {
        true => format!("peak {peak} B = lower bound"),
        false => format!("peak {peak} B (line), lower bound {bound} B (dashed)"),
    };
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\">{text}</text>", TOP - 8);
}

fn legend_line(svg: &mut String, block: &Block, index: usize) {
    let y = TOP + PLOT_HEIGHT + 38 + index * LEGEND_LINE;
    let name: String = block.name.chars().take(36).collect();
    let _ = writeln!(
        svg,
        "<rect x=\"10\" y=\"{}\" width=\"10\" height=\"10\" fill=\"hsl({},60%,70%)\"/>\
         <text x=\"26\" y=\"{y}\">{} {}</text>\
         <text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{} B</text>",
        y - 9,
        hue(index),
        index + 1,
        escaped(&name),
        WIDTH - 10,
        grouped(block.bytes),
    );
}

/// Names come from foreign files: nothing in them may become markup.
pub fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            character if character.is_control() => safe.push('·'),
            character => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(name: &str, offset: usize, bytes: usize, steps: (usize, usize)) -> Block {
        Block {
            name: name.into(),
            offset,
            bytes,
            first_step: steps.0,
            last_step: steps.1,
            in_place: false,
        }
    }

    fn sample() -> Arena {
        Arena {
            title: "poem5 · generate".into(),
            steps: 4,
            blocks: vec![
                block("z", 640, 64, (0, 0)),
                block("start <1>", 0, 640, (0, 2)),
                block("gate", 640, 640, (1, 3)),
            ],
            peak: 1_280,
            lower_bound: 1_280,
        }
    }

    #[test]
    fn every_tensor_is_drawn_and_listed() {
        let svg = draw(&sample());
        assert_eq!(svg.matches("class=\"block\"").count(), 3);
        assert_eq!(svg.matches("640 B</text>").count(), 2 + 2); // inside, and in the list
        assert!(svg.contains("peak 1,280 B = lower bound"));
        assert!(svg.contains("start &lt;1&gt;") && !svg.contains("<1>"));
    }

    #[test]
    fn what_is_in_place_begins_in_the_middle_of_a_step() {
        let mut arena = sample();
        arena.blocks[2].in_place = true;
        let svg = draw(&arena);
        // Steps are 85 units wide, and step 1 begins at 135.
        let middle = "class=\"block\" x=\"177.5\"";
        assert!(svg.contains(middle) && svg.contains("steps 1 to 3, in place<"));
        assert!(!draw(&sample()).contains(middle));
    }

    #[test]
    fn the_gap_to_the_bound_shows() {
        let arena = Arena {
            lower_bound: 1_000,
            ..sample()
        };
        assert!(draw(&arena).contains("lower bound 1,000 B"));
        assert!(draw(&Arena::default()).ends_with("</svg>\n"));
    }
}
