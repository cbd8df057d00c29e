//! A model's own answers as gold, changed by hand.

use super::gold::sentences;
use super::report::Report;
use super::*;
use crate::report::table::Style;
use crate::tag::output::Format;
use crate::tag::session::{self, Wishes};
use crate::tag::source::Source;
use crate::train::tagger::corpus::{Corpus, Format as Gold};

const TEXT: &str = "白日依山尽，黄河入海流。\n欲穷千里目，更上一层楼。\n白\n";

fn corpus(text: &str, format: Gold) -> Corpus {
    Corpus::parse(text.as_bytes(), format, None).unwrap()
}

fn gold(text: &str, format: Gold) -> Vec<Sentence> {
    sentences(corpus(text, format))
}

/// What the model makes of [`TEXT`].
fn answers(file: &TagFile, format: Format) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t");
    std::fs::write(&path, TEXT).unwrap();
    let wishes = Wishes {
        format,
        marginals: false,
        nbest: None,
        dictionary: None,
        explain: None,
        by_line: false,
    };
    let mut out = String::new();
    let mut put = |text: &str| {
        out.push_str(text);
        Ok(true)
    };
    session::run(file, &wishes, &[Source::File(path)], &mut put).unwrap();
    out
}

#[test]
fn its_own_answers_are_all_right_in_both_formats() {
    let file = session::tests::file();
    let spaced = answers(&file, Format::Words);
    let columns = answers(&file, Format::Conll);
    let sentences = gold(&spaced, Gold::Words);
    assert_eq!(gold(&columns, Gold::Conll), sentences);
    let measured = measure(&file, &sentences, None).unwrap();
    let score = measured.counts.score(2);
    assert_eq!(
        (score.precision, score.recall, score.f1),
        (100.0, 100.0, 100.0)
    );
    assert_eq!(
        measured.counts.gold,
        spaced.split_whitespace().count() as u64
    );
    assert!(measured.mistakes.most(1).is_empty() && score.oov_recall.is_none());
}

#[test]
fn changed_answers_are_counted() {
    let file = session::tests::file();
    let spaced = answers(&file, Format::Words);
    // The second sentence as one word: all that was found in it is wrong, and so is that word.
    let whole = spaced.lines().nth(1).unwrap().replace(' ', "");
    let changed: Vec<&str> = spaced
        .lines()
        .enumerate()
        .map(|(n, line)| if n == 1 { &*whole } else { line })
        .collect();
    let gold = gold(&changed.join("\n"), Gold::Words);
    let known = Known::Words(corpus(&spaced, Gold::Words).words());
    let measured = measure(&file, &gold, Some(&known)).unwrap();
    let count = |n: usize| spaced.lines().nth(n).unwrap().split(' ').count() as u64;
    assert!(count(1) > 1, "the model cuts the line somewhere");
    let expected = Counts {
        gold: count(0) + 1 + count(2),
        found: count(0) + count(1) + count(2),
        right: count(0) + count(2),
        unknown: 1,
        unknown_right: 0,
    };
    assert_eq!(measured.counts, expected);
    let report = Report {
        measure: Measure::Words,
        int8: measured.clone(),
        float: Some(measured),
        characters_per_second: speed(&file, &gold).unwrap(),
        sentences: gold.len(),
        characters: characters(&gold),
        flash: file.flash(),
        ram: file.tagger().unwrap().arena(),
    };
    let json = report.json();
    assert_eq!(json["int8"], json["float"]);
    assert_eq!(
        (&json["int8"]["oov_recall"], &json["sentences"]),
        (&0.0.into(), &3.into())
    );
    assert_eq!(json["characters"], 25);
    assert!(json["chars_per_second"].as_f64().unwrap() > 0.0);
    let tables = report.tables(Style::PLAIN);
    assert!(
        tables.contains(&whole) && tables.contains("OOV recall"),
        "{tables}"
    );
}
