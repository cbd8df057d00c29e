//! What an output position reads: one element, or a weighted few.
//!
//! ```text
//! weight of element i for coordinate x: k((i − x)·s), s = min(scale, 1) with antialias, else 1
//! linear: k(d) = 1 − |d| within 1
//! cubic:  k(d) = (a+2)|d|³ − (a+3)d² + 1 within 1, a|d|³ − 5ad² + 8a|d| − 4a within 2
//! ```
//! With antialias the weights are brought to sum 1. Elements outside stand for the nearest one
//! inside, or, on request, do not count and the others are brought to sum 1.

use super::plan::Axis;
use crate::error::{Error, Result};
use crate::import::site::Site;

/// The `mode` of a resize.
pub(super) enum Kernel {
    Nearest(Nearest),
    Smooth(Smooth),
}

/// Which neighbour is taken.
#[derive(Clone, Copy)]
pub(super) enum Nearest {
    RoundPreferFloor,
    RoundPreferCeil,
    Floor,
    Ceil,
}

/// Weights by distance.
pub(super) struct Smooth {
    /// The coefficient of a cubic; `None` for linear.
    cubic: Option<f64>,
    antialias: bool,
    exclude_outside: bool,
}

impl Kernel {
    pub(super) fn of(site: &mut Site<'_>) -> Result<Self> {
        let old = site.version() < 11 || site.op_type() == "Upsample";
        let default = if old { "floor" } else { "round_prefer_floor" };
        let nearest = match site.text("nearest_mode", default)?.as_str() {
            "round_prefer_floor" => Nearest::RoundPreferFloor,
            "round_prefer_ceil" => Nearest::RoundPreferCeil,
            "floor" => Nearest::Floor,
            "ceil" => Nearest::Ceil,
            other => return Err(Error::input(format!("nearest_mode {other} is unknown"))),
        };
        let coefficient = f64::from(site.float("cubic_coeff_a", -0.75)?);
        let antialias = site.int("antialias", 0)? != 0;
        let exclude_outside = site.int("exclude_outside", 0)? != 0;
        let cubic = match site.text("mode", "nearest")?.as_str() {
            "nearest" if antialias => return Err(Error::input("antialias of the nearest")),
            "nearest" => return Ok(Self::Nearest(nearest)),
            "linear" | "bilinear" => None,
            "cubic" => Some(coefficient),
            other => return Err(Error::input(format!("mode {other} is unknown"))),
        };
        Ok(Self::Smooth(Smooth {
            cubic,
            antialias,
            exclude_outside,
        }))
    }
}

impl Nearest {
    /// The element that stands for coordinate `x`, of `length` ones.
    pub(super) fn index(self, x: f64, length: usize) -> i64 {
        let (low, high) = (libm::floor(x), libm::ceil(x));
        let index = match self {
            Self::Floor => low,
            Self::Ceil => high,
            Self::RoundPreferFloor if x - low <= 0.5 => low,
            Self::RoundPreferCeil if x - low < 0.5 => low,
            _ => high,
        };
        (index as i64).clamp(0, length as i64 - 1)
    }
}

impl Smooth {
    /// Weights `[in, out]` of every input element in every output position.
    pub(super) fn matrix(&self, axis: &Axis) -> Vec<f32> {
        let mut matrix = vec![0.0; axis.input * axis.output];
        for position in 0..axis.output {
            for (element, weight) in self.weights(axis, axis.source(position)) {
                matrix[element * axis.output + position] += weight;
            }
        }
        matrix.into_iter().map(|weight| weight as f32).collect()
    }

    /// Elements that coordinate `x` reads, with their weights.
    fn weights(&self, axis: &Axis, x: f64) -> Vec<(usize, f64)> {
        let last = axis.input as i64 - 1;
        let squeeze = if self.antialias && axis.scale < 1.0 {
            axis.scale
        } else {
            1.0
        };
        let radius = if self.cubic.is_some() { 2.0 } else { 1.0 } / squeeze;
        // Positions far outside read what the edge reads.
        let x = x.clamp(-1.0 - radius, axis.input as f64 + radius);
        let taps = libm::ceil(x - radius) as i64..=libm::floor(x + radius) as i64;
        let weighted = taps.map(|i| (i, self.at((i as f64 - x) * squeeze)));
        let mut weights: Vec<(i64, f64)> = weighted.collect();
        if self.antialias {
            normalise(&mut weights);
        }
        if self.exclude_outside {
            weights.retain(|(i, _)| (0..=last).contains(i));
            normalise(&mut weights);
        }
        let inside = |(i, weight): (i64, f64)| (i.clamp(0, last) as usize, weight);
        weights.into_iter().map(inside).collect()
    }

    /// Weight at a distance.
    fn at(&self, distance: f64) -> f64 {
        let d = distance.abs();
        match self.cubic {
            None if d < 1.0 => 1.0 - d,
            Some(a) if d <= 1.0 => ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0,
            Some(a) if d < 2.0 => ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a,
            _ => 0.0,
        }
    }
}

/// Brings weights to sum 1, where they have a sum.
fn normalise(weights: &mut [(i64, f64)]) {
    let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
    if sum != 0.0 {
        weights.iter_mut().for_each(|(_, weight)| *weight /= sum);
    }
}
