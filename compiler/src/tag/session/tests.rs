//! Texts through a whole tagger with random weights, against the decoder of whole lines.

use super::*;
use crate::compile::compile_float_bytes;
use crate::train::tagger;
use crate::train::tagger::corpus;
use proptest::prelude::*;
use prost::Message;
use std::path::PathBuf;

pub fn file() -> TagFile {
    let onnx = tagger::tiny(3).encode_to_vec();
    TagFile::from_bytes("m.qibu", &compile_float_bytes(&onnx).unwrap()).unwrap()
}

fn wishes(format: Format) -> Wishes {
    Wishes {
        format,
        marginals: false,
        nbest: None,
        dictionary: None,
        explain: None,
        by_line: false,
    }
}

/// What comes out of `texts`, and the error.
fn tagged(file: &TagFile, wishes: &Wishes, texts: &[&[u8]]) -> (String, Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = |(index, text): (usize, &&[u8])| {
        let path: PathBuf = folder.path().join(format!("{index}.txt"));
        std::fs::write(&path, text).unwrap();
        Source::File(path)
    };
    let sources: Vec<Source> = texts.iter().enumerate().map(path).collect();
    let mut out = String::new();
    let done = run(file, wishes, &sources, &mut |text| {
        out.push_str(text);
        Ok(true)
    });
    let place = format!("{}/", folder.path().display());
    (
        out,
        done.err()
            .map(|error| error.to_string().replace(&place, "")),
    )
}

fn words(file: &TagFile, text: &str) -> String {
    let (out, error) = tagged(file, &wishes(Format::Words), &[text.as_bytes()]);
    assert_eq!(error, None);
    out
}

#[test]
fn ends_of_lines_and_files_stay() {
    let file = file();
    for text in [
        "",
        "\n",
        "\n\n",
        "\r\n",
        "白\r\n\n日",
        "\u{FEFF}白\r",
        "𠀀\0\u{b}\n",
        "\r\r\n",
    ] {
        assert_eq!(words(&file, text).replace(' ', ""), text, "{text:?}");
    }
    let texts: [&[u8]; 4] = ["白\n日".as_bytes(), b"", "白\r".as_bytes(), "日".as_bytes()];
    let (out, error) = tagged(&file, &wishes(Format::Words), &texts);
    assert_eq!((out.as_str(), error), ("白\n日\n白\r\n日", None));
}

#[test]
fn a_line_does_not_depend_on_those_around_it() {
    let file = file();
    let lines = [
        "白日依山尽，黄河入海流。",
        "",
        "欲穷千里目",
        "a",
        "更上一层楼。12",
        "白 日 依山",
    ];
    let together = words(&file, &lines.join("\n"));
    let apart: Vec<String> = lines.iter().map(|line| words(&file, line)).collect();
    assert_eq!(together, apart.join("\n"));
    let by_line = Wishes {
        by_line: true,
        ..wishes(Format::Words)
    };
    let (out, _) = tagged(&file, &by_line, &[lines.join("\n").as_bytes()]);
    assert_eq!(out, together);
}

#[test]
fn faults_keep_what_came_before() {
    let file = file();
    let text = ["白日依山尽\n黄河入".as_bytes(), b"\xFF", "海流".as_bytes()].concat();
    for format in [Format::Words, Format::Conll, Format::Json] {
        for marginals in [false, true] {
            let wishes = Wishes {
                marginals,
                ..wishes(format)
            };
            let (out, error) = tagged(&file, &wishes, &[&text]);
            let error = error.unwrap();
            assert!(
                error.starts_with("0.txt: line 2, byte 25: not UTF-8: FF"),
                "{error}"
            );
            let (whole, _) = tagged(&file, &wishes, &["白日依山尽\n黄河入\n".as_bytes()]);
            assert_eq!(out, whole);
        }
    }
}

#[test]
fn a_model_that_allows_nothing_says_so_in_every_format() {
    let mut onnx = tagger::tiny(3);
    let property = |entry: &&mut crate::onnx::StringStringEntryProto| entry.key == "qibu.crf";
    let crf = onnx.metadata_props.iter_mut().find(property).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&crf.value).unwrap();
    value["end"] = serde_json::json!([null, null, null, null]);
    crf.value = value.to_string();
    let bytes = compile_float_bytes(&onnx.encode_to_vec()).unwrap();
    let file = TagFile::from_bytes("m.qibu", &bytes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t");
    std::fs::write(&path, "白日\n\n山\n").unwrap();
    for (format, nbest) in [
        (Format::Words, None),
        (Format::Words, Some(2)),
        (Format::Json, Some(1)),
    ] {
        let wishes = Wishes {
            nbest,
            ..wishes(format)
        };
        let sources = [Source::File(path.clone())];
        let forced = run(&file, &wishes, &sources, &mut |_| Ok(true)).unwrap();
        assert_eq!(forced, 2, "{format:?} {nbest:?}");
    }
}

#[test]
fn lines_that_are_too_long_are_refused_by_number() {
    let file = file();
    let wishes = Wishes {
        nbest: Some(100),
        ..wishes(Format::Json)
    };
    let long = "白".repeat(40_001);
    let text = format!("日\n依\n{long}\n山\n");
    let (out, error) = tagged(&file, &wishes, &[text.as_bytes()]);
    let error = error.unwrap();
    assert!(
        error.starts_with("0.txt: line 3: the line has more than 40,000 characters"),
        "{error}"
    );
    assert_eq!(out.lines().count(), 2);
    // The same line goes through where lines need not be whole.
    assert_eq!(words(&file, &text).replace(' ', ""), text);
}

