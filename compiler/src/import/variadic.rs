//! Operators of any number of operands: a chain of the operator of two.

use super::site::Site;
use crate::error::Result;
use crate::graph::{Binary, Tensor, ValueId};

pub(super) fn variadic(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = match site.op_type() {
        "Max" => Binary::Max,
        "Min" => Binary::Min,
        _ => Binary::Add,
    };
    let mut result = site.input(0)?;
    for index in 1..site.operands().len() {
        let next = site.input(index)?;
        result = site.binary(kind, result, next)?;
    }
    if site.op_type() == "Mean" && site.operands().len() > 1 {
        let count = Tensor::f32(&[], vec![site.operands().len() as f32])?;
        let count = site.constant(count);
        result = site.binary(Binary::Div, result, count)?;
    }
    Ok(vec![result])
}
