//! Seeded structured inputs, for models that come without samples.

use super::run::Input;
use crate::graph::{Dtype, Graph, ValueId};
use qibu::random::Random;

/// Integers that index no table stay below: any type holds them, and sums do not overflow.
const COUNTS: usize = 128;

/// Sample `number` of `value`: smooth waves plus noise, roughly within ±3; uniform indices below
/// `rows` where it indexes a table, small counts where it does not; truth values by the toss of a
/// coin.
pub(super) fn sample(graph: &Graph, value: ValueId, rows: Option<usize>, number: usize) -> Input {
    let mut random = Random::new(0x9E37_79B9 ^ (number as u64) << 16 ^ value.0 as u64);
    let length = graph.value(value).len();
    match graph.value(value).dtype {
        Dtype::F32 => {}
        Dtype::Bool => {
            return Input::Bool((0..length).map(|_| random.next_u32() >> 31 != 0).collect());
        }
        Dtype::I64 | Dtype::I32 | Dtype::I8 | Dtype::U8 => {
            let below = rows.unwrap_or(COUNTS).max(1) as u32;
            let id = |_| (random.next_u32() % below) as i32;
            return Input::I32((0..length).map(id).collect());
        }
    }
    let (period, phase) = (4.0 + 60.0 * random.uniform(), random.uniform());
    let (wave, grain) = (1.5 * random.uniform(), random.uniform());
    let at = |index: usize, noise: f32| {
        let turn = (index as f32 / period + phase) * core::f32::consts::TAU;
        wave * libm::sinf(turn) + grain * noise
    };
    Input::F32(
        (0..length)
            .map(|index| at(index, random.gaussian()))
            .collect(),
    )
}
