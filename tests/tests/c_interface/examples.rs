//! The programs in `runtime/c/examples` print what the Rust tool prints.

use crate::c::{folder, program, succeed};
use qibu::Model;
use qibu::format::DType;
use qibu::poem::{Composer, Ids, Rules};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::composer;
use qibu_tests::need::{has_program, poem5, root, skip};
use qibu_tests::sample::sample;
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

const C99: [&str; 2] = ["-std=c99", "-O1"];

/// Compiles example `name`; `None` where there is no compiler.
fn example(scratch: &tempfile::TempDir, name: &str) -> Option<PathBuf> {
    if !has_program("cc") {
        skip(&format!("C example {name}"), "no cc");
        return None;
    }
    let examples = folder().join("examples");
    let sources = [
        examples.join(name).with_extension("c"),
        examples.join("file.c"),
    ];
    let binary = scratch.path().join(name);
    program("cc", &C99, &sources, &binary);
    Some(binary)
}

fn golden(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect("golden text")
}

#[test]
fn poem_prints_the_couplets_of_the_tool() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let Some(poem) = example(&scratch, "poem") else {
        return;
    };
    let mut ten = Command::new(&poem);
    let printed = succeed(ten.arg(poem5()).args(["1", "10"]));
    assert_eq!(printed, golden("models/poem5/golden.txt"));
    // What it refuses, it names.
    let broken = scratch.path().join("broken.qibu");
    let mut bytes = std::fs::read(poem5()).expect("the model");
    bytes[200] ^= 1;
    std::fs::write(&broken, bytes).expect("a broken model");
    for (path, part) in [
        (broken, "the file is damaged"),
        (root().join("models/cws/model.qibu"), "not a poem model"),
        (root().join("README.md"), "not a Qibu model"),
        (root().join("nothing"), "cannot be read"),
    ] {
        let output = crate::c::output(Command::new(&poem).arg(&path));
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(log.starts_with("error: ") && log.contains(part), "{log}");
    }
}

#[test]
fn compose_prints_the_poem_of_the_runtime() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let Some(compose) = example(&scratch, "compose") else {
        return;
    };
    let file = composer::file(&composer::COUPLET);
    let path = scratch.path().join("compose.qibu");
    std::fs::write(&path, &file[..]).expect("the model");
    let model = Model::load(&file).expect("a sound model");
    let composer = Composer::new(&model).expect("a composer");
    let mut arena = AlignedBytes::zeros(composer.arena());
    let mut fixed = Ids::new();
    composer.fix_heads("?月", &mut fixed).expect("characters");
    let (word, other) = ([4, 5], [6]);
    let rules = Rules {
        fixed: &fixed,
        avoided: &[&word, &other],
        ..Rules::default()
    };
    let latent: Vec<f32> = composer.sample(5, composer.temperature()).collect();
    let draft = composer.draft(&latent, &mut arena).expect("the arena fits");
    let verse = draft.compose(&rules).expect("a poem");
    let mut expected = String::new();
    composer.write(&verse.ids, |piece| expected += piece);
    let pattern = verse.pattern.expect("a pattern") as u32 + 1;
    let rhyme = verse.rhyme.expect("a rhyme") + 1;
    let likelihood = draft.likelihood(&verse.ids);
    expected += &format!("\npattern {pattern}, rhyme {rhyme}, likelihood {likelihood:.2}\n");
    // An unknown character's word is no poem's.
    let mut five = Command::new(&compose);
    let five = five.arg(&path).args(["5", "?月", "月日  龘月 石"]);
    assert_eq!(succeed(five), expected);
    let plain = root().join("models/poem-small/model.qibu");
    let refused = [
        (
            path.as_path(),
            "？山",
            "error: character 6: no character of the model",
        ),
        (&path, "月日石", "error: poem: wrong length"),
        (plain.as_path(), "", "composes no poems"),
    ];
    for (path, heads, part) in refused {
        let output = crate::c::output(Command::new(&compose).arg(path).args(["5", heads]));
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(log.contains(part), "{log}");
        assert_eq!(output.status.code(), Some(1), "{log}");
    }
}

