//! `qibu tag` and `qibu eval tag` as processes: what they print, what they keep, how much memory
//! they take.

use crate::inputs::{self, TEXT};
use qibu_tests::command::{Answer, command, qibu, run};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;

fn call(folder: &Path, line: &str) -> Answer {
    qibu(folder, &line.split_whitespace().collect::<Vec<_>>())
}

/// What comes out where `input` goes in.
fn piped(folder: &Path, line: &str, input: &[u8]) -> String {
    let mut qibu = command(folder, &[]);
    qibu.args(line.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = qibu.spawn().expect("qibu starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut out = String::new();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).expect("all is read"));
        stdout.read_to_string(&mut out).expect("UTF-8");
    });
    assert!(child.wait().expect("an end").success());
    out
}

#[test]
fn files_and_standard_input_give_the_same() {
    let folder = inputs::folder();
    let words = call(folder.path(), "tag tagger.qibu text.txt").text();
    assert_eq!(words.replace(' ', ""), TEXT);
    assert!(words.contains(' '));
    assert_eq!(
        piped(folder.path(), "tag tagger.qibu", TEXT.as_bytes()),
        words
    );
    assert_eq!(
        piped(folder.path(), "tag tagger.qibu -", TEXT.as_bytes()),
        words
    );
    let both = call(folder.path(), "tag tagger.qibu text.txt text.txt").text();
    assert_eq!(both, words.repeat(2));
}

