//! The best of lists, by sorting.

use crate::graph::{Data, Tensor};

/// The k best of each list of rows of `width` scores in lines: two lists of a row, 31 of a line's last one.
pub(super) fn best(
    scores: &[f32],
    width: usize,
    groups: &Tensor,
    (k, line): (usize, usize),
    shape: &[usize],
) -> Vec<Tensor> {
    let Data::I32(groups) = groups.data() else {
        panic!("groups are i32");
    };
    let (mut best, mut ids) = (Vec::new(), Vec::new());
    for (row, scores) in scores.chunks(width).enumerate() {
        let is_last = row % line + 1 == line;
        for list in 0..if is_last { 31 } else { 2 } {
            let is_on = |code: i32| match (is_last, list) {
                (true, _) => code == list,
                (false, 0) => code < 30 || code == 31,
                (false, _) => code == 30,
            };
            let on = |&id: &usize| is_on(groups[id] & 255) || is_on(groups[id] >> 8);
            let mut order: Vec<usize> = (0..width).filter(on).collect();
            order.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]));
            for place in 0..k {
                let id = order.get(place);
                best.push(id.map_or(f32::NEG_INFINITY, |&id| scores[id]));
                ids.push(id.map_or(-1, |&id| id as i64));
            }
        }
    }
    let ids = Tensor::new(shape.to_vec(), Data::I64(ids.into())).unwrap();
    vec![Tensor::f32(shape, best).unwrap(), ids]
}
