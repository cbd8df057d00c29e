//! The result of an evaluation: one JSON object, or a table.

mod table;

use super::composed::{Acrostics, Composed};
use super::reconstruction::Reconstruction;
use super::verse::Verse;
use crate::train::poem::corpus::line_of;
use serde_json::{Value, json};
use table::Target::{Least, Most};
use table::{Row, Table, Target};

/// All measures.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The file.
    pub int8: Reconstruction,
    /// Its float twin, where there was one.
    pub float: Option<Reconstruction>,
    /// Temperature of the generated poems.
    pub temperature: f32,
    /// Poems of consecutive seeds, decoded in the file's default way.
    pub generated: Verse,
    /// Temperature of the composed poems, and poems of the same seeds that keep all rules, where the
    /// file can compose.
    pub composed: Option<(f32, Composed)>,
    /// Composed poems of the same seeds on the heads of human lines.
    pub acrostics: Option<Acrostics>,
    /// As many poems of the corpus, or all of them where it has fewer.
    pub human: Verse,
    /// Share of the corpus' characters that are in the vocabulary.
    pub coverage: f64,
    /// Characters of a poem.
    pub form: usize,
    /// Poems of the corpus.
    pub poems: usize,
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
    /// From equal and all characters of the corpus, and the ids of both files' generated poems.
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
    /// The object of `--json`; numbers are rounded to a millionth. What there was nothing for is
    /// null: `float` without a float model, `composed` and `acrostics` where the file cannot.
    #[must_use]
    pub fn json(&self) -> Value {
        let composed = self.composed.as_ref();
        let mut value = json!({
            "int8": self.int8,
            "float": self.float,
            "temperature": {
                "generated": self.temperature,
                "composed": composed.map(|(temperature, _)| temperature),
            },
            "generated": self.generated,
            "composed": composed.map(|(_, composed)| composed),
            "acrostics": self.acrostics,
            "human": self.human,
            "coverage": self.coverage,
        });
        round(&mut value);
        value
    }

    /// The table: one measure a line, the target and whether it is met behind.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = Table::default();
        let line = line_of(self.form);
        let what = match self.form / line {
            2 => "couplets".to_string(),
            lines => format!("poems of {lines} lines of {line}"),
        };
        table.text(&format!(
            "{} {what} ({} with unknown characters: out of −ELBO, NLL and KL); {} generated, {} human\n",
            self.poems,
            self.poems - self.known,
            self.generated.n,
            match self.human.n == self.generated.n {
                true => "as many".to_string(),
                false => self.human.n.to_string(),
            }
        ));
        table.head(&["int8", "float"]);
        table.rows(&RECONSTRUCTION, &[Some(&self.int8), self.float.as_ref()], 0);
        if let Some(agreement) = self.agreement {
            table.text("");
            table.rate("equal characters, corpus", agreement.reconstructed, 0.98);
            table.rate("equal characters, generated", agreement.generated, 0.98);
        }
        table.text("");
        self.verses(&mut table);
        if let Some(acrostics) = &self.acrostics {
            table.text("");
            table.head(&["acrostics"]);
            table.rows(&ACROSTICS, &[Some(acrostics)], 0);
        }
        let composed = self.composed.as_ref().map(|(_, composed)| &composed.reason);
        let acrostics = self.acrostics.as_ref().map(|acrostics| &acrostics.reason);
        let reasons = [("composed", composed), ("acrostics", acrostics)];
        for (name, reason) in reasons {
            if let Some(reason) = reason.and_then(Option::as_ref) {
                table.text(&format!("{name}: the first unsatisfiable: {reason}"));
            }
        }
        table.text("");
        table.rate("coverage", self.coverage, 0.985);
        table.0
    }

    /// Whether the poems have two lines.
    fn couplets(&self) -> bool {
        self.form == 2 * line_of(self.form)
    }

    /// The measures of poems, generated ones beside human ones. Targets are for the composed poems;
    /// of a file that cannot compose, for its generated couplets.
    fn verses(&self, table: &mut Table) {
        let human = &self.human;
        let (generated, temperature) = (Some(&self.generated), self.temperature);
        match &self.composed {
            Some((full, composed)) => {
                table.head(&["generated", "composed", "human"]);
                let columns = [generated, Some(&composed.verse), Some(human)];
                table.rows(&verse(&composed_targets(human)), &columns, 1);
                table.text(&format!(
                    "{:<28} {temperature:>10} {full:>10}\n{:<28} {:>10} {:>10}",
                    "temperature", "unsatisfiable", "–", composed.unsatisfiable
                ));
            }
            None => {
                table.head(&["generated", "human"]);
                let targets = match self.couplets() {
                    true => generated_targets(human),
                    false => [None; MEASURES],
                };
                table.rows(&verse(&targets), &[generated, Some(human)], 0);
            }
        }
        if self.generated.compared < self.generated.n {
            table.text(&format!(
                "distinct ones and perplexity: of the first {} poems of each",
                self.generated.compared
            ));
        }
    }
}

