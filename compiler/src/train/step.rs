//! One training step as one graph: forward, loss, backward, update.

#[cfg(test)]
mod tests;

use super::graph::{Graph, V};
use super::lower::packing::Packing;
use super::task::{Place, Task};
use super::weights::Weights;
use super::{adam, autodiff};
use crate::engine::{Options, Session, Slot, Stepper, Tensor};
use crate::error::Result;
use prost::Message;

/// Weights and what belongs to each of them, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Parameters.
    pub weights: Weights,
    /// Adam's first moments, scaled.
    pub first: Weights,
    /// Adam's second moments, scaled.
    pub second: Weights,
    /// Running averages of the parameters; empty where the task has none.
    pub average: Weights,
}

impl State {
    /// The task's first weights and zero moments.
    pub fn start(task: &impl Task) -> Self {
        let weights = task.start();
        let zero = |(name, tensor): (&String, &Tensor)| {
            let count = tensor.shape.iter().product();
            (name.clone(), Tensor::f32(&tensor.shape, vec![0.0; count]))
        };
        let zeros: Weights = weights.iter().map(zero).collect();
        Self {
            average: match task.average() {
                Some(_) => weights.clone(),
                None => Weights::new(),
            },
            weights,
            first: zeros.clone(),
            second: zeros,
        }
    }

    /// The weights that are measured and exported.
    pub fn best(&self) -> &Weights {
        match self.average.is_empty() {
            true => &self.weights,
            false => &self.average,
        }
    }

    /// Every part with the suffix of its names in the graph.
    fn parts(&self) -> [(&'static str, &Weights); 4] {
        [
            (SUFFIXES[0], &self.weights),
            (SUFFIXES[1], &self.first),
            (SUFFIXES[2], &self.second),
            (SUFFIXES[3], &self.average),
        ]
    }
}

const SUFFIXES: [&str; 4] = ["", "/first", "/second", "/average"];

/// The training graph of `task`.
pub fn graph(task: &impl Task, packing: &Packing, plain: &Weights) -> Result<Graph> {
    let mut graph = Graph::new();
    let [rate, epsilon] = ["rate", "epsilon"].map(|name| graph.input(name, &[1]));
    let decay_rate = graph.input("decay_rate", &[1]);
    let average_rate = graph.input("average_rate", &[1]);
    let decays = decays(task, packing, plain);
    let (parameters, model) = packing.inputs(&mut graph);
    let objective = task.objective(&mut graph, &model);
    let values: Vec<V> = parameters.values().copied().collect();
    let gradients = autodiff::gradients(&mut graph, objective.total, &values)?;
    for ((name, parameter), gradient) in parameters.iter().zip(gradients) {
        let shape = graph.shape(*parameter).to_vec();
        let first = graph.input(&format!("{name}/first"), &shape);
        let second = graph.input(&format!("{name}/second"), &shape);
        let [mut next, first, second] = adam::update(
            &mut graph,
            [*parameter, first, second],
            gradient,
            [rate, epsilon],
        );
        if let Some(decay) = decays.get(name) {
            let decay = graph.constant(&decay.shape, decay.as_f32(name)?);
            next = adam::decay(&mut graph, *parameter, next, decay, decay_rate);
        }
        let mut outputs = vec![next, first, second];
        if task.average().is_some() {
            let average = graph.input(&format!("{name}/average"), &shape);
            let difference = graph.sub(next, average);
            let step = graph.mul(difference, average_rate);
            outputs.push(graph.add(average, step));
        }
        for (value, suffix) in outputs.into_iter().zip(SUFFIXES) {
            graph.output(value, &format!("next/{name}{suffix}"));
        }
    }
    let flat: Vec<V> = objective
        .figures
        .iter()
        .map(|&figure| graph.reshape(figure, &[1]))
        .collect();
    let figures = graph.concat(&flat, 0);
    graph.output(figures, "figures");
    Ok(graph)
}

/// The decay of each packed tensor that has any: one number, or one for each element where small
/// tensors of different decays share a vector.
fn decays(task: &impl Task, packing: &Packing, plain: &Weights) -> Weights {
    let fill = |(name, tensor): (&String, &Tensor)| {
        let count = tensor.shape.iter().product();
        let decay = task.decay(name);
        (name.clone(), Tensor::f32(&tensor.shape, vec![decay; count]))
    };
    let filled: Weights = plain.iter().map(fill).collect();
    let packed = packing.pack(&filled);
    let shared = packed.into_iter().filter_map(|(name, tensor)| {
        let values = tensor.as_f32(&name).ok()?;
        let first = *values.first()?;
        let uniform = values.iter().all(|&value| value == first);
        match (uniform, first == 0.0) {
            (true, true) => None,
            (true, false) => Some((name, Tensor::f32(&[1], vec![first]))),
            (false, _) => Some((name, tensor)),
        }
    });
    shared.collect()
}

/// A session that trains.
pub struct Trainer {
    stepper: Stepper,
    packing: Packing,
    decays: bool,
}

impl Trainer {
    /// Compiles the training graph and places `state` on the device.
    pub fn new(task: &impl Task, state: &State, options: &Options) -> Result<Self> {
        let packing = Packing::of(&state.weights);
        let model = graph(task, &packing, &state.weights)?.to_model("train");
        let options = Options {
            optimise: true,
            ..*options
        };
        let session = Session::load(&model.encode_to_vec(), &options)?;
        let mut slots = Vec::new();
        for (suffix, tensors) in state.parts() {
            if tensors.is_empty() {
                continue;
            }
            for (name, tensor) in packing.pack(tensors) {
                slots.push(Slot {
                    input: format!("{name}{suffix}"),
                    output: format!("next/{name}{suffix}"),
                    start: tensor,
                });
            }
        }
        Ok(Self {
            stepper: Stepper::new(session, &slots, "figures", task.figures())?,
            decays: !decays(task, &packing, &state.weights).is_empty(),
            packing,
        })
    }

