//! One triangle of a matrix: a choice between it and zero by a mask that is known.

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Binary, Dtype, Op, ValueId};

pub(super) fn trilu(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let shape = site.shape(0)?;
    let &[.., rows, columns] = &shape[..] else {
        return Err(Error::input(format!("{shape:?} is not a matrix")));
    };
    let upper = site.int("upper", 1)? != 0;
    let k = match site.known_ints(1, "k")?.as_deref() {
        None => 0,
        Some(&[k]) => k,
        Some(_) => return Err(Error::input("k is not one integer")),
    };
    let (rows, columns) = (rows as i64, columns as i64);
    let kept = |row: i64, column: i64| {
        let diagonal = row.saturating_add(k);
        if upper {
            column >= diagonal
        } else {
            column <= diagonal
        }
    };
    let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let mask: Vec<i64> = cells.map(|(i, j)| i64::from(kept(i, j))).collect();
    let mask = site.integers(Dtype::Bool, &shape[shape.len() - 2..], &mask)?;
    let x = site.input(0)?;
    let dtype = site.dtype(0)?;
    if dtype == Dtype::Bool {
        return Ok(vec![site.binary(Binary::And, x, mask)?]);
    }
    let zero = site.integers(dtype, &[], &[0])?;
    Ok(vec![
        site.emit(Op::Where, &[Some(mask), Some(x), Some(zero)])?,
    ])
}