const RECONSTRUCTION: [Row<Reconstruction>; 6] = [
    (
        "reconstructed from the mean",
        |r| r.reconstruction_mean,
        true,
        Some(Least(0.60)),
    ),
    (
        "reconstructed from a sample",
        |r| r.reconstruction_sampled,
        true,
        None,
    ),
    ("−ELBO, nats a poem", |r| r.nelbo, false, None),
    ("NLL", |r| r.nll, false, None),
    ("KL", |r| r.kl, false, Some(Least(15.0))),
    ("active units", |r| r.active_units as f64, false, None),
];

const ACROSTICS: [Row<Acrostics>; 6] = [
    ("asked for", |a| a.n as f64, false, None),
    ("unsatisfiable", |a| a.unsatisfiable as f64, false, None),
    ("kept", |a| a.kept, true, Some(Least(1.0))),
    ("well formed", |a| a.well_formed, true, Some(Least(1.0))),
    ("tone template", |a| a.tone_template, true, Some(Least(1.0))),
    ("rhyme", |a| a.rhyme, true, Some(Least(1.0))),
];

/// Measures of poems.
const MEASURES: usize = 12;

/// The measures of poems, with a target for each.
fn verse(targets: &[Option<Target>; MEASURES]) -> [Row<Verse>; MEASURES] {
    let [
        form,
        template,
        tones,
        ends,
        rhyme,
        first,
        pairs,
        one,
        two,
        repeated,
        copied,
        perplexity,
    ] = *targets;
    [
        ("well formed", |v| v.well_formed, true, form),
        ("tone template", |v| v.tone_template, true, template),
        ("tone rule", |v| v.tone_rule, true, tones),
        ("line ends", |v| v.line_ends, true, ends),
        ("rhyme", |v| v.rhyme, true, rhyme),
        ("rhyme, first line too", |v| v.first_line_rhyme, true, first),
        ("pairs seen", |v| v.pairs_seen, true, pairs),
        ("distinct characters", |v| v.distinct_1, true, one),
        ("distinct pairs", |v| v.distinct_2, true, two),
        ("repeated character", |v| v.repeated, true, repeated),
        ("copied lines", |v| v.copied_lines, true, copied),
        ("perplexity", |v| v.perplexity, false, perplexity),
    ]
}

/// What composed poems should be.
fn composed_targets(human: &Verse) -> [Option<Target>; MEASURES] {
    [
        Some(Least(1.0)),
        Some(Least(1.0)),
        None,
        None,
        Some(Least(1.0)),
        Some(Least(1.0)),
        Some(Least(0.95)),
        None,
        Some(Least(0.85 * human.distinct_2)),
        Some(Most(0.05)),
        Some(Most(0.02)),
        Some(Most(human.perplexity)),
    ]
}

/// What couplets should be that are read off character by character.
fn generated_targets(human: &Verse) -> [Option<Target>; MEASURES] {
    [
        Some(Least(1.0)),
        None,
        Some(Least(0.60)),
        Some(Least(0.85)),
        None,
        None,
        Some(Least(0.78)),
        None,
        Some(Least(0.75 * human.distinct_2)),
        Some(Most(0.10)),
        Some(Most(0.02)),
        Some(Most(1.5 * human.perplexity)),
    ]
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
