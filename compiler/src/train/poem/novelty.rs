//! What common characters give up where a poem is composed.
//!
//! ```text
//! novelty(c) = −λ · ln(max(count(c), count of the 500th) / count of the commonest)    λ: `novelty`
//! ```
//!
//! Where the latent leaves a position open, the network's best guess is a character that is common
//! everywhere; the sum of score and novelty is the mutual information of character and latent to the
//! degree λ (Li et al., "A diversity-promoting objective function for neural conversation models",
//! 2016). Characters rarer than the 500th gain no more than it does: they would only bring pairs that
//! nobody wrote. The compiler adds the novelty to the biases of function `compose`.

use super::corpus::Encoded;

/// Characters that are common, the commonest first: about two thirds of all text.
const COMMON: usize = 500;

/// The novelty of each of `characters`, from the poems of `corpus`; none where `degree` is zero.
pub fn of(corpus: &Encoded, characters: usize, degree: f32) -> Option<Vec<f32>> {
    if degree == 0.0 {
        return None;
    }
    let mut counts = vec![0u32; characters];
    for &id in &corpus.ids {
        let count = usize::try_from(id).ok().and_then(|id| counts.get_mut(id));
        if let Some(count) = count {
            *count += 1;
        }
    }
    let mut order = counts.clone();
    order.sort_unstable_by(|a, b| b.cmp(a));
    let of_rank = |rank: usize| order.get(rank).map_or(1, |&count| count.max(1));
    let (most, least) = (of_rank(0), of_rank(COMMON - 1));
    let novelty = |count: u32| -degree * libm::logf(count.max(least) as f32 / most as f32);
    Some(counts.into_iter().map(novelty).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_gives_up_most() {
        let ids = vec![0, 1, 0, 0, 1, 0, 0, 2, 0, 0];
        let corpus = Encoded {
            form: 10,
            known: ids.len(),
            total: ids.len(),
            ids,
        };
        let novelty = of(&corpus, 4, 0.5).unwrap();
        assert_eq!(novelty[0], 0.0);
        assert!((novelty[1] - 0.5 * libm::logf(7.0 / 2.0)).abs() < 1e-6);
        // One that never occurs is worth no more than one that occurs once.
        assert_eq!(novelty[2], novelty[3]);
        assert_eq!(of(&corpus, 4, 0.0), None);
    }

    #[test]
    fn rare_ones_gain_no_more_than_the_least_of_the_common() {
        let ids: Vec<i64> = (0..600)
            .flat_map(|id| vec![id; 700 - id as usize])
            .collect();
        let corpus = Encoded {
            form: 10,
            known: ids.len(),
            total: ids.len(),
            ids,
        };
        let novelty = of(&corpus, 600, 1.0).unwrap();
        assert!(novelty[..COMMON].is_sorted_by(|a, b| a < b));
        assert!(
            novelty[COMMON..]
                .iter()
                .all(|&one| one == novelty[COMMON - 1])
        );
    }
}
