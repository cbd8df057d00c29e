//! Fewer pairs: those whose embeddings have the largest norms keep them, the others become the
//! unknown pair, and the rest of the training makes up for it.

use super::recipe::Recipe;
use super::vocabulary::Vocabulary;
use crate::engine::Tensor;
use crate::error::{Error, Result};
use crate::train::weights::Weights;

/// Key of the checkpoint's entry that lists the pairs kept.
pub const ENTRY: &str = "pairs_kept";

/// The table's name.
const TABLE: &str = "pair_table";

/// The number of epochs after which pairs are left out; 0 where none are.
pub fn epoch(recipe: &Recipe) -> usize {
    match recipe.has_pairs() && recipe.pairs_kept > 0 {
        false => 0,
        true => {
            let epochs = (recipe.prune_after * recipe.epochs as f32) as usize;
            epochs.clamp(1, recipe.epochs)
        }
    }
}

/// For each pair id whether it is among the `count` of the largest norms; ties go to the lower id.
pub fn largest(weights: &Weights, count: usize) -> Result<Vec<bool>> {
    let missing = || Error::input("a model without pairs has none to leave out");
    let table = weights.get(TABLE).ok_or_else(missing)?;
    let values = table.as_f32(TABLE)?;
    let rows = table.shape.first().copied().unwrap_or(0);
    let width = values.len() / rows.max(1);
    let norm = |row: &[f32]| {
        row.iter()
            .map(|&x| f64::from(x) * f64::from(x))
            .sum::<f64>()
    };
    let norms: Vec<f64> = values.chunks(width.max(1)).map(norm).collect();
    let mut order: Vec<usize> = (1..rows).collect();
    order.sort_by(|&a, &b| norms[b].total_cmp(&norms[a]).then(a.cmp(&b)));
    let mut kept = vec![false; rows];
    order.iter().take(count).for_each(|&id| kept[id] = true);
    Ok(kept)
}

/// The ids kept, as text.
pub fn to_text(kept: &[bool]) -> String {
    let ids = (0..kept.len()).filter(|&id| kept[id]);
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    ids.join(" ")
}

/// The inverse of [`to_text`], of `rows` ids.
pub fn from_text(text: &str, rows: usize) -> Result<Vec<bool>> {
    let mut kept = vec![false; rows];
    for number in text.split_whitespace() {
        let place = number.parse().ok().and_then(|id: usize| kept.get_mut(id));
        match place {
            Some(place) => *place = true,
            None => {
                let why = format!("not a checkpoint: {ENTRY} lists {number:?}");
                return Err(Error::input(why));
            }
        }
    }
    Ok(kept)
}

/// Vocabulary and weights without the pairs that are not `kept`.
pub fn compact(
    vocabulary: &Vocabulary,
    weights: &Weights,
    kept: &[bool],
) -> Result<(Vocabulary, Weights)> {
    let stays = |id: usize| kept.get(id) == Some(&true);
    let mut vocabulary = vocabulary.clone();
    let mut number = 0;
    vocabulary.pairs.retain(|_| {
        number += 1;
        stays(number)
    });
    let mut weights = weights.clone();
    if let Some(table) = weights.get_mut(TABLE) {
        let values = table.as_f32(TABLE)?;
        let width = table.shape.get(1).copied().unwrap_or(1).max(1);
        let rows = values.chunks(width).enumerate();
        let rows = rows.filter(|(id, _)| *id == 0 || stays(*id));
        let values: Vec<f32> = rows.flat_map(|(_, row)| row.iter().copied()).collect();
        *table = Tensor::f32(&[values.len() / width, width], values);
    }
    Ok((vocabulary, weights))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_stay_in_order() {
        let table = Tensor::f32(&[5, 2], vec![9., 9., 1., 0., 0., -3., 0., 1., 2., 0.]);
        let weights = Weights::from([(TABLE.to_string(), table)]);
        let kept = largest(&weights, 3).unwrap();
        assert_eq!(kept, [false, true, true, false, true]);
        assert_eq!(from_text(&to_text(&kept), 5).unwrap(), kept);
        assert!(from_text("5", 5).is_err() && from_text("x", 5).is_err());
        let vocabulary = Vocabulary {
            pairs: vec![['a', 'b'], ['a', 'c'], ['b', 'a'], ['c', 'c']],
            ..Vocabulary::default()
        };
        let (vocabulary, weights) = compact(&vocabulary, &weights, &kept).unwrap();
        assert_eq!(vocabulary.pair_text(), "abaccc");
        assert_eq!(
            weights[TABLE],
            Tensor::f32(&[4, 2], vec![9., 9., 1., 0., 0., -3., 2., 0.])
        );
    }
}
