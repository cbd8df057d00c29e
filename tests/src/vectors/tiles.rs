//! Steps with scratch: weights in tiles, and channels that do not mix.
//!
//! ```text
//! for each operator, types of input and output, layout:  some random shapes
//!     rows and elements that fill no tile, no quad, no block; more columns than a block takes
//!     scale words with every kind of shift; clamps narrower than the type
//! ```
//!
//! Every machine multiplies these with its own instructions, the host with those of its own.

use super::Vector;
use super::case::{Case, Draw, Operand, Source};
use super::layers::{ANY, grouped, window};
use qibu::format::DType::{self, I8, I16, I32};
use qibu::format::layout::widen;
use qibu::format::{Layout, Opcode};
use qibu::kernels::conv::{self, depthwise};
use qibu::kernels::dense;
use qibu::kernels::tiled::Shape;
use qibu::random::Random;

/// Layouts with the element types of weights, int16 where they are wide.
const LAYOUTS: [(Layout, DType); 5] = [
    (Layout::Tile1, I8),
    (Layout::Tile4, I8),
    (Layout::Tile16, I8),
    (Layout::Tile1, I16),
    (Layout::Tile4, I16),
];
/// Vectors of each form.
const VARIANTS: u32 = 3;

/// Makes a case whose weights lie row by row, and says what it multiplies.
type Propose = fn(&mut Draw, DType, DType) -> (Case, Shape);

/// All of them, always the same.
pub(super) fn vectors() -> Vec<Vector> {
    let mut vectors = Vec::new();
    let proposals: [(Opcode, Propose); 4] = [
        (Opcode::Dense, dense),
        (Opcode::Conv, conv),
        (Opcode::TopKDense, top_k_dense),
        (Opcode::TopKGroups, top_k_groups),
    ];
    for (opcode, propose) in proposals {
        for [x, out] in [
            [I8, I8],
            [I8, I16],
            [I8, I32],
            [I16, I8],
            [I16, I16],
            [I16, I32],
        ] {
            for (layout, weights) in LAYOUTS {
                let wide = if weights == I16 { " wide" } else { "" };
                let seed = [opcode as u8, x as u8, out as u8, layout as u8];
                let mut draw = Draw(Random::new(u32::from_le_bytes(seed).into()));
                for variant in 0..VARIANTS {
                    let (mut case, shape) = propose(&mut draw, x, out);
                    arrange(&mut case.inputs[1], shape.k, layout, weights);
                    let scratch = shape.scratch(layout, x.size()).expect("a few bytes");
                    vectors.extend(case.with_scratch(opcode, scratch).map(|file| Vector {
                        name: format!(
                            "{} {layout:?}{wide} [{x:?}, {out:?}] {variant}",
                            opcode.name()
                        ),
                        file,
                    }));
                }
            }
        }
    }
    for out in [I8, I16, I32] {
        let mut draw = Draw(Random::new(out as u64));
        for variant in 0..3 * VARIANTS {
            let (case, scratch) = depthwise(&mut draw, out);
            vectors.extend(case.with_scratch(Opcode::Conv, scratch).map(|file| Vector {
                name: format!("Conv depthwise [I8, {out:?}] {variant}"),
                file,
            }));
        }
    }
    vectors
}

/// Weights in the order of a layout.
///
/// Wide ones of every third matrix are any int16, as in a damaged file.
fn arrange(weights: &mut Operand, k: usize, layout: Layout, dtype: DType) {
    let Source::Weights(bytes) = &mut weights.source else {
        panic!("weights are constants");
    };
    let packed: Vec<i8> = layout.pack(bytemuck::cast_slice(bytes), k).collect();
    *bytes = match dtype {
        I8 => bytemuck::cast_slice(&packed).to_vec(),
        _ => widen(&packed).flat_map(i16::to_le_bytes).collect(),
    };
    if dtype != I8 && packed.len().is_multiple_of(3) {
        bytes.reverse();
    }
    if dtype != I8 {
        // Only int8 tensors have one.
        weights.zero_point = 0;
    }
    weights.dtype = dtype;
    weights.layout = layout;
}

