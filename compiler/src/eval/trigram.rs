//! How surprising a line is: an interpolated character trigram model with absolute discounting.
//!
//! A line c₁ … cₙ is the sequence ^ ^ c₁ … cₙ $; the characters and $ are predicted, each from the
//! two symbols before it. With D = 0.75, N(·) counts and T(·) numbers of different successors:
//!
//! ```text
//! p(c)      = (max(N(c)   − D, 0) + D · T     · u)      / N         u = 1 / (T + 1)
//! p(c | b)  = (max(N(bc)  − D, 0) + D · T(b)  · p(c))   / N(b)      p(c)     where N(b)  = 0
//! p(c | ab) = (max(N(abc) − D, 0) + D · T(ab) · p(c|b)) / N(ab)     p(c | b) where N(ab) = 0
//! ```
//!
//! u is uniform over the T symbols of the reference ($ is one of them) and one more that stands for
//! every character that the reference lacks; so each distribution sums to 1. The perplexity is
//! exp(− mean of ln p(c | ab)) over all predicted symbols, $ included.

use std::collections::HashMap;

/// The discount.
pub const DISCOUNT: f64 = 0.75;

/// Line boundaries; no text has these characters.
const START: char = '\u{2}';
const END: char = '\u{3}';

/// What followed a context.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Context {
    total: u32,
    types: u32,
}

/// Counts of a reference. The maps are only looked up, never walked: their order does not matter.
#[derive(Clone, Debug, Default)]
pub struct Trigram {
    three: HashMap<[char; 3], u32>,
    after_two: HashMap<[char; 2], Context>,
    two: HashMap<[char; 2], u32>,
    after_one: HashMap<char, Context>,
    one: HashMap<char, u32>,
    all: Context,
}

/// Sum of surprises; adds up over lines in a fixed order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Surprise {
    nats: f64,
    symbols: u64,
}

impl Trigram {
    /// Takes one line of the reference.
    pub fn take(&mut self, line: &[char]) {
        for [a, b, c] in triples(line) {
            count(
                &mut self.three,
                [a, b, c],
                self.after_two.entry([a, b]).or_default(),
            );
            count(&mut self.two, [b, c], self.after_one.entry(b).or_default());
            count(&mut self.one, c, &mut self.all);
        }
    }

    /// Probability of `c` behind `a` and `b`.
    fn probability(&self, [a, b, c]: [char; 3]) -> f64 {
        let seen = |count: Option<&u32>| f64::from(count.copied().unwrap_or(0));
        let uniform = 1.0 / f64::from(self.all.types + 1);
        let one = mix(seen(self.one.get(&c)), Some(&self.all), uniform);
        let two = mix(seen(self.two.get(&[b, c])), self.after_one.get(&b), one);
        mix(
            seen(self.three.get(&[a, b, c])),
            self.after_two.get(&[a, b]),
            two,
        )
    }

    /// Adds the surprises of `line` to `sum`.
    pub fn surprise(&self, line: &[char], sum: &mut Surprise) {
        for triple in triples(line) {
            sum.nats -= libm::log(self.probability(triple));
            sum.symbols += 1;
        }
    }
}

impl Surprise {
    /// exp of the mean surprise; 1 where there was none.
    #[must_use]
    pub fn perplexity(self) -> f64 {
        libm::exp(self.nats / self.symbols.max(1) as f64)
    }
}

/// `count` discounted, and what the discount freed spread by the `lower` model.
fn mix(count: f64, context: Option<&Context>, lower: f64) -> f64 {
    match context {
        Some(&Context { total, types }) if total > 0 => {
            let kept = if count > DISCOUNT {
                count - DISCOUNT
            } else {
                0.0
            };
            (kept + DISCOUNT * f64::from(types) * lower) / f64::from(total)
        }
        _ => lower,
    }
}

fn count<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u32>, key: K, context: &mut Context) {
    let seen = counts.entry(key).or_default();
    context.types += u32::from(*seen == 0);
    context.total += 1;
    *seen += 1;
}

fn triples(line: &[char]) -> impl Iterator<Item = [char; 3]> {
    let at = |index: usize| match index {
        0 | 1 => START,
        index => line.get(index - 2).copied().unwrap_or(END),
    };
    (0..=line.len()).map(move |index| [at(index), at(index + 1), at(index + 2)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 4] = ["白日依山尽", "黄河入海流", "白日山河入", "日日依山流"];

    fn trained() -> Trigram {
        let mut model = Trigram::default();
        for line in LINES {
            model.take(&line.chars().collect::<Vec<_>>());
        }
        model
    }

    /// The symbols of the reference, and one that it lacks.
    fn symbols() -> Vec<char> {
        let mut all: Vec<char> = LINES.concat().chars().chain([END, '某']).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The definition read literally, counting afresh in a list each time.
    fn naive(context: &[char], c: char) -> f64 {
        let sequences = LINES.map(|line| {
            format!("{START}{START}{line}{END}")
                .chars()
                .collect::<Vec<_>>()
        });
        let windows: Vec<&[char]> = sequences
            .iter()
            .flat_map(|sequence| {
                (2..sequence.len()).map(move |end| &sequence[end - context.len()..=end])
            })
            .filter(|window| window.starts_with(context))
            .collect();
        let lower = match context {
            [] => 1.0 / symbols().len() as f64,
            [_, rest @ ..] => naive(rest, c),
        };
        if windows.is_empty() {
            return lower;
        }
        let mut followers: Vec<char> = windows
            .iter()
            .map(|window| *window.last().unwrap())
            .collect();
        let same = followers.iter().filter(|&&follower| follower == c).count() as f64;
        let total = followers.len() as f64;
        followers.sort_unstable();
        followers.dedup();
        let freed = 0.75 * followers.len() as f64;
        ((same - 0.75).max(0.0) + freed * lower) / total
    }

    #[test]
    fn agrees_with_the_definition_read_literally() {
        let (model, symbols) = (trained(), symbols());
        for &a in symbols.iter().chain(&[START]) {
            for &b in symbols.iter().chain(&[START]) {
                for &c in &symbols {
                    let (fast, slow) = (model.probability([a, b, c]), naive(&[a, b], c));
                    assert!((fast - slow).abs() < 1e-12, "{a}{b}{c}: {fast} {slow}");
                }
            }
        }
    }

    #[test]
    fn every_distribution_sums_to_one() {
        let (model, symbols) = (trained(), symbols());
        for &a in symbols.iter().chain(&[START]) {
            for &b in symbols.iter().chain(&[START]) {
                let sum: f64 = symbols.iter().map(|&c| model.probability([a, b, c])).sum();
                assert!((sum - 1.0).abs() < 1e-12, "{a}{b}: {sum}");
            }
        }
    }

    #[test]
    fn a_number_by_hand() {
        let mut model = Trigram::default();
        model.take(&['山']);
        // Symbols 山 and $, N = 2, T = 2, u = 1/3: p(山) = (0.25 + 1.5/3)/2 = 0.375;
        // p(山|^) = 0.25 + 0.75·0.375 = 0.53125; p(山|^^) = 0.25 + 0.75·0.53125 = 0.6484375.
        assert_eq!(model.probability([START, START, '山']), 0.648_437_5);
        let mut sum = Surprise::default();
        model.surprise(&['山'], &mut sum);
        // p($|^山) is the same number: the perplexity is its reciprocal.
        assert!((sum.perplexity() - 1.0 / 0.648_437_5).abs() < 1e-12);
    }
}
