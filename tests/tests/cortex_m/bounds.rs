//! What was promised of a Cortex-M4F.

use super::Figures;

/// Most instructions of a run: three quarters of tuned CMSIS-NN under TensorFlow Lite Micro, and two
/// layers of the poem decoder and the tagger, whose peers lose more.
const MOST: [(&str, u64); 7] = [
    ("kws", 5_600_000),
    ("resnet", 21_500_000),
    ("vww", 17_500_000),
    ("ad", 430_000),
    // Half of the peer's: what two bytes a weight are for.
    ("ad/wide", 290_000),
    ("conv1d-10-64-128-k3", 340_000),
    ("10-rows-64-6000-top8", 6_500_000),
];
/// Most instructions of keyword spotting's structural load.
const LOAD: u64 = 100_000;
/// Most bytes of code for the published graph, at the level `s`: what is there, so that it can only shrink.
pub const CODE: u32 = 24_500;
/// Most bytes of code for its float graph, compiled to int8, at the level `z`, and most instructions to
/// load that.
pub const SMALL_CODE: u32 = 20_480;
pub const SMALL_LOAD: u64 = LOAD;
/// Elements of the weights of its eight convolutions behind the first, the first, and the last layer;
/// biases and scales are parameters.
const WEIGHTS: u64 = 4 * (64 * 9 + 64 * 64) + 64 * 40 + 64 * 12;

/// Most instructions of the model of this name, where that was promised.
pub fn most(name: &str) -> Option<u64> {
    let found = MOST.iter().find(|(other, _)| *other == name);
    found.map(|(_, most)| *most)
}

/// What is missed.
pub fn check(figures: &[Figures]) -> Vec<String> {
    let mut missed = Vec::new();
    let mut demand = |name: &str, what: &str, found: u64, most: u64| {
        if found > most {
            missed.push(format!("{name}: {found} {what}, {most} at most"));
        }
    };
    for one in figures {
        let name = one.subject.name;
        if let Some(peer) = one.subject.peer {
            demand(
                name,
                "instructions, as the best peer",
                one.instructions(),
                peer,
            );
        }
        if let Some(most) = most(name) {
            demand(name, "instructions", one.instructions(), most);
        }
        if name == "kws" {
            demand(name, "instructions to load", one.counted.load, LOAD);
            demand(
                name,
                "bytes of weights",
                one.weights,
                WEIGHTS + WEIGHTS / 20,
            );
        }
    }
    missed
}
