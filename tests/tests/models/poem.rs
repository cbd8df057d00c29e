//! The poem models fit their chips and write what they wrote.

use super::file;
use qibu::Model;
use qibu::poem::Poet;
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::{Request, compile};
use qibu_compiler::footprint::flash;
use qibu_tests::need::root;

/// Name; most flash, RAM and multiply-accumulates of `generate`.
const MODELS: [(&str, [u64; 3]); 2] = [
    ("poem5", [600_000, 16_384, 4_200_000]),
    // 256 KB of flash hold its code too, 16 KB of RAM its stack; a Cortex-M0 takes about a second.
    ("poem-small", [150_000, 6_144, 2_000_000]),
];

#[test]
fn generate_fits_the_chip() {
    for (name, most) in MODELS {
        let bytes = AlignedBytes::from(&file(name)[..]);
        let model = Model::load(&bytes).expect("the model loads");
        assert!(model.verify_weights(), "{name}");
        let generate = model.function("generate").expect("poem models generate");
        let flash = flash(&model, &generate);
        let macs = generate.steps().map(|step| step.macs()).sum();
        let costs = [flash as u64, generate.arena() as u64, macs];
        for ((what, cost), most) in ["flash", "RAM", "MACs"].iter().zip(costs).zip(most) {
            assert!(cost <= most, "{name}: {cost} {what}, at most {most}");
        }
        // What footprint::flash promises is what `compile --functions generate` writes.
        let mut request = Request::new(&root().join("models").join(name).join("model.onnx"));
        request.functions = vec!["generate".into()];
        let alone = compile(&request, &mut |_, _, _| {}).expect("generate compiles alone");
        assert_eq!(alone.bytes.len(), flash, "{name}");
    }
}

#[test]
fn ten_seeds_write_what_they_wrote() {
    for (name, _) in MODELS {
        let bytes = AlignedBytes::from(&file(name)[..]);
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
        let golden = root().join("models").join(name).join("golden.txt");
        let golden = std::fs::read_to_string(golden).expect("golden couplets");
        assert_eq!(text, golden, "{name}");
    }
}
