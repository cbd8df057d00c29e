//! RNN: `h = f(x · Wᵀ + h · Rᵀ + b)`.

use super::recurrent::{Kind, State, unroll};
use super::site::Site;
use crate::error::Result;
use crate::graph::ValueId;

pub(super) fn parse(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = Kind {
        gates: 1,
        functions: &["Tanh"],
        joined: 1,
        step: &|site, cell, gates, state| {
            let sums = cell.with_state(site, gates, state)?;
            let hidden = cell.activate(site, 0, sums)?;
            Ok(State {
                hidden: Some(hidden),
                cell: None,
            })
        },
    };
    unroll(site, &kind, false)
}