/// Weights, bias and scale words: of every three rows one has a shift at an end of its range.
fn rows(d: &mut Draw, x: DType, k: u32, dims: &[u32]) -> Vec<Operand> {
    let rows = dims[0];
    let weights = d.constant(I8, dims);
    let bias = (0..rows).map(|_| (d.between(0, 200_000) as i32 - 100_000) as u32);
    let bias = bias.collect();
    // What brings sums of random products to the upper half of eight bits.
    let usual = (if x == I8 { 31 } else { 39 }) + 7 + k.ilog2() / 2;
    let scales = (0..rows).map(|_| {
        let shift = match d.chance(33) {
            true => [31, 32, 33, 62][d.between(0, 3) as usize],
            false => usual + d.between(0, 3),
        };
        1 << 30 | d.0.next_u32() & 0x3FFF_FF00 | shift
    });
    let scales = scales.collect();
    vec![weights, d.words(I32, bias), d.words(DType::Scale, scales)]
}

fn dense(d: &mut Draw, x: DType, out: DType) -> (Case, Shape) {
    let [columns, k, n] = [d.between(1, 11), d.between(1, 80), d.between(1, 40)];
    let mut inputs = vec![d.arena(x, &[columns, k])];
    inputs.extend(rows(d, x, k, &[n, k]));
    let case = Case {
        inputs,
        outputs: vec![d.arena(out, &[columns, n])],
        attributes: d.clamp(out).to_vec(),
    };
    (case, dense::shape(k as usize, columns as usize))
}

fn top_k_dense(d: &mut Draw, x: DType, _: DType) -> (Case, Shape) {
    let [columns, k, n] = [d.between(1, 11), d.between(1, 80), d.between(1, 60)];
    let best = d.between(1, n.min(5));
    let mut inputs = vec![d.arena(x, &[columns, k])];
    inputs.extend(rows(d, x, k, &[n, k]));
    let outputs = [I32, I32].map(|dtype| d.arena(dtype, &[columns, best]));
    let case = Case {
        inputs,
        outputs: outputs.to_vec(),
        attributes: vec![],
    };
    let shape = Shape {
        k: k as usize,
        columns: columns as usize,
        pixel: None,
        all: true,
        whole: 0,
    };
    (case, shape)
}

fn top_k_groups(d: &mut Draw, x: DType, out: DType) -> (Case, Shape) {
    let (case, shape) = top_k_dense(d, x, out);
    (grouped(d, case, x), shape)
}

fn conv(d: &mut Draw, x: DType, out: DType) -> (Case, Shape) {
    let [h, wide, filters] = [d.between(1, 5), d.between(1, 5), d.between(1, 18)];
    let channels = [1, 2, 3, 4, 5, 8, 12, 16, 20][d.between(0, 8) as usize];
    let (mut attributes, [height, width]) = window(d, [h, wide], ANY);
    let (kh, kw) = (attributes[0], attributes[1]);
    attributes.extend(d.clamp(out));
    attributes.push(1);
    let k = kh * kw * channels;
    let (image, y) = ([1, h, wide, channels], [1, height, width, filters]);
    let shape = conv::shape(&attributes, &image, &y).expect("a few bytes");
    let mut inputs = vec![d.arena(x, &image)];
    inputs.extend(rows(d, x, k, &[filters, kh, kw, channels]));
    let case = Case {
        inputs,
        outputs: vec![d.arena(out, &y)],
        attributes,
    };
    (case, shape)
}

/// As many groups as channels and filters, and bytes of scratch.
fn depthwise(d: &mut Draw, out: DType) -> (Case, usize) {
    let [h, wide, channels] = [d.between(1, 6), d.between(1, 6), d.between(1, 18)];
    let (mut attributes, [height, width]) = window(d, [h, wide], ANY);
    let (kh, kw) = (attributes[0], attributes[1]);
    attributes.extend(d.clamp(out));
    attributes.push(channels);
    let (x, y) = ([1, h, wide, channels], [1, height, width, channels]);
    let scratch = depthwise::scratch(&attributes, &x, &y).expect("a few bytes");
    let mut inputs = vec![d.arena(I8, &x)];
    inputs.extend(rows(d, I8, kh * kw, &[channels, kh, kw, 1]));
    let case = Case {
        inputs,
        outputs: vec![d.arena(out, &y)],
        attributes,
    };
    (case, scratch)
}
