//! What LSTM, GRU and RNN share: a cell, unrolled over a fixed number of steps.
//!
//! ```text
//! for each direction:
//!     G = X · Wᵀ + b, for all steps at once
//!     for each step t, backwards in the reverse direction:
//!         (h, c) = cell(G[t], h, c)
//!     Y = all h in the order of time, Y_h = the last h, Y_c = the last c
//! ```

use super::activation::{Activation, functions};
use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Clamp, Op, Pad, Tensor, ValueId};

/// State between steps; absent before the first, where it is zero.
#[derive(Clone, Copy, Default)]
pub(super) struct State {
    pub(super) hidden: Option<ValueId>,
    pub(super) cell: Option<ValueId>,
}

/// Weights of one direction.
pub(super) struct Cell {
    /// Number of hidden units.
    pub(super) units: usize,
    /// Bound of what activations take.
    pub(super) clip: Option<f32>,
    /// Functions of the gates, in ONNX's order.
    pub(super) activations: Vec<Activation>,
    /// Recurrent weights, turned to `[H, gates·H]`.
    pub(super) recurrent: ValueId,
    /// `[2·gates·H]`: biases of the operand, then of the state.
    pub(super) bias: Option<ValueId>,
    /// Direction, for operands that only some operators have.
    pub(super) index: usize,
}

/// One step of a cell.
type Step<'k> = dyn Fn(&mut Site<'_>, &Cell, ValueId, State) -> Result<State> + 'k;

/// What an operator adds to the common frame.
pub(super) struct Kind<'k> {
    /// Gates: rows of the weights over hidden units.
    pub(super) gates: usize,
    /// Functions where the node names none.
    pub(super) functions: &'static [&'static str],
    /// Hidden units' gates that take the state's bias together with the operand's.
    pub(super) joined: usize,
    /// One step from the products of the operand; gives the new state.
    pub(super) step: &'k Step<'k>,
}

pub(super) fn unroll(site: &mut Site<'_>, kind: &Kind<'_>, has_cell: bool) -> Result<Vec<ValueId>> {
    let batch_first = site.int("layout", 0)? != 0;
    let (x, weights) = (site.input(0)?, site.input(1)?);
    let x = if batch_first {
        site.turn(x, &[1, 0, 2])?
    } else {
        x
    };
    let &[steps, batch, _] = &site.shape_of(x)[..] else {
        return Err(Error::input(format!(
            "a sequence of shape {:?}",
            site.shape_of(x)
        )));
    };
    let &[directions, rows, _] = &site.shape_of(weights)[..] else {
        return Err(Error::input("weights without three axes"));
    };
    let units = rows / kind.gates;
    let declared = site.int("hidden_size", units as i64)?;
    if usize::try_from(declared) != Ok(units) || units * kind.gates != rows {
        return Err(Error::input(format!(
            "{rows} rows of weights for {declared} hidden units"
        )));
    }
    if let Some(lengths) = site.known_ints(4, "sequence_lens")?
        && lengths
            .iter()
            .any(|&length| usize::try_from(length) != Ok(steps))
    {
        return Err(
            Error::input(format!("sequences of {lengths:?} steps, not all {steps}"))
                .hint("sequences of one fixed length are supported; leave sequence_lens out"),
        );
    }
    let direction = site.text("direction", "forward")?;
    let backwards: &[bool] = match direction.as_str() {
        "forward" => &[false],
        "reverse" => &[true],
        "bidirectional" => &[false, true],
        other => return Err(Error::input(format!("direction {other} is unknown"))),
    };
    if backwards.len() != directions || steps == 0 {
        return Err(Error::input(format!(
            "{direction} weights for {directions} directions"
        )));
    }
    let clip = site.float("clip", 0.0)?;
    let functions = functions(site, kind.functions, directions)?;
    let initial = [5, 6].map(|index| site.optional(index).filter(|_| index == 5 || has_cell));
    let (mut all, mut lasts, mut cells) = (vec![], vec![], vec![]);
    for (index, (&backwards, activations)) in backwards.iter().zip(functions).enumerate() {
        let recurrent = one_direction(site, site.input(2)?, index)?;
        let bias = match site.optional(3) {
            Some(bias) => Some(one_direction(site, bias, index)?),
            None => None,
        };
        let cell = Cell {
            units,
            clip: (clip > 0.0).then_some(clip),
            activations,
            recurrent: site.turn_matrix(recurrent)?,
            bias,
            index,
        };
        let inputs = products(site, kind, &cell, x, weights)?;
        let mut state = State {
            hidden: start(site, initial[0], index, batch_first)?,
            cell: start(site, initial[1], index, batch_first)?,
        };
        let mut times: Vec<usize> = (0..steps).collect();
        if backwards {
            times.reverse();
        }
        let mut hidden = vec![None; steps];
        for time in times {
            state = (kind.step)(site, &cell, inputs[time], state)?;
            hidden[time] = state.hidden;
        }
        let hidden: Vec<ValueId> = hidden.into_iter().flatten().collect();
        let joined = site.join(0, &hidden)?;
        all.push(site.view(joined, &[steps, 1, batch, units])?);
        for (list, last) in [(&mut lasts, state.hidden), (&mut cells, state.cell)] {
            if let Some(last) = last {
                list.push(site.view(last, &[1, batch, units])?);
            }
        }
    }
    let mut results = vec![site.join(1, &all)?, site.join(0, &lasts)?];
    if has_cell {
        results.push(site.join(0, &cells)?);
    }
    if batch_first {
        for (index, result) in results.iter_mut().enumerate() {
            let order: &[usize] = if index == 0 {
                &[2, 0, 1, 3]
            } else {
                &[1, 0, 2]
            };
            *result = site.turn(*result, order)?;
        }
    }
    Ok(results)
}

