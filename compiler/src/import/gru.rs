//! GRU, gates in ONNX's order z, r, h.
//!
//! ```text
//! z, r = f(x · W_zrᵀ + h · R_zrᵀ + b_zr)
//! n = g(x · W_hᵀ + b + (r∘h) · R_hᵀ + b'), or g(x · W_hᵀ + b + r∘(h · R_hᵀ + b')) where the reset
//!     comes after the product
//! h' = n + z∘(h − n)
//! ```

use super::recurrent::{Cell, Kind, State, unroll};
use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::ValueId;

pub(super) fn parse(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let late = site.int("linear_before_reset", 0)? != 0;
    let kind = Kind {
        gates: 3,
        functions: &["Sigmoid", "Tanh"],
        joined: if late { 2 } else { 3 },
        step: &|site, cell, gates, state| step(site, cell, late, gates, state),
    };
    unroll(site, &kind, false)
}

fn step(
    site: &mut Site<'_>,
    cell: &Cell,
    late: bool,
    gates: ValueId,
    state: State,
) -> Result<State> {
    let units = cell.units;
    let (both, new) = two(site, gates, 2 * units, units)?;
    let (both, new) = match (late, state.hidden) {
        (false, None) => (cell.activate(site, 0, both)?, new),
        (false, Some(hidden)) => {
            let (gate_weights, new_weights) = two(site, cell.recurrent, 2 * units, units)?;
            let product = site.product(hidden, gate_weights)?;
            let both = site.add(both, product)?;
            let both = cell.activate(site, 0, both)?;
            let (_, reset) = two(site, both, units, units)?;
            let seen = site.mul(reset, hidden)?;
            let product = site.product(seen, new_weights)?;
            (both, site.add(new, product)?)
        }
        (true, hidden) => late_reset(site, cell, both, new, hidden)?,
    };
    let (update, _) = two(site, both, units, units)?;
    let new = cell.activate(site, 1, new)?;
    let hidden = match state.hidden {
        Some(hidden) => {
            let change = site.sub(hidden, new)?;
            let kept = site.mul(update, change)?;
            site.add(new, kept)?
        }
        None => {
            let kept = site.mul(update, new)?;
            site.sub(new, kept)?
        }
    };
    Ok(State {
        hidden: Some(hidden),
        cell: None,
    })
}

/// The reset acts on the product of the state, its bias included.
fn late_reset(
    site: &mut Site<'_>,
    cell: &Cell,
    both: ValueId,
    new: ValueId,
    hidden: Option<ValueId>,
) -> Result<(ValueId, ValueId)> {
    let units = cell.units;
    let (both, mut seen) = match hidden {
        Some(hidden) => {
            let product = site.product(hidden, cell.recurrent)?;
            let (gates, seen) = two(site, product, 2 * units, units)?;
            (site.add(both, gates)?, Some(seen))
        }
        None => (both, None),
    };
    let both = cell.activate(site, 0, both)?;
    if let Some(bias) = cell.bias {
        let bias = site.cut(bias, 0, 5 * units, units)?;
        seen = match seen {
            Some(seen) => Some(site.add(seen, bias)?),
            None => Some(bias),
        };
    }
    let Some(seen) = seen else {
        return Ok((both, new));
    };
    let (_, reset) = two(site, both, units, units)?;
    let seen = site.mul(reset, seen)?;
    Ok((both, site.add(new, seen)?))
}

/// Two neighbours along the second axis; constants are cut, so that they stay constants.
fn two(site: &mut Site<'_>, x: ValueId, first: usize, second: usize) -> Result<(ValueId, ValueId)> {
    if site.graph.constant(x).is_some() {
        return Ok((site.cut(x, 1, 0, first)?, site.cut(x, 1, first, second)?));
    }
    match site.parts(x, 1, vec![first, second])?[..] {
        [a, b] => Ok((a, b)),
        _ => Err(Error::input("gates of another number than three")),
    }
}
