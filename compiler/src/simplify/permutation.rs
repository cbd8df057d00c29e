//! Arithmetic of axis permutations.

/// The permutation that undoes `permutation`.
pub(super) fn inverse(permutation: &[usize]) -> Vec<usize> {
    let mut inverse = vec![0; permutation.len()];
    for (to, &from) in permutation.iter().enumerate() {
        inverse[from] = to;
    }
    inverse
}

/// `first`, then `second`, as one permutation.
pub(super) fn then(first: &[usize], second: &[usize]) -> Vec<usize> {
    second.iter().map(|&axis| first[axis]).collect()
}

/// Whether nothing moves.
pub(super) fn is_identity(permutation: &[usize]) -> bool {
    permutation.iter().enumerate().all(|(to, &from)| to == from)
}

/// Whether only axes of length 1 change their place, so that no element does.
pub(super) fn moves_only_units(permutation: &[usize], shape: &[usize]) -> bool {
    let long = permutation.iter().filter(|&&axis| shape[axis] != 1);
    long.is_sorted()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_undoes() {
        let turn = [2, 0, 3, 1];
        assert!(is_identity(&then(&turn, &inverse(&turn))));
        assert!(moves_only_units(&[0, 2, 3, 1], &[1, 8, 1, 1]));
        assert!(!moves_only_units(&[0, 2, 3, 1], &[1, 8, 2, 1]));
    }
}
