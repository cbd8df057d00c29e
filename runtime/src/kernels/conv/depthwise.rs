//! `Conv` where groups, channels and filters are as many: each channel is convolved alone.

pub(crate) mod plane;

use crate::kernels::sink::Sink;
use crate::kernels::window::Window;

/// A depthwise layer.
pub(crate) struct Layer<'a> {
    /// Channels and filters are as many.
    pub window: Window,
    /// `[C, kh, kw]`.
    pub weights: &'a [i8],
    /// One for each channel, as are the scale words.
    pub bias: &'a [i32],
    pub scales: &'a [u32],
    /// Zero point of the input: what taps outside read.
    pub zero_point: i32,
}

/// How an instruction set runs depthwise layers: exactly as [`super::I8_I8`] would.
pub(crate) trait Depthwise {
    /// Convolves one image `[H, W, C]`; results go to elements from `first` on of the sink.
    ///
    /// `scratch` is aligned to 16 bytes, at least as long as [`scratch`] says, and holds anything.
    fn image(
        layer: &Layer<'_>,
        input: &[i8],
        scratch: &mut [u8],
        sink: &mut Sink<'_>,
        first: usize,
    ) -> Option<()>;
}

/// Bytes of scratch memory that a layer needs, on every target.
pub(crate) fn scratch(window: &Window) -> Option<usize> {
    plane::Cut::new(window)?.bytes()
}

#[cfg(test)]
mod tests;
