//! The result of an evaluation: one JSON object, or a table.

use super::reconstruction::Reconstruction;
use super::verse::Verse;
use serde_json::{Value, json};
use std::fmt::Write;

/// All measures.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The file.
    pub int8: Reconstruction,
    /// Its float twin, where there was one.
    pub float: Option<Reconstruction>,
    /// Couplets of consecutive seeds, decoded in the file's default way.
    pub generated: Verse,
    /// As many couplets of the corpus.
    pub human: Verse,
    /// Share of the corpus' characters that are in the vocabulary.
    pub coverage: f64,
    /// Couplets of the corpus.
    pub couplets: usize,
    /// Those all of whose characters are in the vocabulary: `nelbo`, `nll`, `kl` are over them.
    pub known: usize,
    /// Equal greedy characters of both files.
    pub agreement: Option<Agreement>,
}

/// Shares of equal greedy characters of the int8 file and its float twin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// On the corpus, each from its own posterior mean.
    pub reconstructed: f64,
    /// On generated latents, the same for both.
    pub generated: f64,
}

impl Agreement {
    /// From equal and all characters of the corpus, and the ids of both files' generated couplets.
    #[must_use]
    pub fn new((equal, all): (usize, usize), (a, b): &(Vec<i32>, Vec<i32>)) -> Self {
        let same = a.iter().zip(b).filter(|(a, b)| a == b).count();
        Self {
            reconstructed: equal as f64 / all.max(1) as f64,
            generated: same as f64 / a.len().max(1) as f64,
        }
    }
}

impl Report {
    /// The object of `--json`; numbers are rounded to a millionth. `float` is null where there was
    /// no float model.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut value = json!({
            "int8": self.int8,
            "float": self.float,
            "generated": self.generated,
            "human": self.human,
            "coverage": self.coverage,
        });
        round(&mut value);
        value
    }

    /// The table: one measure a line, the target and whether it is met behind.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = String::new();
        let float = |of: fn(&Reconstruction) -> f64| self.float.as_ref().map(of);
        let unknown = self.couplets - self.known;
        let _ = writeln!(
            out,
            "{} couplets ({unknown} with unknown characters: out of −ELBO, NLL and KL); {} generated, as many human\n",
            self.couplets, self.generated.n
        );
        line(&mut out, "", ["int8".into(), "float".into()], None);
        let parts: [Row<Reconstruction>; 6] = [
            (
                "reconstructed from the mean",
                |r| r.reconstruction_mean,
                true,
                Some(Target::Least(0.60)),
            ),
            (
                "reconstructed from a sample",
                |r| r.reconstruction_sampled,
                true,
                None,
            ),
            ("−ELBO, nats a couplet", |r| r.nelbo, false, None),
            ("NLL", |r| r.nll, false, None),
            ("KL", |r| r.kl, false, Some(Target::Least(15.0))),
            ("active units", |r| r.active_units as f64, false, None),
        ];
        for (name, of, rate, target) in parts {
            let cells = [Some(of(&self.int8)), float(of)].map(|value| show(value, rate));
            line(
                &mut out,
                name,
                cells,
                target.map(|target| (target, of(&self.int8), rate)),
            );
        }
        if let Some(agreement) = self.agreement {
            out.push('\n');
            for (name, value) in [
                ("equal characters, corpus", agreement.reconstructed),
                ("equal characters, generated", agreement.generated),
            ] {
                let target = Some((Target::Least(0.98), value, true));
                line(
                    &mut out,
                    name,
                    [show(Some(value), true), String::new()],
                    target,
                );
            }
        }
        out.push('\n');
        line(&mut out, "", ["generated".into(), "human".into()], None);
        let human = &self.human;
        let parts: [Row<Verse>; 9] = [
            (
                "well formed",
                |v| v.well_formed,
                true,
                Some(Target::Least(1.0)),
            ),
            (
                "tone rule",
                |v| v.tone_rule,
                true,
                Some(Target::Least(0.60)),
            ),
            (
                "line ends",
                |v| v.line_ends,
                true,
                Some(Target::Least(0.85)),
            ),
            (
                "pairs seen",
                |v| v.pairs_seen,
                true,
                Some(Target::Least(0.78)),
            ),
            ("distinct characters", |v| v.distinct_1, true, None),
            (
                "distinct pairs",
                |v| v.distinct_2,
                true,
                Some(Target::Least(0.75 * human.distinct_2)),
            ),
            (
                "repeated character",
                |v| v.repeated,
                true,
                Some(Target::Most(0.10)),
            ),
            (
                "copied lines",
                |v| v.copied_lines,
                true,
                Some(Target::Most(0.02)),
            ),
            (
                "perplexity",
                |v| v.perplexity,
                false,
                Some(Target::Most(1.5 * human.perplexity)),
            ),
        ];
        for (name, of, rate, target) in parts {
            let cells = [of(&self.generated), of(human)].map(|value| show(Some(value), rate));
            line(
                &mut out,
                name,
                cells,
                target.map(|target| (target, of(&self.generated), rate)),
            );
        }
        out.push('\n');
        let target = Some((Target::Least(0.985), self.coverage, true));
        line(
            &mut out,
            "coverage",
            [show(Some(self.coverage), true), String::new()],
            target,
        );
        out
    }
}

/// Name, measure, whether it is a rate, target.
type Row<T> = (&'static str, fn(&T) -> f64, bool, Option<Target>);

#[derive(Clone, Copy)]
enum Target {
    Least(f64),
    Most(f64),
}

fn line(out: &mut String, name: &str, [a, b]: [String; 2], target: Option<(Target, f64, bool)>) {
    let judged = target.map(|(target, value, rate)| {
        let (sign, bound, met) = match target {
            Target::Least(bound) => ('≥', bound, value >= bound),
            Target::Most(bound) => ('≤', bound, value <= bound),
        };
        let mark = if met { "✓" } else { "✗ missed" };
        format!("  {sign} {:>7} {mark}", show(Some(bound), rate))
    });
    let row = format!("{name:<28} {a:>10} {b:>10}{}", judged.unwrap_or_default());
    let _ = writeln!(out, "{}", row.trim_end());
}

fn show(value: Option<f64>, rate: bool) -> String {
    match value {
        None => "–".into(),
        Some(value) if rate => format!("{:.1} %", value * 100.0),
        Some(value) if value >= 100.0 || value % 1.0 == 0.0 => format!("{value:.0}"),
        Some(value) => format!("{value:.2}"),
    }
}

/// Rounds every fraction in `value` to a millionth.
fn round(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(round),
        Value::Number(number) if number.is_f64() => {
            *value = number
                .as_f64()
                .map_or(Value::Null, |x| ((x * 1e6).round() / 1e6).into());
        }
        _ => {}
    }
}