#[test]
fn tag_prints_the_words_of_the_tool() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let Some(tag) = example(&scratch, "tag") else {
        return;
    };
    for model in ["cws", "cws-150k"] {
        let mut tag = Command::new(&tag);
        tag.arg(root().join("models").join(model).join("model.qibu"));
        tag.stdin(File::open(root().join("models/cws/page.txt")).expect("a page"));
        let golden = golden(&format!("models/{model}/golden.txt"));
        assert_eq!(succeed(&mut tag), golden, "{model}");
    }
}

/// Bytes for every input of `function`, different for each: indices stay small.
fn inputs(model: &Model<'_>, function: &str) -> Vec<u8> {
    let function = model.function(function).expect("the function");
    let mut bytes = Vec::new();
    for index in 0..function.inputs().len() {
        let tensor = function.input(index).expect("an input");
        for at in 0..tensor.elements().expect("few elements") {
            let number = (at * 7 + index) % 3;
            match tensor.dtype() {
                DType::F32 => bytes.extend((number as f32 / 3.0 - 0.4).to_le_bytes()),
                DType::I32 => bytes.extend((number as i32).to_le_bytes()),
                DType::I16 => bytes.extend((number as i16).to_le_bytes()),
                DType::Bool => bytes.push((number % 2) as u8),
                _ => bytes.push(number as u8),
            }
        }
    }
    bytes
}

/// What the example prints, by the Rust interface.
fn expected(model: &Model<'_>, name: &str, mut given: &[u8]) -> Vec<String> {
    let function = model.function(name).expect("the function");
    let mut arena = AlignedBytes::zeros(function.arena());
    let mut run = function.bind(&mut arena).expect("the arena fits");
    let words = |bytes: &[u8]| -> Vec<[u8; 4]> { bytes.as_chunks().0.to_vec() };
    for index in 0..function.inputs().len() {
        let tensor = function.input(index).expect("an input");
        let (bytes, rest) = given.split_at(tensor.bytes().expect("its bytes"));
        given = rest;
        let done = match tensor.dtype() {
            DType::F32 => {
                let values: Vec<_> = words(bytes).into_iter().map(f32::from_le_bytes).collect();
                run.set_f32(index, &values)
            }
            DType::I32 => {
                let values: Vec<_> = words(bytes).into_iter().map(i32::from_le_bytes).collect();
                run.set_i32(index, &values)
            }
            DType::I16 => {
                let halves = bytes.as_chunks().0.iter();
                let values: Vec<_> = halves.map(|half| i16::from_le_bytes(*half)).collect();
                run.set_i16(index, &values)
            }
            DType::Bool => {
                let values: Vec<_> = bytes.iter().map(|byte| *byte == 1).collect();
                run.set_bool(index, &values)
            }
            _ => run.set_i8(index, bytemuck::cast_slice(bytes)),
        };
        done.expect("the input fits");
    }
    run.execute().expect("small ids");
    let mut lines = Vec::new();
    for index in 0..function.outputs().len() {
        let tensor = function.output(index).expect("an output");
        let shape = format!("{:?}", tensor.shape());
        let dtype = format!("{:?}", tensor.dtype()).to_lowercase();
        lines.push(format!(
            "output {} {dtype} {shape}",
            model.tensor_name(tensor)
        ));
        match tensor.dtype() {
            DType::F32 => lines.extend(run.output_f32(index).unwrap().iter().map(f32::to_string)),
            DType::I32 => lines.extend(run.output_i32(index).unwrap().iter().map(i32::to_string)),
            DType::I8 => lines.extend(run.output_i8(index).unwrap().iter().map(i8::to_string)),
            DType::Bool => lines.extend(run.output_bool(index).unwrap().iter().map(u8::to_string)),
            _ => lines.extend(run.output_i16(index).unwrap().iter().map(i16::to_string)),
        }
    }
    lines
}