/// Entry `index` of the first axis, without that axis.
pub(super) fn one_direction(site: &mut Site<'_>, x: ValueId, index: usize) -> Result<ValueId> {
    let shape = site.shape_of(x);
    let one = site.cut(x, 0, index, 1)?;
    site.view(one, shape.get(1..).unwrap_or_default())
}

/// An initial state of one direction.
fn start(
    site: &mut Site<'_>,
    state: Option<ValueId>,
    index: usize,
    batch_first: bool,
) -> Result<Option<ValueId>> {
    let Some(state) = state else {
        return Ok(None);
    };
    let state = if batch_first {
        site.turn(state, &[1, 0, 2])?
    } else {
        state
    };
    one_direction(site, state, index).map(Some)
}

/// `X · Wᵀ + b` for all steps, cut into steps.
fn products(
    site: &mut Site<'_>,
    kind: &Kind<'_>,
    cell: &Cell,
    x: ValueId,
    weights: ValueId,
) -> Result<Vec<ValueId>> {
    let &[steps, batch, width] = &site.shape_of(x)[..] else {
        return Err(Error::input("a sequence without three axes"));
    };
    let weights = one_direction(site, weights, cell.index)?;
    let weights = site.turn_matrix(weights)?;
    let rows = site.view(x, &[steps * batch, width])?;
    let mut sums = site.product(rows, weights)?;
    if let Some(bias) = cell.bias {
        let rows = kind.gates * cell.units;
        let own = site.cut(bias, 0, 0, rows)?;
        sums = site.add(sums, own)?;
        let joined = kind.joined * cell.units;
        if joined > 0 {
            // A bias of the state that every gate takes is one more bias of the operand.
            let state = site.cut(bias, 0, rows, joined)?;
            let state = match rows - joined {
                0 => state,
                rest => padded(site, state, rest)?,
            };
            sums = site.add(sums, state)?;
        }
    }
    site.parts(sums, 0, vec![batch; steps])
}

/// A vector with zeros behind it.
fn padded(site: &mut Site<'_>, x: ValueId, zeros: usize) -> Result<ValueId> {
    if let Some(values) = site.graph.constant(x).and_then(|tensor| tensor.as_f32()) {
        let mut values = values.to_vec();
        values.resize(values.len() + zeros, 0.0);
        let tensor = Tensor::f32(&[values.len()], values)?;
        return Ok(site.constant(tensor));
    }
    let pad = Pad {
        before: vec![0],
        after: vec![zeros],
        step: vec![1],
        value: 0.0,
    };
    site.emit(Op::Pad(pad), &[Some(x)])
}

impl Cell {
    /// Function `index` of what the cell's bound leaves of `x`.
    pub(super) fn activate(
        &self,
        site: &mut Site<'_>,
        index: usize,
        x: ValueId,
    ) -> Result<ValueId> {
        let x = match self.clip {
            Some(high) => site.emit(Op::Clip(Clamp { low: -high, high }), &[Some(x)])?,
            None => x,
        };
        self.activations[index].apply(site, x)
    }

    /// `gates + h · Rᵀ`, where there is a state yet.
    pub(super) fn with_state(
        &self,
        site: &mut Site<'_>,
        gates: ValueId,
        state: State,
    ) -> Result<ValueId> {
        let Some(hidden) = state.hidden else {
            return Ok(gates);
        };
        let product = site.product(hidden, self.recurrent)?;
        site.add(gates, product)
    }
}
