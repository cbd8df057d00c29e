//! The walk from the smallest formats to the largest, and what each layer's next format is worth.

use super::measure::{Bench, Layer};
use crate::error::Result;
use crate::quantise::{Activations, Formats, Scheme, Weights};

/// One choice of formats that was built and measured.
#[derive(Clone, Debug)]
pub struct Point {
    /// Bytes of the file.
    pub flash: usize,
    /// Bytes of the largest arena.
    pub ram: usize,
    /// Signal-to-noise ratio of the worst output, in decibels.
    pub snr_db: f64,
    /// The formats.
    pub formats: Formats,
    /// The layer that moved on to get here, and its new format.
    pub moved: Option<(String, &'static str)>,
}

/// Formats of a layer, from small to large.
const LADDER: [(&str, Scheme); 4] = [
    ("int4", scheme(Weights::Int4, Activations::Int8)),
    ("int8", scheme(Weights::Int8, Activations::Int8)),
    ("int16", scheme(Weights::Int8, Activations::Int16)),
    ("f16", scheme(Weights::F16, Activations::Int8)),
];

const fn scheme(weights: Weights, activations: Activations) -> Scheme {
    Scheme {
        weights,
        activations,
    }
}

/// Rungs of a layer: those without 4-bit kernels start at int8.
fn first_rung(layer: &Layer) -> usize {
    usize::from(!layer.packs)
}

/// Bytes that a layer takes on a rung: its weights, and what it computes.
fn bytes(layer: &Layer, rung: usize) -> f64 {
    let (weight, activation) = match rung {
        0 => (0.5, 1.0),
        1 => (1.0, 1.0),
        2 => (1.0, 2.0),
        _ => (2.0, 4.0),
    };
    layer.weights as f64 * weight + layer.elements as f64 * activation
}

/// All points of the way up.
pub(super) fn walk(
    bench: &Bench<'_>,
    progress: &mut impl FnMut(usize, usize),
) -> Result<Vec<Point>> {
    let rungs = |layer: &Layer| LADDER.len() - first_rung(layer);
    let steps: usize = bench.layers.iter().map(|layer| 2 * rungs(layer)).sum();
    let total = steps + LADDER.len();
    let mut done = 0;
    let mut tick = || {
        done += 1;
        progress(done, total);
    };
    let noises = sensitivities(bench, &mut tick)?;
    let mut at: Vec<usize> = bench.layers.iter().map(first_rung).collect();
    let mut points = vec![bench.point(formats(bench, &at))?];
    tick();
    while let Some(layer) = next(bench, &noises, &at) {
        at[layer] += 1;
        let mut point = bench.point(formats(bench, &at))?;
        let name = bench.name(&bench.layers[layer]).to_owned();
        point.moved = Some((name, LADDER[at[layer]].0));
        points.push(point);
        tick();
    }
    // What a flag asks for without any search is a point as well.
    for (name, scheme) in LADDER {
        let mut point = bench.point(scheme.into())?;
        point.moved = Some(("every layer".to_owned(), name));
        points.push(point);
        tick();
    }
    Ok(points)
}

/// Energy of the noise, relative to the signal, that each layer adds on each rung by itself.
fn sensitivities(bench: &Bench<'_>, tick: &mut impl FnMut()) -> Result<Vec<Vec<f64>>> {
    let mut all = Vec::new();
    for layer in &bench.layers {
        let mut noises = vec![f64::INFINITY; first_rung(layer)];
        for (_, scheme) in &LADDER[first_rung(layer)..] {
            let point = bench.point(alone(bench, layer, *scheme))?;
            noises.push(libm::exp10(-point.snr_db / 10.0));
            tick();
        }
        all.push(noises);
    }
    Ok(all)
}

/// One layer in `scheme`, all others in f32.
fn alone(bench: &Bench<'_>, layer: &Layer, scheme: Scheme) -> Formats {
    let values = bench.layers.iter().flat_map(Layer::values);
    match layer.value {
        Some(_) => Formats {
            default: Scheme::FLOAT,
            layers: layer.values().map(|value| (value, scheme)).collect(),
        },
        None => Formats {
            default: scheme,
            layers: values.map(|value| (value, Scheme::FLOAT)).collect(),
        },
    }
}

fn formats(bench: &Bench<'_>, at: &[usize]) -> Formats {
    let mut formats = Formats::from(LADDER[1].1);
    for (layer, &rung) in bench.layers.iter().zip(at) {
        match layer.value {
            Some(_) => {
                let values = layer.values();
                formats
                    .layers
                    .extend(values.map(|value| (value, LADDER[rung].1)));
            }
            None => formats.default = LADDER[rung].1,
        }
    }
    formats
}

/// The layer whose next rung takes away the most noise for each byte; `None` at the top.
fn next(bench: &Bench<'_>, noises: &[Vec<f64>], at: &[usize]) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (index, layer) in bench.layers.iter().enumerate() {
        let rung = at[index];
        if rung + 1 == LADDER.len() {
            continue;
        }
        let fall = noises[index][rung] - noises[index][rung + 1];
        let worth = fall / (bytes(layer, rung + 1) - bytes(layer, rung));
        if best.is_none_or(|(_, most)| worth > most) {
            best = Some((index, worth));
        }
    }
    best.map(|(index, _)| index)
}
