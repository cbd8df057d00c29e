//! A line as a whole, for what cannot be written before its end is known: the best paths with their
//! probabilities, the probabilities of every label, and labels behind their tokens.

use super::{Format, Token, Writer};
use crate::tag::text::Ending;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// A way to tag a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Its probability, from 0 to 1.
    pub probability: f64,
    /// A tag for each character.
    pub tags: Vec<u8>,
}

/// What was found of a line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The best paths, best first; at least one.
    pub paths: Vec<Path>,
    /// Whether more than the first was asked for.
    pub ranked: bool,
    /// Probability of each label at each character, `[characters, labels]`, where asked for.
    pub marginals: Option<Vec<f32>>,
    /// Whether the model allows no labels at all here, so that the first one stands everywhere.
    pub forced: bool,
}

impl Writer {
    /// A whole line: its characters, each with whether white space stands before it.
    pub fn whole(&mut self, line: &[(char, bool)], decoded: &Decoded, ending: Ending) {
        let best: &[u8] = decoded.paths.first().map_or(&[], |path| &path.tags);
        match self.format {
            Format::Words if decoded.ranked => self.ranked(line, decoded),
            Format::Words => {
                tokens(line, best).for_each(|token| self.token(token));
                return self.end(ending);
            }
            Format::Conll => self.columns(line, best, decoded.marginals.as_deref()),
            Format::Json => self.object(line, best, decoded),
        }
        self.line += 1;
    }

    /// A path a line behind its probability, and an empty line.
    fn ranked(&mut self, line: &[(char, bool)], decoded: &Decoded) {
        for path in decoded.paths.iter().filter(|_| !line.is_empty()) {
            let _ = write!(self.out, "{:.6}\t", path.probability);
            tokens(line, &path.tags).for_each(|token| self.token(token));
            self.open = false;
            self.previous = None;
            self.out.push('\n');
        }
        self.out.push('\n');
    }

    fn columns(&mut self, line: &[(char, bool)], tags: &[u8], marginals: Option<&[f32]>) {
        let labels = self.labels.len();
        for (index, token) in tokens(line, tags).enumerate() {
            let _ = write!(
                self.out,
                "{}\t{}",
                token.character,
                self.labels.name(token.tag)
            );
            let chosen = index * labels + usize::from(token.tag);
            if let Some(probability) = marginals.and_then(|all| all.get(chosen)) {
                let _ = write!(self.out, "\t{probability:.6}");
            }
            self.out.push('\n');
        }
        self.out.push('\n');
    }

    fn object(&mut self, line: &[(char, bool)], best: &[u8], decoded: &Decoded) {
        let mut object = self.read(line, best);
        if decoded.ranked {
            let ranked = decoded.paths.iter().map(|path| {
                let mut entry = Map::new();
                entry.insert("probability".into(), rounded(path.probability));
                entry.append(&mut self.read(line, &path.tags));
                // Tokens are the same on every path.
                entry.remove("tokens");
                Value::Object(entry)
            });
            let ranked: Vec<Value> = ranked.collect();
            object.insert("nbest".into(), ranked.into());
        }
        if let Some(marginals) = &decoded.marginals {
            let row = |row: &[f32]| {
                let cells = self.labels.names().iter().zip(row);
                let cells = cells.map(|(name, &share)| (name.clone(), rounded(f64::from(share))));
                Value::Object(cells.collect())
            };
            let rows = marginals.chunks(self.labels.len().max(1)).map(row);
            object.insert("marginals".into(), rows.collect::<Vec<Value>>().into());
        }
        super::place(self.file.as_deref(), self.line, &mut self.out);
        let text = Value::Object(object).to_string();
        self.out.push_str(text.strip_prefix('{').unwrap_or(&text));
        self.out.push('\n');
    }

