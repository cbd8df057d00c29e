//! The poem models fit their chips and write what they wrote.

use super::file;
use qibu::Model;
use qibu::decode::prosody::Pattern;
use qibu::poem::{Composer, Poet, Rules};
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::{Request, compile};
use qibu_compiler::footprint::flash;
use qibu_tests::need::root;

/// Name; most flash, RAM and multiply-accumulates of `generate`.
const MODELS: [(&str, [u64; 3]); 5] = [
    ("poem5", [600_000, 16_384, 4_200_000]),
    ("poem7", [600_000, 16_384, 5_200_000]),
    ("wujue", [750_000, 16_384, 8_400_000]),
    ("qijue", [800_000, 16_384, 10_100_000]),
    // 256 KB of flash hold its code too, 16 KB of RAM its stack; a Cortex-M0 takes about a second.
    ("poem-small", [150_000, 6_144, 2_000_000]),
];

/// Those that keep the rules of regulated verse.
const COMPOSERS: [&str; 4] = ["poem5", "poem7", "wujue", "qijue"];

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

/// A megabyte of flash each, and 32 KB of RAM with the stack of a program that composes.
#[test]
fn compose_fits_the_chip() {
    for name in COMPOSERS {
        let bytes = AlignedBytes::from(&file(name)[..]);
        let model = Model::load(&bytes).expect("the model loads");
        let compose = model.function("compose").expect("a function compose");
        let flash = flash(&model, &compose);
        assert!(flash <= 1_000_000, "{name}: {flash} bytes of flash");
        assert!(compose.arena() <= 16_384, "{name}: {}", compose.arena());
        let folder = root().join("models").join(name);
        let mut request = Request::new(&folder.join("model.onnx"));
        request.functions = vec!["compose".into()];
        request.prosody = Some(folder.join("model.qibu"));
        let alone = compile(&request, &mut |_, _, _| {}).expect("compose compiles alone");
        assert_eq!(alone.bytes.len(), flash, "{name}");
    }
}

/// `composed.txt` holds the poems of seeds 1 to 20, unselected, as the cards show them.
#[test]
fn twenty_seeds_compose_what_they_composed() {
    for name in COMPOSERS {
        let bytes = AlignedBytes::from(&file(name)[..]);
        let model = Model::load(&bytes).expect("the model loads");
        let composer = Composer::new(&model).expect("a model that composes");
        let mut arena = AlignedBytes::zeros(composer.arena());
        let mut text = String::new();
        for seed in 1..=20 {
            let latent: Vec<f32> = composer.sample(seed, 1.0).collect();
            let verse = composer
                .compose(&latent, &Rules::default(), &mut arena)
                .expect("a poem");
            check(&composer, &verse);
            composer.write(&verse.ids, |piece| text.push_str(piece));
            text.push('\n');
        }
        let golden = root().join("models").join(name).join("composed.txt");
        let golden = std::fs::read_to_string(golden).expect("composed poems");
        assert_eq!(text, golden, "{name}");
        let card = root().join("models").join(name).join("README.md");
        let card = std::fs::read_to_string(card).expect("a card");
        assert!(card.contains(&golden), "{name}: the card shows other poems");
    }
}

/// Tones and rhyme by the file's own groups, and no character twice.
fn check(composer: &Composer<'_>, verse: &qibu::poem::Verse) {
    let (line, lines) = (composer.line(), composer.lines());
    let pattern: Pattern = verse.pattern.expect("a pattern");
    let rhyme = verse.rhyme.expect("a rhyme");
    for (position, &id) in verse.ids.iter().enumerate() {
        let groups = composer.groups(id as u16);
        let (number, at) = (position / line, position % line);
        assert!(
            groups.suit(pattern.tone(line, lines, position)),
            "{verse:?}"
        );
        if at + 1 == line && pattern.rhymes(lines, number) {
            assert!(groups.has(rhyme), "{verse:?}");
        }
    }
    let distinct: std::collections::BTreeSet<i32> = verse.ids.iter().copied().collect();
    assert!(
        !verse.repeats && distinct.len() == line * lines,
        "{verse:?}"
    );
}
