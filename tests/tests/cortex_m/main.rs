//! Instructions on emulated Cortex-M: below what was promised, and not above what is on record.
//!
//! ```text
//! models   the geometries of MLPerf Tiny, single layers that figures of peers are known for
//! files    int8, compiled for the core
//! count    qibu_tests::cortex_m, which compares the results with this host's, too
//! record   benches/record/<core>.txt: what grows by more than 2 % fails
//! bounds   three quarters of tuned CMSIS-NN under TensorFlow Lite Micro on a Cortex-M4F
//! ```
//!
//! `UPDATE=1 cargo test -p qibu-tests --test cortex_m` records anew; `ONLY=conv cargo test …` counts
//! only models whose name holds that.

mod bounds;
mod models;
mod record;
mod verse;

use models::Subject;
use qibu_compiler::model_file::ModelFile;
use qibu_tests::cortex_m::{Core, Counted, OPT_LEVEL, count, text};
use qibu_tests::emulator;
use qibu_tests::need::{say, skip};

/// A subject's figures on a core.
pub struct Figures {
    /// What was counted.
    pub subject: &'static Subject,
    /// All of it.
    pub counted: Counted,
    /// Bytes of weights.
    pub weights: u64,
}

impl Figures {
    /// What is compared: a layer's step, or all of a model.
    pub fn instructions(&self) -> u64 {
        match self.subject.peer {
            None => self.counted.instructions(),
            Some(_) => {
                let steps = self.counted.functions.iter().flat_map(|of| &of.steps);
                let step = steps.max_by_key(|step| step.macs);
                step.expect("a step").instructions
            }
        }
    }
}

/// Counts all subjects on the core of this name.
fn measure(core: Core) -> Option<Vec<Figures>> {
    if let Some(missing) = emulator::lacks(core.machine()) {
        skip(&format!("cortex_m, {}", core.name), &missing);
        return None;
    }
    let only = std::env::var("ONLY").unwrap_or_default();
    let subjects = models::subjects().iter();
    let figures = subjects.filter(|subject| subject.name.contains(&only) && subject.is_for(core));
    let figures = figures.map(|subject| {
        let file = subject.file(core);
        let file = ModelFile::from_bytes(subject.name, &file).expect("a sound file");
        let counted = count(core, &file, None, OPT_LEVEL);
        let counted = counted.unwrap_or_else(|error| panic!("{}: {error}", core.title));
        let model = file.model().expect("a sound file");
        let (_, weights) = model.section(qibu::format::Section::Weights);
        Figures {
            subject,
            counted,
            weights: weights as u64,
        }
    });
    Some(figures.collect())
}

/// Counts, compares with the record and, where there are bounds, with them.
fn check(name: &str) {
    let core = Core::find(name).expect("a core");
    let Some(figures) = measure(core) else {
        return;
    };
    let mut missed = record::check(core, &figures);
    let mut lines = Vec::new();
    for one in &figures {
        let macs = one.counted.macs().max(1);
        lines.push(format!(
            "{:>4} {:<24} {:>11} instructions, {:.2} per MAC",
            core.name,
            one.subject.name,
            one.instructions(),
            one.instructions() as f64 / macs as f64
        ));
    }
    say(&lines.join("\n"));
    if core.name == "m4" {
        missed.extend(bounds::check(&figures));
    }
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
}

#[test]
fn cortex_m0() {
    check("m0");
}

#[test]
fn cortex_m3() {
    check("m3");
}

#[test]
fn cortex_m4() {
    check("m4");
}

#[test]
fn cortex_m7() {
    check("m7");
}

#[test]
fn cortex_m33() {
    check("m33");
}

#[test]
fn cortex_m55() {
    check("m55");
}

/// The level of optimisation for those who need every byte of flash: instructions rise by 1 to 4 %,
/// code shrinks by a third.
const SMALL: &str = "s";
/// The level for the least code.
const LEAST: &str = "z";

/// The code that keyword spotting links on a Cortex-M4F, and that the very same code is fast, too.
#[test]
fn keyword_spotting_links_little_code() {
    let core = Core::find("m4").expect("a core");
    if let Some(missing) = emulator::lacks(core.machine()) {
        return skip("cortex_m, code", &missing);
    }
    let subject = models::subjects().iter().find(|one| one.name == "kws");
    let subject = subject.expect("keyword spotting");
    let file = subject.file(core);
    let file = ModelFile::from_bytes("kws", &file).expect("a sound file");
    let model = file.model().expect("a sound file");
    let bytes = text(core, &model, SMALL).expect("it links");
    let counted = count(core, &file, None, SMALL).expect("it runs");
    let instructions = counted.instructions();
    say(&format!(
        "kws on {}, opt-level={SMALL}: code {bytes} bytes, {instructions} instructions, load {}",
        core.title, counted.load
    ));
    assert!(instructions <= bounds::most("kws").expect("a bound"));
    assert!(
        bytes <= bounds::CODE,
        "{bytes} bytes of code, {} at most",
        bounds::CODE
    );
}

/// The float graph of keyword spotting, compiled to int8, at the level for the least code: bytes, a run
/// and a load of the very same code.
#[test]
fn keyword_spotting_fits_twenty_kilobytes() {
    let core = Core::find("m4").expect("a core");
    if let Some(missing) = emulator::lacks(core.machine()) {
        return skip("cortex_m, least code", &missing);
    }
    let file = models::float_kws(core);
    let file = ModelFile::from_bytes("kws", &file).expect("a sound file");
    let model = file.model().expect("a sound file");
    let bytes = text(core, &model, LEAST).expect("it links");
    let counted = count(core, &file, None, LEAST).expect("it runs");
    let (instructions, load) = (counted.instructions(), counted.load);
    say(&format!(
        "float kws on {}, opt-level={LEAST}: code {bytes} bytes, {instructions} instructions, load {load}",
        core.title
    ));
    assert!(instructions <= bounds::most("kws").expect("a bound"));
    assert!(
        load <= bounds::SMALL_LOAD,
        "{load} instructions to load, {} at most",
        bounds::SMALL_LOAD
    );
    assert!(
        bytes <= bounds::SMALL_CODE,
        "{bytes} bytes of code, {} at most",
        bounds::SMALL_CODE
    );
}
