//! Images with their padding: what kernels read that take whole steps, see [`Tile::convolve_i8`].
//!
//! ```text
//! span(axis) = (outputs − 1) · stride + (kernel − 1) · dilation + 1
//! image      = span(vertical) rows of span(horizontal) pixels: every tap is inside, none is left out
//! columns    = some of the image's columns one behind the other, where the elements side by side under
//!              a row of a window are no whole quads
//! ```
//!
//! Where a window at each position is the pixel there, all images are one, of one row.
//!
//! [`Tile::convolve_i8`]: crate::isa::Tile::convolve_i8

use super::super::window::Window;
use crate::format::aligned;
use crate::format::layout::QUAD;

/// Columns that are multiplied at once where they are gathered.
pub(crate) const BATCH: usize = 96;
/// Bytes behind an image, and behind columns, so that both may be read and written in wide pieces.
const SLACK: usize = 64;
/// Copying an image may take so many elements for each that columns have. Copies are no work that is
/// counted: strides and dilations that leave much of an image out would make them the most of it.
const MOST: usize = 16;
/// Several images have so many positions each at least: what an image takes before its first result is no
/// work that is counted either.
const FEW: usize = 8;

/// Shape of such images.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))] // Others only say how long it is.
pub(crate) struct Image {
    /// How many of them.
    pub count: usize,
    pub height: usize,
    pub width: usize,
    /// Rows of the output, and its positions in a row.
    pub outputs: (usize, usize),
    /// Elements side by side under a row of the window.
    pub run: usize,
}

impl Image {
    /// The images under `window`; `None` where they are too large for what is read of them.
    pub fn of(window: &Window, images: usize) -> Option<Self> {
        let (y, x) = (&window.y, &window.x);
        if window.is_identity() {
            let width = y.output.checked_mul(x.output)?.checked_mul(images)?;
            return Some(Self {
                count: 1,
                height: 1,
                width,
                outputs: (1, width),
                run: window.channels,
            });
        }
        let image = Self {
            count: images,
            height: y.span(y.output)?,
            width: x.span(x.output)?,
            outputs: (y.output, x.output),
            run: match x.dilation {
                1 => x.kernel.checked_mul(window.channels)?,
                _ => window.channels,
            },
        };
        let read = y.output.saturating_mul(x.output);
        if images > 1 && read < FEW {
            return None;
        }
        let read = read.saturating_mul(window.taps());
        let pixels = image.height.checked_mul(image.width)?;
        (pixels <= read.saturating_mul(MOST)).then_some(image)
    }

    /// Positions of an image's output.
    pub fn positions(&self) -> Option<usize> {
        self.outputs.0.checked_mul(self.outputs.1)
    }

    /// Bytes of an image, and of the columns that are gathered from it.
    pub fn bytes(&self, window: &Window) -> Option<(usize, usize)> {
        let pixels = self.height.checked_mul(self.width)?;
        let image = pixels.checked_mul(window.channels)?.checked_add(SLACK)?;
        let columns = if self.run.is_multiple_of(QUAD) {
            0
        } else {
            let k = window.taps().checked_mul(window.channels)?;
            let column = k.div_ceil(QUAD).checked_mul(QUAD)?;
            let columns = self.positions()?.min(BATCH);
            columns.checked_mul(column)?.checked_add(SLACK)?
        };
        Some((aligned(image)?, aligned(columns)?))
    }

    /// Bytes of scratch in all; 0 where there is no such image, or none whose bytes 32 bits count, so that
    /// every target asks the same of a file.
    pub fn scratch(window: &Window, images: usize) -> usize {
        let bytes = Self::of(window, images).and_then(|image| {
            let (image, columns) = image.bytes(window)?;
            image.checked_add(columns)
        });
        let counted = bytes.filter(|&bytes| u32::try_from(bytes).is_ok());
        counted.unwrap_or(0)
    }
}
