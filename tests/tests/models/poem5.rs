//! The poem model fits a chip and writes what it wrote.

use super::file;
use qibu::Model;
use qibu::poem::Poet;
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::{Request, compile};
use qibu_compiler::footprint::flash;
use qibu_tests::need::root;

#[test]
fn generate_fits_the_chip() {
    let bytes = AlignedBytes::from(&file("poem5")[..]);
    let model = Model::load(&bytes).expect("the model loads");
    assert!(model.verify_weights());
    let generate = model.function("generate").expect("poem models generate");
    let (flash, ram) = (flash(&model, &generate), generate.arena());
    assert!(flash <= 600_000, "{flash} bytes of flash");
    assert!(ram <= 16_384, "{ram} bytes of RAM");
    // What footprint::flash promises is what `compile --functions generate` writes.
    let mut request = Request::new(&root().join("models/poem5").join("model.onnx"));
    request.functions = vec!["generate".into()];
    let alone = compile(&request, &mut |_, _, _| {}).expect("generate compiles alone");
    assert_eq!(alone.bytes.len(), flash);
}

#[test]
fn ten_seeds_write_what_they_wrote() {
    let bytes = AlignedBytes::from(&file("poem5")[..]);
    let model = Model::load(&bytes).expect("the model loads");
    let poet = Poet::new(&model).expect("a poem model");
    let mut arena = AlignedBytes::zeros(poet.arena());
    let mut text = String::new();
    for seed in 1..=10 {
        let couplet = poet
            .couplet(seed, poet.temperature(), &mut arena)
            .expect("the arena fits");
        poet.write(&couplet, |piece| text.push_str(piece));
        text.push('\n');
    }
    let golden = std::fs::read_to_string(root().join("models/poem5").join("golden.txt"))
        .expect("golden couplets");
    assert_eq!(text, golden);
}
