//! LSTM, gates in ONNX's order i, o, f, c.
//!
//! ```text
//! s = x · Wᵀ + h · Rᵀ + b
//! i = f(sᵢ + Pᵢ∘c)    f = f(s_f + P_f∘c), or 1 − i where the two are coupled
//! c' = f∘c + i∘g(s_c)
//! o = f(sₒ + Pₒ∘c')   h' = o∘h(c')
//! ```

use super::recurrent::{Cell, Kind, State, one_direction, unroll};
use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::ValueId;

pub(super) fn parse(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let coupled = site.int("input_forget", 0)? != 0;
    let kind = Kind {
        gates: 4,
        functions: &["Sigmoid", "Tanh", "Tanh"],
        joined: 4,
        step: &|site, cell, gates, state| step(site, cell, coupled, gates, state),
    };
    unroll(site, &kind, true)
}

fn step(
    site: &mut Site<'_>,
    cell: &Cell,
    coupled: bool,
    gates: ValueId,
    state: State,
) -> Result<State> {
    let sums = cell.with_state(site, gates, state)?;
    let peepholes = match site.optional(7) {
        Some(weights) => {
            let own = one_direction(site, weights, cell.index)?;
            let mut one = |part: usize| site.cut(own, 0, part * cell.units, cell.units);
            [0, 1, 2]
                .map(&mut one)
                .into_iter()
                .collect::<Result<Vec<_>>>()?
        }
        None => vec![],
    };
    let units = cell.units;
    let (input, output, forget, new) = if peepholes.is_empty() && !coupled {
        // One function for three gates: they stay together until it is computed.
        let split = site.parts(sums, 1, vec![3 * units, units])?;
        let [gates, new] = split[..] else {
            return Err(internal());
        };
        let gates = cell.activate(site, 0, gates)?;
        match site.parts(gates, 1, vec![units; 3])?[..] {
            [input, output, forget] => (input, output, forget, new),
            _ => return Err(internal()),
        }
    } else {
        let split = site.parts(sums, 1, vec![units; 4])?;
        let [input, output, forget, new] = split[..] else {
            return Err(internal());
        };
        let input = peep(site, input, peepholes.first(), state.cell)?;
        let input = cell.activate(site, 0, input)?;
        let forget = match coupled {
            true => {
                let one = site.scalar(1.0)?;
                site.sub(one, input)?
            }
            false => {
                let forget = peep(site, forget, peepholes.get(2), state.cell)?;
                cell.activate(site, 0, forget)?
            }
        };
        (input, output, forget, new)
    };
    let new = cell.activate(site, 1, new)?;
    let mut next = site.mul(input, new)?;
    if let Some(old) = state.cell {
        let kept = site.mul(forget, old)?;
        next = site.add(kept, next)?;
    }
    let output = if peepholes.is_empty() && !coupled {
        output
    } else {
        let output = peep(site, output, peepholes.get(1), Some(next))?;
        cell.activate(site, 0, output)?
    };
    let shown = cell.activate(site, 2, next)?;
    Ok(State {
        hidden: Some(site.mul(output, shown)?),
        cell: Some(next),
    })
}

/// A gate that sees the cell, where it has weights for that.
fn peep(
    site: &mut Site<'_>,
    gate: ValueId,
    weights: Option<&ValueId>,
    cell: Option<ValueId>,
) -> Result<ValueId> {
    let (Some(&weights), Some(cell)) = (weights, cell) else {
        return Ok(gate);
    };
    let seen = site.mul(cell, weights)?;
    site.add(gate, seen)
}

fn internal() -> Error {
    Error::input("gates of another number than four")
}
