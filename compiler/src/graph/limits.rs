//! Bounds that keep a hostile model from exhausting the machine.

use super::Dtype;
use crate::error::{Error, Result};

/// Largest sizes that are accepted; checked before anything of that size is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one tensor.
    pub tensor_bytes: usize,
    /// Nodes of the graph.
    pub nodes: usize,
    /// Bytes of all constants that folding computes.
    pub folded_bytes: usize,
    /// Axes of one tensor.
    pub axes: usize,
}

impl Default for Limits {
    /// Far above what fits a microcontroller, far below what fills a laptop.
    fn default() -> Self {
        Self {
            tensor_bytes: 256 << 20,
            nodes: 20_000,
            folded_bytes: 1 << 30,
            axes: 8,
        }
    }
}

impl Limits {
    /// Number of elements of `shape`, or an error that says which limit it passes.
    pub fn check_shape(&self, shape: &[usize], dtype: Dtype) -> Result<usize> {
        if shape.len() > self.axes {
            return Err(Error::input(format!(
                "a tensor of {} axes; at most {} are supported",
                shape.len(),
                self.axes
            )));
        }
        // A zero must not hide an overflow of the other dimensions.
        let product = |start: usize| {
            shape
                .iter()
                .try_fold(start, |product, &dim| product.checked_mul(dim.max(1)))
        };
        match product(dtype.size()) {
            Some(bytes) if bytes <= self.tensor_bytes => Ok(shape.iter().product()),
            _ => Err(Error::input(format!(
                "a tensor of shape {shape:?} passes the limit of {} bytes",
                self.tensor_bytes
            ))
            .hint(
                "a model for a microcontroller needs no such tensor; raise the limit if it does",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overflow_is_an_error() {
        let limits = Limits::default();
        assert_eq!(limits.check_shape(&[2, 3], Dtype::F32).unwrap(), 6);
        assert!(limits.check_shape(&[usize::MAX, 2], Dtype::F32).is_err());
        assert!(limits.check_shape(&[0, usize::MAX, 9], Dtype::F32).is_err());
        assert!(limits.check_shape(&[1; 9], Dtype::F32).is_err());
    }
}
