//! The result: one JSON object, or tables.

use super::Measured;
use crate::report::grouped;
use crate::report::table::{Align, Style, Table};
use crate::tag::score::Score;
use crate::tag::spans::Measure;
use serde_json::{Value, json};

/// All measures.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What is counted.
    pub measure: Measure,
    /// The file.
    pub int8: Measured,
    /// Its float twin, where there was one.
    pub float: Option<Measured>,
    /// Of the file, on one thread.
    pub characters_per_second: f64,
    /// Of the gold file.
    pub sentences: usize,
    /// Of the gold file.
    pub characters: usize,
    /// Bytes of the file.
    pub flash: usize,
    /// Bytes of its arena.
    pub ram: usize,
}

/// Of percentages.
const DECIMALS: i32 = 2;
/// Mistakes that the tables show.
const SHOWN: usize = 10;

impl Report {
    /// The object of `--json`. Percentages have two decimals; `float` is null where there was no
    /// float model, `oov_recall` where the words of training are not known.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "int8": self.int8.counts.score(DECIMALS),
            "float": self.float.as_ref().map(|float| float.counts.score(DECIMALS)),
            "chars_per_second": self.characters_per_second.round(),
            "measure": self.measure.name(),
            "sentences": self.sentences,
            "characters": self.characters,
            "gold": self.int8.counts.gold,
            "oov": self.int8.counts.unknown,
            "forced": self.int8.forced,
            "flash": self.flash,
            "ram": self.ram,
        })
    }

    /// The tables.
    #[must_use]
    pub fn tables(&self, style: Style) -> String {
        let mut scores = Table::new(&[
            ("%", Align::Left),
            ("precision", Align::Right),
            ("recall", Align::Right),
            ("F1", Align::Right),
            ("OOV recall", Align::Right),
        ]);
        let mut row = |name: &str, score: Score| {
            let known = score
                .oov_recall
                .map_or_else(|| "–".into(), |share| format!("{share:.2}"));
            let [p, r, f] = [score.precision, score.recall, score.f1].map(|x| format!("{x:.2}"));
            scores.row([name.into(), p, r, f, known]);
        };
        row("int8", self.int8.counts.score(DECIMALS));
        if let Some(float) = &self.float {
            row("float", float.counts.score(DECIMALS));
        }
        let counts = &self.int8.counts;
        let mut text = format!(
            "{} {} in {} sentences, {} characters\n\n{}\n",
            grouped(counts.gold as usize),
            self.measure.name(),
            grouped(self.sentences),
            grouped(self.characters),
            scores.render(style),
        );
        let mut mistakes = Table::new(&[
            ("times", Align::Right),
            ("gold", Align::Left),
            ("found", Align::Left),
        ]);
        let most = self.int8.mistakes.most(SHOWN);
        for &(gold, found, times) in &most {
            mistakes.row([grouped(times as usize), gold.into(), found.into()]);
        }
        if !most.is_empty() {
            text += &format!("most frequent mistakes\n{}\n", mistakes.render(style));
        }
        text + &format!(
            "{} characters a second on one thread; flash {}, RAM {}; forced decisions {}\n",
            grouped(self.characters_per_second.round() as usize),
            grouped(self.flash),
            grouped(self.ram),
            grouped(self.int8.forced as usize),
        )
    }
}
