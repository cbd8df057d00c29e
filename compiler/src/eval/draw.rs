//! Samples without return, the same for the same seed.

use qibu::random::Random;

/// `count` different indices below `length`, in the order drawn (Fisher and Yates, stopped early).
#[must_use]
pub fn indices(length: usize, count: usize, seed: u64) -> Vec<usize> {
    let mut random = Random::new(seed);
    let mut all: Vec<usize> = (0..length).collect();
    let count = count.min(length);
    for position in 0..count {
        let other = position + below(&mut random, length - position);
        all.swap(position, other);
    }
    all.truncate(count);
    all
}

/// Uniform below `bound`: 64 random bits scaled; the bias is below `bound` · 2⁻⁶⁴.
fn below(random: &mut Random, bound: usize) -> usize {
    let bits = (u128::from(random.next_u32()) << 32) | u128::from(random.next_u32());
    ((bits * bound as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_repeatable_and_uniform() {
        let drawn = indices(100, 40, 7);
        assert_eq!(drawn, indices(100, 40, 7));
        assert_ne!(drawn, indices(100, 40, 8));
        let mut sorted = drawn;
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 40);
        let mut hits = [0u32; 10];
        (0..2000).for_each(|seed| hits[indices(10, 1, seed)[0]] += 1);
        assert!(
            hits.iter().all(|&hit| (140..260).contains(&hit)),
            "{hits:?}"
        );
        assert_eq!(indices(3, 9, 1).len(), 3);
    }
}