#[test]
fn gaps_stay_and_words_of_the_dictionary_are_found() {
    let file = file();
    let plain = words(&file, "白日依山尽黄河入海流");
    let cut = words(&file, "白日 依山 尽黄\u{3000}河入  海流 ");
    assert!(cut.starts_with("白日") || cut.starts_with("白 日"));
    for gap in ["日 依", "山 尽", "黄 河", "入 海"] {
        assert!(cut.contains(gap), "{cut}");
    }
    assert_eq!(words(&file, &cut), cut);
    for word in ["日依", "山尽黄河入"] {
        for weight in [100, -100] {
            let text = format!("{word}\t{weight}");
            let dictionary =
                super::super::dictionary::parse(text.as_bytes(), &file.labels().unwrap());
            let mut wishes = Wishes {
                dictionary: Some(dictionary.unwrap()),
                ..wishes(Format::Words)
            };
            let line = "白日依山尽黄河入海流".as_bytes();
            let (out, _) = tagged(&file, &wishes, &[line]);
            let found = out.split(' ').any(|other| other == word);
            assert_eq!(found, weight > 0, "{plain} {out}");
            // Lines as a whole agree.
            (wishes.nbest, wishes.format) = (Some(1), Format::Json);
            let (json, _) = tagged(&file, &wishes, &[line]);
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            let words: Vec<&str> = value["words"]
                .as_array()
                .unwrap()
                .iter()
                .map(|w| w.as_str().unwrap())
                .collect();
            assert_eq!(words.join(" "), out);
            // Words do not cross a gap.
            let split = format!("{} {}", &word[..3], &word[3..]);
            let (apart, _) = tagged(&file, &wishes, &[split.as_bytes()]);
            assert!(!apart.contains(word), "{apart}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn columns_read_back_as_a_corpus(text in "[白日\u{FEFF}\0\t\u{b}\u{c}\u{1c}\u{85}\u{a0}\u{200b}\u{2028}\u{2029}\u{3000}\r\n ]{0,60}") {
        let file = file();
        let lines = |format| {
            let (out, error) = tagged(&file, &wishes(format), &[text.as_bytes()]);
            assert_eq!(error, None);
            out
        };
        let json = lines(Format::Json);
        let line = |line: &str| -> Vec<char> {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let words = line["words"].as_array().unwrap().iter();
            words.flat_map(|word| word.as_str().unwrap().chars()).collect()
        };
        let mut expected: Vec<Vec<char>> = json.split_terminator('\n').map(line).collect();
        expected.retain(|line| !line.is_empty());
        let read = |format, text: &str| match corpus::Corpus::parse(text.as_bytes(), format, None) {
            Ok(corpus) => corpus.texts.into_iter().map(|text| text.characters).collect(),
            Err(error) => {
                assert!(error.to_string().starts_with("no text"), "{error}");
                Vec::<Vec<char>>::new()
            }
        };
        prop_assert_eq!(&read(corpus::Format::Conll, &lines(Format::Conll)), &expected);
        let words = lines(Format::Words);
        // A byte order mark is no character at the start of a file, where blanks are not written.
        let marked = words.starts_with('\u{FEFF}') && !text.starts_with('\u{FEFF}');
        if !text.contains('\0') && !marked {
            prop_assert_eq!(&read(corpus::Format::Words, &words), &expected);
        }
    }

    #[test]
    fn words_are_the_text_and_all_formats_agree(text in "[白日依山尽黄河X𠀀\0\r\n ]{0,80}") {
        let file = file();
        let out = words(&file, &text);
        let plain = |text: &str| text.replace(' ', "");
        prop_assert_eq!(plain(&out), plain(&text));
        // What is cut already is not cut otherwise.
        prop_assert_eq!(&words(&file, &out), &out);
        let (streamed, _) = tagged(&file, &wishes(Format::Json), &[text.as_bytes()]);
        let whole = Wishes { marginals: true, nbest: Some(3), ..wishes(Format::Json) };
        let (whole, _) = tagged(&file, &whole, &[text.as_bytes()]);
        prop_assert_eq!(streamed.lines().count(), whole.lines().count());
        for (streamed, whole) in streamed.lines().zip(whole.lines()) {
            let [streamed, whole]: [serde_json::Value; 2] =
                [streamed, whole].map(|line| serde_json::from_str(line).unwrap());
            prop_assert_eq!(&streamed["words"], &whole["words"]);
            prop_assert_eq!(&whole["nbest"][0]["words"], &whole["words"]);
            let shares = whole["nbest"].as_array().unwrap().iter().map(|path| path["probability"].as_f64().unwrap());
            let shares: Vec<f64> = shares.collect();
            prop_assert!(shares.is_sorted_by(|a, b| a + 1e-5 >= *b) && shares.iter().sum::<f64>() < 1.0 + 1e-5);
            for row in whole["marginals"].as_array().unwrap() {
                let sum: f64 = row.as_object().unwrap().values().map(|share| share.as_f64().unwrap()).sum();
                prop_assert!((sum - 1.0).abs() < 1e-4, "{}", sum);
            }
        }
    }
}
