//! Seeded structured inputs: smooth waves with some noise, within a span.
//!
//! ```text
//! sample = middle + half · (offset + Σ gain · cos(turns · place + phase of the channel) + grain · normal)
//! ```
//!
//! The own networks take their statistics from these; what they are measured on is drawn by
//! `tests/mlperf/reference.py`, from the same family but other seeds.

use qibu::math;
use qibu::random::Random;

/// `count` samples of `shape` (channels last) between `low` and `high`.
pub fn fields(seed: u64, count: usize, shape: &[usize], (low, high): (f32, f32)) -> Vec<Vec<f32>> {
    let mut random = Random::new(seed);
    let (middle, half) = ((low + high) / 2.0, (high - low) / 2.0);
    let draw = |_| {
        let field = field(&mut random, shape);
        let to = |x: f32| math::clamp(middle + half * x, low, high);
        field.into_iter().map(to).collect()
    };
    (0..count).map(draw).collect()
}

/// Roughly within ±1.
fn field(random: &mut Random, shape: &[usize]) -> Vec<f32> {
    let length: usize = shape.iter().product();
    let offset = random.uniform() - 0.5;
    let grain = 0.5 * random.uniform() * random.uniform();
    let mut field: Vec<f32> = (0..length)
        .map(|_| offset + grain * random.gaussian())
        .collect();
    let channels = if shape.len() > 2 {
        shape[shape.len() - 1]
    } else {
        1
    };
    let places: Vec<usize> = match channels {
        1 => shape.to_vec(),
        _ => shape[..shape.len() - 1].to_vec(),
    };
    for _ in 0..1 + random.next_u32() % 4 {
        let gain = 0.4 * random.gaussian();
        let turns: Vec<f32> = places
            .iter()
            .map(|&side| (8.0 * random.uniform() - 4.0) / side as f32)
            .collect();
        let phases: Vec<f32> = (0..channels).map(|_| random.uniform()).collect();
        for (index, value) in field.iter_mut().enumerate() {
            let mut place = index / channels;
            let mut turn = phases[index % channels];
            for (&side, turns) in places.iter().zip(&turns).rev() {
                turn += turns * (place % side) as f32;
                place /= side;
            }
            *value += gain * math::cos(turn * core::f32::consts::TAU);
        }
    }
    field
}
