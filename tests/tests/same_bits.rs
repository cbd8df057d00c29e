//! The sample's outputs, as checked in: a change of bits is noticed.

use qibu::Model;
use qibu_tests::sample;

#[test]
fn load() {
    let file = sample::sample();
    println!("{} bytes", file.len());
    let model = Model::load(&file).unwrap();
    assert!(model.verify_weights());
    let poet = qibu::poem::Poet::new(&model).unwrap();
    let mut arena = qibu::Arena::<16384>::new();
    for seed in 0..5 {
        let ids = poet
            .couplet(seed, poet.temperature(), arena.bytes())
            .unwrap();
        let mut line = String::new();
        poet.write(&ids, |piece| line += piece);
        println!("{line}");
    }
    for f in model.functions() {
        println!("{} {}", f.name(), f.steps().map(|s| s.macs()).sum::<u64>());
    }
}
