//! Writes the sample model and a few of its sound relatives, where the fuzzer starts from:
//! `cargo run -p qibu-tests --example seed_corpus -- tests/fuzz/corpus/load_run`.

use qibu::format::FunctionRecord;
use qibu_tests::sample;
use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.expect("the folder to write to");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("sample"), &sample::sample()[..])?;
    // One function each: smaller files are fuzzed faster.
    for only in sample::FUNCTIONS {
        let builder = sample::only(only);
        assert_eq!(builder.functions.len(), 1);
        let FunctionRecord { steps, .. } = builder.functions[0];
        assert_eq!(steps as usize, builder.steps.len());
        std::fs::write(folder.join(only), &builder.finish()[..])?;
    }
    Ok(())
}