    /// The step at `place`; its figures.
    pub fn step(&mut self, task: &mut impl Task, place: Place) -> Result<Vec<f32>> {
        let feeds = task.feeds(place);
        let named = feeds
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor.clone()));
        let mut all = self.scalars(task, place);
        all.extend(named);
        self.stepper.step(&all)
    }

    /// The scalars of the update at `place`.
    fn scalars<'n>(&self, task: &impl Task, place: Place) -> Vec<(&'n str, Tensor)> {
        let learning_rate = task.learning_rate(place);
        let [rate, epsilon] = adam::scalars(learning_rate, place.step + 1);
        let mut scalars = vec![("rate", rate), ("epsilon", epsilon)];
        if self.decays {
            scalars.push(("decay_rate", learning_rate as f32));
        }
        if let Some(average) = task.average() {
            // At the start there is little to average: the first weights must not linger.
            let step = place.step as f32;
            let share = average.min((1.0 + step) / (10.0 + step));
            scalars.push(("average_rate", 1.0 - share));
        }
        let tensor = |(name, value)| (name, Tensor::f32(&[1], vec![value]));
        scalars.into_iter().map(tensor).collect()
    }

    /// The current weights and all that belongs to them.
    pub fn state(&self) -> Result<State> {
        let mut parts = [const { Weights::new() }; 4];
        for (name, tensor) in self.stepper.state()? {
            let part = (1..SUFFIXES.len()).find(|&part| name.ends_with(SUFFIXES[part]));
            let part = part.unwrap_or(0);
            let plain = &name[..name.len() - SUFFIXES[part].len()];
            parts[part].insert(plain.to_string(), tensor);
        }
        let unpack = |part: Weights| match part.is_empty() {
            true => part,
            false => self.packing.unpack(&part),
        };
        let [weights, first, second, average] = parts.map(unpack);
        Ok(State {
            weights,
            first,
            second,
            average,
        })
    }
}