#[test]
fn every_format_has_its_form() {
    let folder = inputs::folder();
    let tag = |line: &str| call(folder.path(), &format!("tag {line}")).text();
    let lines = |text: &str| -> Vec<Value> {
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    let words = tag("tagger.qibu text.txt");
    let json = lines(&tag("tagger.qibu text.txt --format json"));
    let joined = |line: &Value| {
        let words = line["words"].as_array().expect("words").iter();
        words
            .map(|word| word.as_str().expect("text"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        json.iter().map(joined).collect::<Vec<_>>(),
        words.lines().collect::<Vec<_>>()
    );
    assert_eq!(json[2]["line"], 3);
    let named = lines(&tag("tagger.qibu text.txt text.txt --format json"));
    assert_eq!(
        (&named[3]["file"], &named[3]["line"]),
        (&"text.txt".into(), &1.into())
    );

    let columns = tag("tagger.qibu text.txt --format conll");
    assert_eq!(
        columns.lines().count(),
        TEXT.chars().filter(|&c| c != '\n').count() + 3
    );
    let sure = tag("tagger.qibu text.txt --marginals");
    for (plain, sure) in columns
        .lines()
        .zip(sure.lines())
        .filter(|(line, _)| !line.is_empty())
    {
        let (front, share) = sure.rsplit_once('\t').expect("three columns");
        assert_eq!(front, plain);
        assert!((0.0..=1.0).contains(&share.parse::<f64>().expect("a share")));
    }
    let ranked = tag("tagger.qibu text.txt --nbest 3");
    let first = ranked
        .lines()
        .next()
        .expect("a line")
        .split_once('\t')
        .expect("two columns");
    assert_eq!(first.1, words.lines().next().expect("a line"));
    assert!(first.0.parse::<f64>().expect("a share") > 0.0);
    let ranked = lines(&tag("tagger.qibu text.txt --nbest 3 --marginals"));
    assert_eq!(ranked[0]["nbest"].as_array().map(Vec::len), Some(3));
    assert!(ranked[0]["marginals"][0]["B"].is_number());

    let pairs = tag("entities.qibu text.txt");
    assert!(pairs.starts_with("白/") && pairs.lines().count() == 3);
    let entities = lines(&tag("entities.qibu text.txt --format json"));
    let count = |key: &str| entities[0][key].as_array().map(Vec::len);
    assert_eq!((count("tokens"), count("labels")), (Some(12), Some(12)));

    let drawn = tag("tagger.qibu text.txt --explain");
    assert!(drawn.contains('›') && !drawn.contains('\u{1b}'));
}

#[test]
fn output_up_to_a_fault_is_kept() {
    let folder = inputs::folder();
    for (line, says, out) in [
        (
            "tag tagger.qibu broken.txt",
            "broken.txt: line 2, byte 7: not UTF-8: FF",
            "白\n日\n",
        ),
        (
            "tag tagger.qibu cut.txt",
            "cut.txt: line 2, byte 4: not UTF-8: E6 97, where the file ends",
            "白\n",
        ),
        (
            "tag tagger.qibu text.txt broken.txt",
            "broken.txt: line 2, byte 7",
            "日\n",
        ),
    ] {
        let answer = call(folder.path(), line);
        assert_eq!(answer.code, Some(3), "{line}");
        assert!(answer.stderr.contains(says), "{}", answer.stderr);
        assert_eq!(answer.stderr.matches("error: ").count(), 1);
        assert!(
            String::from_utf8(answer.stdout)
                .expect("UTF-8")
                .ends_with(out),
            "{line}"
        );
    }
    let answer = call(folder.path(), "tag tagger.qibu long.txt --marginals");
    assert_eq!(answer.code, Some(3));
    let says = "long.txt: line 2: the line has more than 1,000,000 characters";
    assert!(answer.stderr.contains(says), "{}", answer.stderr);
    assert!(answer.stdout.starts_with("白\t".as_bytes()) && answer.stdout.len() < 40);
}

#[test]
fn a_dictionary_and_blanks_change_what_is_found() {
    let folder = inputs::folder();
    let line = "tag tagger.qibu --dict words.tsv";
    assert!(piped(folder.path(), line, "白日依山尽".as_bytes()).starts_with("白日 依山 "));
    let cut = piped(
        folder.path(),
        "tag tagger.qibu",
        " 白\t日\u{3000} 依 \n".as_bytes(),
    );
    assert_eq!(cut, "白 日 依\n");
}

/// An answer comes for every line, while the text goes on.
#[test]
fn lines_are_answered_at_once_where_asked() {
    let folder = inputs::folder();
    let mut qibu = command(folder.path(), &[]);
    qibu.args("tag tagger.qibu --line-buffered".split(' '));
    let mut child = qibu
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("qibu starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    for line in ["白日", "依山尽", ""] {
        writeln!(stdin, "{line}").expect("it reads");
        let mut answer = String::new();
        stdout.read_line(&mut answer).expect("it answers");
        assert_eq!(answer.replace(' ', ""), format!("{line}\n"));
    }
    drop(stdin);
    assert!(child.wait().expect("an end").success());
}

#[test]
fn a_reader_of_tags_may_leave() {
    let folder = inputs::folder();
    std::fs::write(folder.path().join("many.txt"), TEXT.repeat(3000)).expect("a text");
    let mut qibu = command(folder.path(), &[]);
    qibu.args("tag tagger.qibu many.txt".split(' '));
    let mut child = qibu
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("qibu starts");
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    stdout.read_line(&mut line).expect("a line");
    drop(stdout);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// Peak resident memory of the running process, in KiB.
#[cfg(target_os = "linux")]
fn peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Megabytes in lines of all lengths, one of them without end, take no more memory than half of one,
/// whose output is still more than a pipe holds: the program waits while it is looked at.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_text() {
    // Debug builds of the compiler run the network at a third of its speed.
    const MEGABYTES: usize = if cfg!(debug_assertions) { 8 } else { 50 };
    let folder = inputs::folder();
    let peaks = [1 << 19, MEGABYTES << 20].map(|bytes: usize| {
        let mut qibu = command(folder.path(), &[]);
        qibu.args("tag tagger.qibu --format json".split(' '));
        let mut child = qibu
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("qibu starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let mut stdout = child.stdout.take().expect("a pipe");
        let id = child.id();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // A quarter empty lines, a quarter short ones, half a line.
                let quarter = bytes / 4;
                stdin.write_all(&b"\n".repeat(quarter)).expect("it reads");
                let lines = "白日依山尽\n".repeat(quarter / 16);
                stdin.write_all(lines.as_bytes()).expect("it reads");
                let line = "黄河X".repeat(quarter / 7 * 2);
                stdin.write_all(line.as_bytes()).expect("it reads");
            });
            let mut buffer = vec![0; 1 << 16];
            let (mut total, mut highest) = (0, 0);
            loop {
                let count = stdout.read(&mut buffer).expect("it writes");
                if count == 0 {
                    break;
                }
                total += count;
                highest = highest.max(peak(id).unwrap_or(0));
            }
            assert!(total > bytes);
            assert!(child.wait().expect("an end").success());
            highest
        })
    });
    assert!(peaks[0] > 0 && peaks[1] < peaks[0] + 2048, "{peaks:?} KiB");
}

