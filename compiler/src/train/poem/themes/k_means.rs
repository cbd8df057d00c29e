//! k-means: Lloyd's rounds from the starts of k-means++ (Arthur and Vassilvitskii, 2007).
//!
//! Sums run in order and in f64, so that the groups are the same on every machine.

use crate::train::random::Random;

/// Rounds at most; the groups change little after the first few dozens.
const ROUNDS: usize = 50;

/// Points in groups.
pub struct Groups {
    /// Each group's mean, the largest group first; no group is empty.
    pub centroids: Vec<Vec<f64>>,
    /// Each point's group.
    pub of: Vec<usize>,
}

/// At most `count` groups of `points`, rows of `width`; fewer where fewer points differ.
pub fn groups(points: &[f32], width: usize, count: usize, random: &mut Random) -> Groups {
    let rows: Vec<&[f32]> = points.chunks_exact(width).collect();
    let mut centroids = starts(&rows, count, random);
    let mut of = vec![0; rows.len()];
    for _ in 0..ROUNDS {
        let nearest: Vec<usize> = rows.iter().map(|row| nearest(row, &centroids).0).collect();
        let settled = nearest == of;
        of = nearest;
        means(&rows, &of, &mut centroids);
        if settled {
            break;
        }
    }
    sorted(of, centroids)
}

fn distance(row: &[f32], centroid: &[f64]) -> f64 {
    let each = row.iter().zip(centroid);
    each.map(|(&a, b)| (f64::from(a) - b) * (f64::from(a) - b))
        .sum()
}

/// The nearest centroid, the first of equals, and its squared distance.
fn nearest(row: &[f32], centroids: &[Vec<f64>]) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (index, centroid) in centroids.iter().enumerate() {
        let far = distance(row, centroid);
        if far < best.1 {
            best = (index, far);
        }
    }
    best
}

/// Points far from those that are chosen are likely to be next: by squared distance.
fn starts(rows: &[&[f32]], count: usize, random: &mut Random) -> Vec<Vec<f64>> {
    let wide = |row: &[f32]| -> Vec<f64> { row.iter().map(|&value| value.into()).collect() };
    let mut centroids = Vec::new();
    let mut far = vec![1.0; rows.len()];
    while centroids.len() < count {
        let total: f64 = far.iter().sum();
        if total <= 0.0 {
            break;
        }
        let mut left = total * f64::from(random.below(1 << 24)) / f64::from(1 << 24);
        let found = far.iter().position(|far| {
            left -= far;
            left < 0.0
        });
        // Rounding may leave a little behind the last.
        let found = found.or_else(|| far.iter().rposition(|&far| far > 0.0));
        let centroid = wide(rows[found.expect("a point is away from the others")]);
        for (far, row) in far.iter_mut().zip(rows) {
            let own = distance(row, &centroid);
            *far = if centroids.is_empty() || own < *far {
                own
            } else {
                *far
            };
        }
        centroids.push(centroid);
    }
    centroids
}

/// Moves each centroid to its points' mean; one without points stays.
fn means(rows: &[&[f32]], of: &[usize], centroids: &mut [Vec<f64>]) {
    let mut sums: Vec<(usize, Vec<f64>)> = centroids
        .iter()
        .map(|centroid| (0, vec![0.0; centroid.len()]))
        .collect();
    for (row, &group) in rows.iter().zip(of) {
        let (count, sum) = &mut sums[group];
        *count += 1;
        for (sum, &value) in sum.iter_mut().zip(*row) {
            *sum += f64::from(value);
        }
    }
    for (centroid, (count, sum)) in centroids.iter_mut().zip(sums) {
        if count > 0 {
            *centroid = sum.iter().map(|sum| sum / count as f64).collect();
        }
    }
}

/// Without empty groups, the largest first.
fn sorted(of: Vec<usize>, centroids: Vec<Vec<f64>>) -> Groups {
    let mut sizes = vec![0usize; centroids.len()];
    of.iter().for_each(|&group| sizes[group] += 1);
    let mut order: Vec<usize> = (0..sizes.len()).filter(|&group| sizes[group] > 0).collect();
    order.sort_by_key(|&group| std::cmp::Reverse(sizes[group]));
    let mut place = vec![0; sizes.len()];
    for (new, &old) in order.iter().enumerate() {
        place[old] = new;
    }
    Groups {
        of: of.into_iter().map(|group| place[group]).collect(),
        centroids: order
            .into_iter()
            .map(|old| centroids[old].clone())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clouds_become_groups_of_their_own() {
        let mut random = Random::new(4, 4);
        let centres = [[5.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, -5.0]];
        let sizes = [20, 60, 40];
        let mut points = Vec::new();
        for (centre, size) in centres.iter().zip(sizes) {
            for _ in 0..size {
                points.extend(centre.iter().map(|c| c + 0.3 * random.normal()));
            }
        }
        let found = groups(&points, 3, 3, &mut random.clone());
        let expected = [vec![2; 20], vec![0; 60], vec![1; 40]].concat();
        assert_eq!(found.of, expected);
        for (centroid, centre) in found.centroids.iter().zip([1, 2, 0].map(|i| centres[i])) {
            let near = centroid.iter().zip(centre);
            assert!(
                near.into_iter()
                    .all(|(a, b)| (a - f64::from(b)).abs() < 0.3)
            );
        }
        let again = groups(&points, 3, 3, &mut random);
        assert_eq!((again.of, again.centroids), (found.of, found.centroids));
    }

    #[test]
    fn equal_points_are_one_group() {
        let mut random = Random::new(1, 1);
        let found = groups(&[1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 4.0, 4.0], 2, 5, &mut random);
        assert_eq!(found.of, [0, 0, 0, 1]);
        assert_eq!(found.centroids, [[1.0, 2.0], [4.0, 4.0]]);
    }
}