    /// A path as `words`, or as `tokens` and `labels`.
    fn read(&self, line: &[(char, bool)], tags: &[u8]) -> Map<String, Value> {
        let mut object = Map::new();
        if self.labels.are_words() {
            let mut words: Vec<String> = Vec::new();
            let mut previous = None;
            for token in tokens(line, tags) {
                let role = self.labels.role(token.tag);
                let begins = token.gap || role.is_none_or(|role| role.begins(previous));
                previous = role;
                match words.last_mut() {
                    Some(word) if !begins => word.push(token.character),
                    _ => words.push(token.character.into()),
                }
            }
            object.insert("words".into(), words.into());
        } else {
            let tokens: Vec<String> = line
                .iter()
                .map(|(character, _)| character.to_string())
                .collect();
            let labels: Vec<&str> = tags.iter().map(|&tag| self.labels.name(tag)).collect();
            object.insert("tokens".into(), json!(tokens));
            object.insert("labels".into(), json!(labels));
        }
        object
    }
}

fn tokens<'a>(line: &'a [(char, bool)], tags: &'a [u8]) -> impl Iterator<Item = Token> + 'a {
    line.iter()
        .zip(tags)
        .map(|(&(character, gap), &tag)| Token {
            character,
            tag,
            gap,
        })
}

/// A probability to a millionth.
fn rounded(probability: f64) -> Value {
    ((probability * 1e6).round() / 1e6).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::labels::Labels;

    fn decoded(ranked: bool, marginals: bool) -> Decoded {
        let path = |probability, tags: &[u8]| Path {
            probability,
            tags: tags.to_vec(),
        };
        Decoded {
            paths: match ranked {
                true => vec![path(0.75, &[0, 1]), path(0.25, &[2, 2])],
                false => vec![path(0.75, &[0, 1])],
            },
            ranked,
            marginals: marginals.then(|| vec![0.75, 0.0, 0.25, 0.0, 0.0, 0.75, 0.25, 0.0]),
            forced: false,
        }
    }

    fn written(format: Format, names: [&str; 4], decoded: &Decoded) -> String {
        let mut writer = Writer::new(format, Labels::new(names));
        writer.whole(&[('春', false), ('眠', false)], decoded, Ending::Lf);
        writer.whole(
            &[],
            &Decoded {
                paths: vec![Path {
                    probability: 1.0,
                    tags: Vec::new(),
                }],
                ..decoded.clone()
            },
            Ending::Nothing,
        );
        writer.out
    }

    #[test]
    fn whole_lines_by_hand() {
        let words = ["B", "E", "S", "M"];
        let tagged = ["O", "B-X", "I-X", "B-Y"];
        assert_eq!(
            written(Format::Words, words, &decoded(true, false)),
            "0.750000\t春眠\n0.250000\t春 眠\n\n\n"
        );
        assert_eq!(
            written(Format::Words, words, &decoded(false, false)),
            "春眠\n"
        );
        assert_eq!(
            written(Format::Conll, words, &decoded(false, true)),
            "春\tB\t0.750000\n眠\tE\t0.750000\n\n\n"
        );
        assert_eq!(
            written(Format::Json, tagged, &decoded(false, false)),
            "{\"line\":1,\"tokens\":[\"春\",\"眠\"],\"labels\":[\"O\",\"B-X\"]}\n\
             {\"line\":2,\"tokens\":[],\"labels\":[]}\n"
        );
        let text = written(Format::Json, words, &decoded(true, true));
        let first = text.lines().next().unwrap();
        assert_eq!(
            first,
            "{\"line\":1,\"words\":[\"春眠\"],\"nbest\":[{\"probability\":0.75,\"words\":[\"春眠\"]},\
             {\"probability\":0.25,\"words\":[\"春\",\"眠\"]}],\"marginals\":[\
             {\"B\":0.75,\"E\":0.0,\"S\":0.25,\"M\":0.0},{\"B\":0.0,\"E\":0.75,\"S\":0.25,\"M\":0.0}]}"
        );
    }
}
