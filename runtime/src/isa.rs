//! What instruction sets do differently.

#[cfg(all(target_arch = "arm", isa = "dsp"))]
pub(crate) mod depthwise_dsp;