/// Numbers by their bits: nine digits tell floats apart, in whichever form they stand.
fn same(printed: &str, expected: &str) -> bool {
    match (printed.parse::<f32>(), expected.parse::<f32>()) {
        (Ok(printed), Ok(expected)) => printed.to_bits() == expected.to_bits(),
        _ => printed == expected,
    }
}

#[test]
fn any_model_gives_the_outputs_of_the_rust_interface() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let Some(outputs) = example(&scratch, "outputs") else {
        return;
    };
    let path = scratch.path().join("sample.qibu");
    std::fs::write(&path, &sample()[..]).expect("a model");
    for path in [path, poem5(), root().join("models/cws/model.qibu")] {
        let file = AlignedBytes::from(&std::fs::read(&path).expect("a model")[..]);
        let model = Model::load(&file).expect("a sound model");
        let listed = succeed(Command::new(&outputs).arg(&path));
        for function in model.functions() {
            let line = format!("{}: arena of {} bytes\n", function.name(), function.arena());
            assert!(listed.contains(&line), "{listed}");
            let given = inputs(&model, function.name());
            let input = scratch.path().join("input");
            std::fs::write(&input, &given).expect("an input file");
            let mut run = Command::new(&outputs);
            run.arg(&path).arg(function.name());
            let printed = succeed(run.stdin(File::open(&input).expect("the input")));
            let expected = expected(&model, function.name(), &given);
            let printed: Vec<&str> = printed.lines().collect();
            assert_eq!(printed.len(), expected.len());
            for (printed, expected) in printed.iter().zip(&expected) {
                assert!(same(printed, expected), "{printed} is not {expected}");
            }
        }
    }
}

/// C++ beside C: handles in classes, references, a lambda as sink.
#[test]
fn cpp_programs_use_it() {
    if !has_program("c++") {
        return skip("C++", "no c++");
    }
    let scratch = tempfile::tempdir().expect("a temporary folder");
    for standard in ["-std=c++11", "-std=c++17"] {
        let binary = scratch.path().join("usage");
        let source = root().join("tests/tests/c_interface/usage.cpp");
        program("c++", &[standard], &[source], &binary);
        let mut usage = Command::new(&binary);
        usage.arg(poem5()).arg(root().join("models/cws/model.qibu"));
        let printed = succeed(&mut usage);
        let couplet = golden("models/poem5/golden.txt");
        let couplet = couplet.lines().nth(6).expect("seven couplets");
        assert_eq!(printed, format!("{couplet}\nBEBEBESBE\n"));
    }
}

/// The example in the README compiles and prints what it says.
#[test]
fn the_readme_is_right() {
    if !has_program("cc") {
        return skip("C README", "no cc");
    }
    let readme = std::fs::read_to_string(folder().join("README.md")).expect("the README");
    let (_, rest) = readme.split_once("```c\n").expect("an example in C");
    let (code, rest) = rest.split_once("```\n").expect("its end");
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let source = scratch.path().join("example.c");
    std::fs::write(&source, code).expect("a source file");
    let assembly = scratch.path().join("model.S");
    let (_, text) = rest.split_once("```asm\n").expect("the model's assembly");
    let (text, rest) = text.split_once("```\n").expect("its end");
    let text = text.replace("model.qibu", poem5().to_str().expect("a UTF-8 path"));
    std::fs::write(&assembly, text).expect("an assembly file");
    let binary = scratch.path().join("example");
    program("cc", &["-std=c99"], &[source, assembly], &binary);
    let printed = succeed(&mut Command::new(binary));
    let (_, shown) = rest.split_once("```text\n").expect("what it prints");
    assert!(shown.starts_with(&printed), "{printed}");
    assert!(!printed.is_empty());
}
