//! Lines of a report: a name, figures in columns, the target and whether it is met.

use std::fmt::Write;

/// Width of the names.
const NAME: usize = 28;
/// Width of a figure.
const CELL: usize = 10;

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Target {
    /// At least this.
    Least(f64),
    /// At most this.
    Most(f64),
}

/// A measure of `T`: its name, how to take it, whether it is a rate, and what it should be.
pub type Row<T> = (&'static str, fn(&T) -> f64, bool, Option<Target>);

/// A table as text, line by line.
#[derive(Default)]
pub struct Table(pub String);

impl Table {
    /// A line of text.
    pub fn text(&mut self, text: &str) {
        let _ = writeln!(self.0, "{text}");
    }

    /// The names of the columns.
    pub fn head(&mut self, names: &[&str]) {
        self.line("", names.iter().map(|name| (*name).to_string()), None);
    }

    /// Measures of each of `columns`; `None` is a dash. Targets are for the column `judged`.
    pub fn rows<T>(&mut self, rows: &[Row<T>], columns: &[Option<&T>], judged: usize) {
        for &(name, of, rate, target) in rows {
            let value = |column: &Option<&T>| column.map(of);
            let cells = columns.iter().map(|column| show(value(column), rate));
            let value = columns.get(judged).and_then(value);
            let judged = target
                .zip(value)
                .map(|(target, value)| judge(target, value, rate));
            self.line(name, cells, judged);
        }
    }

    /// One rate in the first of two columns, with what it should be at least.
    pub fn rate(&mut self, name: &str, value: f64, least: f64) {
        let cells = [show(Some(value), true), String::new()];
        let judged = judge(Target::Least(least), value, true);
        self.line(name, cells.into_iter(), Some(judged));
    }

    fn line(&mut self, name: &str, cells: impl Iterator<Item = String>, judged: Option<String>) {
        let cells: String = cells.map(|cell| format!(" {cell:>CELL$}")).collect();
        let row = format!("{name:<NAME$}{cells}{}", judged.unwrap_or_default());
        self.text(row.trim_end());
    }
}

fn judge(target: Target, value: f64, rate: bool) -> String {
    let (sign, bound, met) = match target {
        Target::Least(bound) => ('≥', bound, value >= bound),
        Target::Most(bound) => ('≤', bound, value <= bound),
    };
    let mark = if met { "✓" } else { "✗ missed" };
    format!("  {sign} {:>7} {mark}", show(Some(bound), rate))
}

fn show(value: Option<f64>, rate: bool) -> String {
    match value {
        None => "–".into(),
        Some(value) if rate => format!("{:.1} %", value * 100.0),
        Some(value) if value >= 100.0 || value % 1.0 == 0.0 => format!("{value:.0}"),
        Some(value) => format!("{value:.2}"),
    }
}
