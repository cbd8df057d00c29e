//! A couplet through the bottleneck and back: `qibu poem --reconstruct`.

use super::coder::Coder;
use super::text;
use crate::error::Result;
use qibu::poem::Reading;

/// A couplet and what the model makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconstruction {
    /// The couplet given.
    pub original: Vec<char>,
    /// The best character of every position, decoded from the posterior mean.
    pub reconstruction: Vec<char>,
}

/// Encodes `couplet` and decodes it from the mean, greedily: what `eval` counts.
///
/// # Errors
/// The text is no couplet of the model's characters; the model cannot encode.
pub fn reconstruct(coder: &impl Coder, couplet: &str) -> Result<Reconstruction> {
    let ids = text::parse(couplet, coder.positions(), |character| coder.id(character))?;
    let mut worker = coder.worker()?;
    let mean = worker.encode(&ids)?.mean;
    Ok(Reconstruction {
        original: coder.characters(&ids),
        reconstruction: coder.characters(&worker.read(&mean, Reading::Greedy)?),
    })
}

impl Reconstruction {
    /// Number of characters that came back.
    #[must_use]
    pub fn equal(&self) -> usize {
        let pairs = self.original.iter().zip(&self.reconstruction);
        pairs.filter(|(a, b)| a == b).count()
    }

    /// Both couplets, a mark under each character that differs, and the count.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let differs: Vec<bool> = self
            .original
            .iter()
            .zip(&self.reconstruction)
            .map(|(a, b)| a != b)
            .collect();
        let shown = highlight(&self.reconstruction, &differs, colour);
        // Han characters are two columns wide, and so are this blank and this mark.
        let mark = |&differs: &bool| if differs { '＾' } else { '\u{3000}' };
        let marks: Vec<char> = differs.iter().map(mark).collect();
        let (first, second) = marks.split_at(marks.len() / 2);
        let marks: String = first.iter().chain(&['\u{3000}']).chain(second).collect();
        let mut lines = format!(
            "original        {}\nreconstruction  {shown}\n",
            text::format(&self.original)
        );
        if differs.contains(&true) {
            lines += &format!("                {}\n", marks.trim_end());
        }
        lines + &format!("{} of {} characters\n", self.equal(), self.original.len())
    }

    /// The same as one JSON object.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "original": text::format(&self.original),
            "reconstruction": text::format(&self.reconstruction),
            "equal": self.equal(),
            "characters": self.original.len(),
        })
    }
}

/// A couplet as text, with the characters at `marked` in colour.
pub(super) fn highlight(characters: &[char], marked: &[bool], colour: bool) -> String {
    let mut shown = String::new();
    for (position, (character, &marked)) in characters.iter().zip(marked).enumerate() {
        if position * 2 == characters.len() {
            shown.push('，');
        }
        match marked && colour {
            true => shown += &format!("\u{1b}[1;33m{character}\u{1b}[0m"),
            false => shown.push(*character),
        }
    }
    shown.push('。');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Reconstruction {
        Reconstruction {
            original: "白日依山尽黄河入海流".chars().collect(),
            reconstruction: "白日依天尽黄河入海中".chars().collect(),
        }
    }

    #[test]
    fn marks_stand_under_the_differing_characters() {
        let expected = "\
original        白日依山尽，黄河入海流。
reconstruction  白日依天尽，黄河入海中。
                \u{3000}\u{3000}\u{3000}＾\u{3000}\u{3000}\u{3000}\u{3000}\u{3000}\u{3000}＾
8 of 10 characters
";
        assert_eq!(example().render(false), expected);
        let coloured = example().render(true);
        assert!(
            coloured.contains("依\u{1b}[1;33m天\u{1b}[0m尽，"),
            "{coloured}"
        );
    }

    #[test]
    fn nothing_is_marked_where_nothing_differs() {
        let mut same = example();
        same.reconstruction.clone_from(&same.original);
        assert_eq!(same.render(true).lines().count(), 3);
        assert_eq!(same.json()["equal"], 10);
    }
}
