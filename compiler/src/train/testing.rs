//! Shared by the tests of `train`.

/// Whether ONNX Runtime is here; says why a test is skipped if not.
pub fn engine_or_skip() -> bool {
    match crate::engine::available() {
        Ok(()) => true,
        Err(error) => {
            let reason = error.to_string();
            crate::testing::skip(reason.lines().next().unwrap_or_default());
            false
        }
    }
}
