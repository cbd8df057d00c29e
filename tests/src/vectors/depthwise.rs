//! Convolutions whose channels do not mix, with scratch.

use super::case::{Case, Draw};
use super::layers::{Sides, convolution};
use qibu::format::DType;
use qibu::kernels::conv::depthwise;

/// Kernel, stride and dilation, rows first; zero for any. Assembly knows the first four.
const WINDOWS: [[[u32; 2]; 3]; 6] = [
    [[3, 3], [1, 1], [1, 1]],
    [[3, 3], [2, 2], [1, 1]],
    [[1, 3], [1, 1], [1, 1]],
    [[3, 1], [2, 2], [1, 1]],
    [[3, 3], [1, 2], [2, 1]],
    [[0, 0], [0, 0], [0, 0]],
];

/// Forms of depthwise convolutions.
pub(super) const KINDS: u32 = WINDOWS.len() as u32;

/// One with the window of this number.
pub(super) fn conv(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let sides: Sides = [(); 2].map(|()| d.between(2, 9));
    let channels = d.between(1, 20);
    let window = WINDOWS[kind as usize];
    let mut case = convolution(d, types, sides, [channels, 1, 1], window)?;
    let [x, y] = [&case.inputs[0].dims, &case.outputs[0].dims];
    let bytes = depthwise::scratch(&case.attributes, x, y)?;
    case.outputs.push(d.arena(DType::I8, &[bytes as u32]));
    Some(case)
}
