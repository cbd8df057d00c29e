//! Where the training step keeps its weights.
//!
//! A convolution becomes a matrix in the layout that the matrix product of shifted copies reads, the
//! two of a gated layer one matrix. All small tensors share one vector, which the graph splits: an update
//! is ten operators per tensor, and thirty small tensors would cost more than the large ones.
//! Packing only moves elements, so moments are packed and unpacked alike.

use super::super::graph::{Graph, V};
use super::super::weights::{Handles, Weights};
use crate::engine::{Data, Tensor};

/// Tensors of at least this many elements stand alone.
const LARGE: usize = 1 << 16;

/// Name of the vector that holds all small tensors.
const SMALL: &str = "small";

/// Which tensors a step keeps, and where.
#[derive(Clone, Debug)]
pub struct Packing {
    /// Every plain tensor: its name and shape.
    plain: Vec<(String, Vec<usize>)>,
    /// Large tensors after joining gates, in order.
    large: Vec<(String, Vec<usize>)>,
    /// Small tensors after joining gates, in order.
    small: Vec<(String, Vec<usize>)>,
}

impl Packing {
    /// How `weights` are packed.
    pub fn of(weights: &Weights) -> Self {
        let shapes = |weights: &Weights| -> Vec<(String, Vec<usize>)> {
            let each = weights.iter();
            each.map(|(name, tensor)| (name.clone(), tensor.shape.clone()))
                .collect()
        };
        let size = |(_, shape): &(String, Vec<usize>)| shape.iter().product::<usize>();
        let joined = shapes(&join_gates(weights));
        let (large, small) = joined.into_iter().partition(|tensor| size(tensor) >= LARGE);
        Self {
            plain: shapes(weights),
            large,
            small,
        }
    }

    /// The packed tensors of `weights`, by name.
    pub fn pack(&self, weights: &Weights) -> Weights {
        let mut joined = join_gates(weights);
        let mut vector = Vec::new();
        for (name, _) in &self.small {
            vector.extend_from_slice(floats(
                &joined.remove(name).expect("packed by its own shapes"),
            ));
        }
        if !vector.is_empty() {
            joined.insert(SMALL.into(), Tensor::f32(&[vector.len()], vector));
        }
        joined
    }

    /// The plain tensors back.
    pub fn unpack(&self, packed: &Weights) -> Weights {
        let mut joined = packed.clone();
        if let Some(vector) = joined.remove(SMALL) {
            let mut rest = floats(&vector);
            for (name, shape) in &self.small {
                let (mine, others) = rest.split_at(shape.iter().product());
                joined.insert(name.clone(), Tensor::f32(shape, mine.to_vec()));
                rest = others;
            }
        }
        let plain = self.plain.iter().map(|(name, shape)| {
            let tensor = match gate_of(name) {
                None => Tensor::f32(shape, by_channel(floats(&joined[name]), shape)),
                Some((layer, gate, part)) => {
                    let both = floats(&joined[&format!("{layer}.{part}")]);
                    let half = both.len() / 2;
                    let mine = &both[gate * half..][..half];
                    Tensor::f32(shape, by_channel(mine, shape))
                }
            };
            (name.clone(), tensor)
        });
        plain.collect()
    }

    /// The packed tensors as graph inputs, and the handles of the tensors that the model reads.
    pub fn inputs(&self, graph: &mut Graph) -> (Handles, Handles) {
        let mut packed = Handles::new();
        let mut model = Handles::new();
        for (name, shape) in &self.large {
            let value = graph.input(name, shape);
            packed.insert(name.clone(), value);
            model.insert(name.clone(), value);
        }
        let sizes: Vec<usize> = self
            .small
            .iter()
            .map(|(_, shape)| shape.iter().product())
            .collect();
        if !sizes.is_empty() {
            let vector = graph.input(SMALL, &[sizes.iter().sum()]);
            packed.insert(SMALL.into(), vector);
            let pieces = graph.split(vector, 0, &sizes);
            for ((name, shape), piece) in self.small.iter().zip(pieces) {
                model.insert(name.clone(), graph.reshape(piece, shape));
            }
        }
        (packed, model)
    }
}

/// The joined tensors as handles of constants, for graphs that train nothing.
pub fn constants(graph: &mut Graph, weights: &Weights) -> Handles {
    let joined = join_gates(weights);
    let add = |(name, tensor): (&String, &Tensor)| -> (String, V) {
        (name.clone(), graph.weight(name, tensor.clone()))
    };
    joined.iter().map(add).collect()
}

/// Splits `half.layer.gate.part` of a gated layer: the layer's name, the gate's number, the part.
fn gate_of(name: &str) -> Option<(&str, usize, &str)> {
    let (rest, part) = name.rsplit_once('.')?;
    let (layer, gate) = rest.rsplit_once('.')?;
    match gate {
        "a" => Some((layer, 0, part)),
        "b" => Some((layer, 1, part)),
        _ => None,
    }
}

/// A convolution's weights `[O, I, K]` become `[O, K·I]`; joins `…​.a.weight` and `…​.b.weight` `[C, C, K]` to `….weight` `[2C, K·C]`, the biases to `[2C]`.
fn join_gates(weights: &Weights) -> Weights {
    let mut joined = Weights::new();
    for (name, tensor) in weights {
        let Some((layer, gate, part)) = gate_of(name) else {
            let shape = match tensor.shape[..] {
                [outputs, inputs, taps] => vec![outputs, taps * inputs],
                _ => tensor.shape.clone(),
            };
            joined.insert(name.clone(), Tensor::f32(&shape, by_tap(tensor)));
            continue;
        };
        if gate == 1 {
            continue;
        }
        let mut both = by_tap(tensor);
        both.extend(by_tap(&weights[&format!("{layer}.b.{part}")]));
        let shape = match tensor.shape[..] {
            [outputs, inputs, taps] => vec![2 * outputs, taps * inputs],
            _ => vec![both.len()],
        };
        joined.insert(format!("{layer}.{part}"), Tensor::f32(&shape, both));
    }
    joined
}

/// `[O, I, K]` in the order `[O, K, I]`; anything else as it is.
fn by_tap(tensor: &Tensor) -> Vec<f32> {
    match tensor.shape[..] {
        [_, inputs, taps] => swap_last(floats(tensor), inputs, taps),
        _ => floats(tensor).to_vec(),
    }
}

/// The inverse of [`by_tap`], to a tensor of `shape`.
fn by_channel(data: &[f32], shape: &[usize]) -> Vec<f32> {
    match *shape {
        [_, inputs, taps] => swap_last(data, taps, inputs),
        _ => data.to_vec(),
    }
}

fn swap_last(data: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    data.chunks_exact(rows * columns)
        .flat_map(|matrix| {
            (0..columns)
                .flat_map(move |column| (0..rows).map(move |row| matrix[row * columns + column]))
        })
        .collect()
}

fn floats(tensor: &Tensor) -> &[f32] {
    match &tensor.data {
        Data::F32(data) => data,
        _ => panic!("weights are floats"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::poem::{model, recipe::Recipe};
    use super::*;

    #[test]
    fn unpacks_what_it_packed() {
        let recipe = Recipe {
            embedding: 64,
            width: 64,
            latent: 64,
            encoder_width: 20,
            head: 8,
            kernel: 5,
            ..Recipe::best()
        };
        let weights = model::start(&recipe, 1100);
        let packing = Packing::of(&weights);
        let packed = packing.pack(&weights);
        let names: Vec<&str> = packed.keys().map(String::as_str).collect();
        assert_eq!(names, ["embedding", SMALL]);
        assert_eq!(packing.unpack(&packed), weights);
    }
}
