//! What the rules of verse cost: composed quatrains beside those that are read off position by position.

use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::{Request, compile};
use qibu_compiler::model_file::ModelFile;
use qibu_compiler::target::{Arrangement, Target};
use qibu_tests::cortex_m::{Core, CountedVerse, OPT_LEVEL, verse};
use qibu_tests::emulator;
use qibu_tests::need::{root, say, skip};

/// Most instructions of a composed quatrain for each of a plain one, on a Cortex-M4F.
const RATIO: f64 = 1.2;
/// Most bytes of RAM: the arena, and the stack of the whole program.
const RAM: u64 = 32 * 1024;
const QUATRAINS: [&str; 2] = ["wujue", "qijue"];

/// Counts a quatrain model on the core of this name, where its machine can be had. Poems are compared
/// with this host's there.
fn counted(core: &str, name: &str, target: Target) -> Option<CountedVerse> {
    let core = Core::find(core).expect("a core");
    if let Some(missing) = emulator::lacks(core.machine()) {
        skip(&format!("cortex_m, {name} on {}", core.name), &missing);
        return None;
    }
    let folder = root().join("models").join(name);
    let mut request = Request::new(&folder.join("model.onnx"));
    request.functions = vec!["generate".into(), "compose".into()];
    request.prosody = Some(folder.join("model.qibu"));
    request.arrangement = Arrangement::from(target);
    let compiled = compile(&request, &mut |_, _, _| {}).expect("the model compiles");
    let bytes = AlignedBytes::from(&compiled.bytes[..]);
    let file = ModelFile::from_bytes(name, &bytes).expect("a sound file");
    let counted = verse(core, &file, OPT_LEVEL);
    Some(counted.unwrap_or_else(|error| panic!("{name}: {error}")))
}

#[test]
fn composed_quatrains_cost_a_fifth_more_at_most() {
    for name in QUATRAINS {
        let Some(counted) = counted("m4", name, Target::CortexM4) else {
            return;
        };
        let ram = counted.arena + counted.stack;
        assert_eq!(counted.poems.len(), 3, "{name}");
        assert!(ram <= RAM, "{name}: {ram} bytes of RAM");
        for [plain, composed] in counted.poems {
            let ratio = composed as f64 / plain as f64;
            say(&format!(
                "{name} on Cortex-M4F: plain {plain}, composed {composed} instructions, {ratio:.3}; RAM {ram}"
            ));
            assert!(
                ratio <= RATIO,
                "{name}: {ratio:.3} times as many instructions"
            );
        }
    }
}

/// The same poems without a multiplier for long products and without a floating-point unit.
#[test]
fn a_cortex_m0_composes_the_same() {
    let counted = counted("m0", "wujue", Target::CortexM0);
    assert!(counted.is_none_or(|counted| counted.poems.len() == 3));
}
