//! What common characters give up where a poem is composed.
//!
//! ```text
//! novelty(c) = −λ · ln(frequency(c) / frequency of the commonest)      λ: the recipe's `novelty`
//! ```
//!
//! Where the latent leaves a position open, the network's best guess is a character that is common
//! everywhere; the sum of score and novelty is the mutual information of character and latent to the
//! degree λ (Li et al., "A diversity-promoting objective function for neural conversation models",
//! 2016). The compiler adds it to the biases of function `compose`.

use super::corpus::Encoded;

/// Added to the count of every character, so that a rare one is not worth its rarity.
const SMOOTHING: f32 = 5.0;

/// The novelty of each of `characters`, from the poems of `corpus`; none where `degree` is zero.
pub fn of(corpus: &Encoded, characters: usize, degree: f32) -> Option<Vec<f32>> {
    if degree == 0.0 {
        return None;
    }
    let mut counts = vec![SMOOTHING; characters];
    for &id in &corpus.ids {
        let count = usize::try_from(id).ok().and_then(|id| counts.get_mut(id));
        if let Some(count) = count {
            *count += 1.0;
        }
    }
    let most = counts.iter().copied().fold(SMOOTHING, f32::max);
    let novelty = |count: f32| -degree * libm::logf(count / most);
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
        assert!(novelty.is_sorted_by(|a, b| a < b), "{novelty:?}");
        let expected = 0.5 * libm::logf(12.0 / 7.0);
        assert!((novelty[1] - expected).abs() < 1e-6);
        assert_eq!(of(&corpus, 4, 0.0), None);
    }
}