#[test]
fn eval_counts_by_hand() {
    let folder = inputs::folder();
    // The model's own answers are all right; of `gold.txt` only what both have.
    let own = call(folder.path(), "tag tagger.qibu text.txt").text();
    std::fs::write(folder.path().join("own.txt"), own).expect("a gold file");
    let eval = |line: &str| -> (Value, String) {
        let answer = call(folder.path(), &format!("eval tag {line} --json"));
        let stderr = answer.stderr.clone();
        (serde_json::from_str(&answer.text()).expect("JSON"), stderr)
    };
    let (report, stderr) = eval("tagger.qibu --gold own.txt");
    assert_eq!(report["int8"]["f1"], 100.0);
    assert_eq!(
        (&report["float"], &report["int8"]["oov_recall"]),
        (&Value::Null, &Value::Null)
    );
    assert!(
        stderr.contains("warning: no model.onnx") && stderr.contains("--train"),
        "{stderr}"
    );
    assert_eq!(report["sentences"], 2);
    assert!(report["chars_per_second"].as_f64() > Some(0.0));

    let line = "tagger.qibu --gold gold.txt --train own.txt --float tag/tagger.onnx";
    let (report, stderr) = eval(line);
    assert_eq!(stderr, "");
    assert_eq!(report["int8"], report["float"], "the file is in f32");
    let found = call(folder.path(), "tag tagger.qibu text.txt").text();
    let text = piped(
        folder.path(),
        "tag tagger.qibu",
        "白日依山尽，\n黄河入海流\n".as_bytes(),
    );
    let gold = ["白日 依 山 尽 ，", "黄河 入 海流"];
    let cuts = |line: &str| {
        let mut at = 0;
        let spans = line.split(' ').map(|word| {
            let start = at;
            at += word.chars().count();
            (start, at, word.to_owned())
        });
        spans.collect::<Vec<_>>()
    };
    let (mut right, mut wanted, mut given, mut strange, mut strange_right) = (0, 0, 0, 0, 0);
    let known: Vec<&str> = found.split_whitespace().collect();
    for (gold, found) in gold.iter().zip(text.lines()) {
        let (gold, found) = (cuts(gold), cuts(found));
        wanted += gold.len();
        given += found.len();
        for word in &gold {
            let hit = usize::from(found.contains(word));
            let new = usize::from(!known.contains(&word.2.as_str()));
            right += hit;
            strange += new;
            strange_right += hit * new;
        }
    }
    let percent = |part: usize, all: usize| (part as f64 / all as f64 * 1e4).round() / 100.0;
    let int8 = &report["int8"];
    assert_eq!(int8["precision"], percent(right, given));
    assert_eq!(int8["recall"], percent(right, wanted));
    assert_eq!(int8["f1"], percent(2 * right, wanted + given));
    assert!(strange > 0, "the test has words that its training lacks");
    assert_eq!(int8["oov_recall"], percent(strange_right, strange));

    let (entities, _) = eval("entities.qibu --gold gold.tsv");
    assert_eq!(
        (&entities["measure"], &entities["gold"]),
        (&"entities".into(), &1.into())
    );
    let table = call(folder.path(), "eval tag tagger.qibu --gold gold.txt").text();
    assert!(
        table.contains("OOV recall") && table.contains("characters a second"),
        "{table}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let folder = inputs::folder();
    let mut qibu = command(folder.path(), &[]);
    qibu.args("tag tagger.qibu text.txt".split(' '));
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .expect("the device");
    let answer = run(qibu, Some(full));
    assert_eq!(answer.code, Some(4), "{}", answer.stderr);
    assert_eq!(answer.stderr.matches("error: ").count(), 1);
}
