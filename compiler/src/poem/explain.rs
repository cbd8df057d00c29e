//! A poem with its tones, its rhyme and what else could have stood in each place.

use super::text;
use super::wishes;
use qibu::decode::prosody::{Pattern, RHYME_NAMES};
use serde_json::{Value, json};
use std::fmt::Write;

/// One position of a poem.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The character that stands here.
    pub character: char,
    /// Its tones: whether it can be level, whether it can be oblique.
    pub tones: [bool; 2],
    /// All admissible candidates, best first, with their scores in nats below the best.
    pub candidates: Vec<(char, f32)>,
}

/// A poem laid open.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Position by position.
    pub places: Vec<Place>,
    /// Characters of a line.
    pub line: usize,
    /// The regulated pattern, where one was kept.
    pub pattern: Option<Pattern>,
    /// The rhyme group, where there is one.
    pub rhyme: Option<u8>,
    /// Log-probability among the candidates, in nats.
    pub likelihood: f32,
    /// Whether a character that was not fixed stands twice, since no other poem was found.
    pub repeats: bool,
}

/// Alternatives that are shown of each place.
const SHOWN: usize = 4;

impl Explanation {
    /// The poem in lines, a mark of its tone under each character (○ level, ● oblique, ◐ either), the
    /// alternatives in columns below.
    #[must_use]
    pub fn render(&self) -> String {
        let mut drawn = String::new();
        for (line, mark) in self
            .places
            .chunks(self.line)
            .zip(['，', '。'].into_iter().cycle())
        {
            let row = |of: &dyn Fn(&Place) -> char| String::from_iter(line.iter().map(of));
            let _ = writeln!(drawn, "{}{mark}", row(&|place| place.character));
            let _ = writeln!(drawn, "{}", row(&tone_mark));
            for rank in 0..SHOWN {
                let other = |place: &Place| {
                    let others = place.candidates.iter().map(|&(other, _)| other);
                    let mut others = others.filter(|&other| other != place.character);
                    others.nth(rank).unwrap_or('\u{3000}')
                };
                let row = row(&other);
                if !row.trim().is_empty() {
                    let _ = writeln!(drawn, "{}", row.trim_end());
                }
            }
            drawn.push('\n');
        }
        let pattern = self.pattern.map_or("free", wishes::name);
        let rhyme = self.rhyme_name().map(|name| format!(", rhyme {name}"));
        let repeats = if self.repeats {
            ", characters repeat"
        } else {
            ""
        };
        let _ = writeln!(
            drawn,
            "pattern {pattern}{}{repeats}, {:.1} nats; ○ level, ● oblique, ◐ either, below: the next best",
            rhyme.unwrap_or_default(),
            self.likelihood
        );
        drawn
    }

    fn rhyme_name(&self) -> Option<&'static str> {
        RHYME_NAMES.get(usize::from(self.rhyme?)).copied()
    }

    /// The same as one JSON object.
    #[must_use]
    pub fn json(&self) -> Value {
        let characters: Vec<char> = self.places.iter().map(|place| place.character).collect();
        let place = |place: &Place| {
            let candidates = place.candidates.iter();
            let candidates =
                candidates.map(|&(other, lead)| json!({"character": other, "nats": rounded(lead)}));
            json!({
                "character": place.character,
                "tone": tone_mark(place),
                "candidates": candidates.collect::<Vec<_>>(),
            })
        };
        json!({
            "poem": text::format(&characters),
            "pattern": self.pattern.map(wishes::name),
            "rhyme": self.rhyme_name(),
            "likelihood": rounded(self.likelihood),
            "repeats": self.repeats,
            "places": self.places.iter().map(place).collect::<Vec<_>>(),
        })
    }
}

fn rounded(value: f32) -> f64 {
    (f64::from(value) * 1e3).round() / 1e3
}

/// Wide marks, so that they stand under wide characters.
fn tone_mark(place: &Place) -> char {
    match place.tones {
        [true, false] => '○',
        [false, true] => '●',
        [true, true] => '◐',
        [false, false] => '？',
    }
}
