//! Depthwise layers on AVX-512 with VNNI: a lane is a channel, a register sixteen of them.
//!
//! ```text
//! for each sixteen channels, each output line:
//!     line[x] = taps of column x of the window, quads: (row 0, row 1, row 2, row 3) of each channel
//!     for each output: sum = bias + Σ over columns j of the kernel: line[x·stride + j·dilation] · w[j]
//! ```
//!
//! VPDPBUSD multiplies and adds a channel's four rows at once; a column of taps is put together once
//! and serves all outputs that see it. Its unsigned factor is the activation with its sign bit
//! flipped, x + 128, for which the bias makes up: −128·Σ w. Taps outside hold the zero point.
#![allow(unsafe_code)]

use super::avx512::{Store, requantised};
use crate::kernels::conv::depthwise::Layer;
use crate::kernels::sink::Sink;
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

/// Channels at once.
const CHANNELS: usize = 16;
/// Most rows of a kernel: a lane has four bytes.
const ROWS: usize = 4;
/// Most columns of a kernel.
const TAPS: usize = 8;
/// Most columns of a line, those outside the input included.
const LINE: usize = 256;

/// Columns of taps.
type Line = [MaybeUninit<__m512i>; LINE];

