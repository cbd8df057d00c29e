//! A poem through the bottleneck and back: `qibu poem --reconstruct`.

use super::coder::Coder;
use super::text;
use crate::error::Result;
use qibu::poem::Reading;

/// A poem and what the model makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconstruction {
    /// The poem given.
    pub original: Vec<char>,
    /// The best character of every position, decoded from the posterior mean.
    pub reconstruction: Vec<char>,
}

/// Encodes `poem` and decodes it from the mean, greedily: what `eval` counts.
///
/// # Errors
/// The text is no poem of the model's form and characters; the model cannot encode.
pub fn reconstruct(coder: &impl Coder, poem: &str) -> Result<Reconstruction> {
    let ids = text::parse(poem, coder.positions(), |character| coder.id(character))?;
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

    /// Both poems, a mark under each character that differs, and the count.
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
        let marks = text::format(&marks).replace(['，', '。'], "\u{3000}");
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

/// A poem as text, with the characters at `marked` in colour.
pub(super) fn highlight(characters: &[char], marked: &[bool], colour: bool) -> String {
    text::marked(characters, |position, character| {
        match colour && marked.get(position).copied().unwrap_or(false) {
            true => format!("\u{1b}[1;33m{character}\u{1b}[0m"),
            false => character.to_string(),
        }
    })
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

    #[test]
    fn quatrains_have_their_marks_under_all_four_lines() {
        let original: Vec<char> = "白日依山尽黄河入海流欲穷千里目更上一层楼".chars().collect();
        let mut reconstruction = original.clone();
        (reconstruction[4], reconstruction[10]) = ('去', '望');
        let found = Reconstruction {
            original,
            reconstruction,
        };
        let rendered = found.render(false);
        let lines: Vec<Vec<char>> = rendered
            .lines()
            .map(|line| line.chars().collect())
            .collect();
        // Each stands under its character, which the marks of the lines before it move.
        for place in lines[2]
            .iter()
            .enumerate()
            .filter(|&(_, &mark)| mark == '＾')
        {
            assert_ne!(lines[0][place.0], lines[1][place.0]);
        }
        assert_eq!(rendered.matches('＾').count(), 2);
        assert!(
            rendered.contains("流。望穷千里目，更上一层楼。\n"),
            "{rendered}"
        );
        assert!(rendered.ends_with("18 of 20 characters\n"), "{rendered}");
    }
}
