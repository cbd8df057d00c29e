//! Weights in the layout that the target's kernels read, and scratch for their columns.
//!
//! ```text
//! for each int8 matrix that only Dense, Conv without groups, TopKDense and TopKGroups read:
//!     its layout is the one that was measured, or the target's for the most columns that a step has,
//!     or its layout for many, where few multiply-accumulates have another
//!     with wide weights, two bytes for each of them
//!     each of these steps gets scratch, as the runtime's kernels define it
//! for each int8 Conv with as many groups as channels and filters, on any target but the portable:
//!     its weights stay plain, it gets scratch
//! ```

use crate::program::{Content, Program, Step, Tensor, TensorId};
use crate::target::{Arrangement, Target};
use qibu::format::layout::widen;
use qibu::format::{DType, Layout, Opcode};
use qibu::kernels::tiled::Shape;
use qibu::kernels::{conv, dense};
use std::collections::BTreeMap;

/// Layers with few columns get a layout of their own where they are more than one of so many
/// multiply-accumulates: below, its instructions are another kernel's code in flash and save no time
/// that could be measured.
const RARE: usize = 256;

/// Arranges `program`.
pub(super) fn arrange(program: &mut Program, arrangement: &Arrangement) {
    let mut columns: BTreeMap<TensorId, Option<usize>> = BTreeMap::new();
    let usual = arrangement.target.layout(usize::MAX);
    let (mut all, mut other) = (0usize, 0usize);
    for step in program.functions.iter().flat_map(|f| &f.steps) {
        let shape = shape(program, step);
        let macs = macs(program, step);
        all = macs.saturating_add(all);
        if shape.is_some_and(|shape| arrangement.target.layout(shape.columns) != usual) {
            other = macs.saturating_add(other);
        }
        for (position, &input) in step.inputs.iter().enumerate() {
            // Whatever else reads the matrix reads it plain.
            let own = shape.filter(|_| position == 1).map(|shape| shape.columns);
            let most = columns.entry(input).or_insert(Some(0));
            *most = most.zip(own).map(|(most, own)| most.max(own));
        }
    }
    for table in &program.tables {
        columns.insert(*table, None);
    }
    let is_rare = other < all / RARE;
    for (id, columns) in columns {
        let name = &program.tensors[id].name;
        let columns = columns.map(|columns| if is_rare { usize::MAX } else { columns });
        let layout = columns.map_or(Layout::Plain, |columns| arrangement.layout(name, columns));
        if layout != Layout::Plain {
            pack(&mut program.tensors[id], layout, arrangement.wide);
        }
    }
    for function in 0..program.functions.len() {
        for step in 0..program.functions[function].steps.len() {
            let found = &program.functions[function].steps[step];
            let bytes = scratch(program, found).or_else(|| {
                let is_plain = arrangement.target == Target::Portable;
                depthwise_scratch(program, found).filter(|_| !is_plain)
            });
            let Some((bytes, name)) = bytes.zip(Some(found.name.clone())) else {
                continue;
            };
            program.tensors.push(Tensor {
                name: format!("scratch of {name}"),
                dtype: DType::I8,
                layout: Layout::Plain,
                shape: vec![bytes],
                scale: 1.0,
                zero_point: 0,
                content: Content::Arena,
                value: None,
            });
            let id = program.tensors.len() - 1;
            program.functions[function].steps[step].outputs.push(id);
        }
    }
}

/// What a step multiplies with its matrix, where a kernel for tiles does that.
fn shape(program: &Program, step: &Step) -> Option<Shape> {
    let tensor = |id: Option<&TensorId>| id.map(|&id| &program.tensors[id]);
    let (x, w) = (tensor(step.inputs.first())?, tensor(step.inputs.get(1))?);
    let out = tensor(step.outputs.first())?;
    let constant =
        matches!(w.content, Content::Weights(_)) && (w.dtype == DType::I8 || w.is_wide());
    if !constant || !matches!(x.dtype, DType::I8 | DType::I16) {
        return None;
    }
    let elements = |tensor: &Tensor| tensor.shape.iter().product::<usize>();
    let &rows = w.shape.first()?;
    let k = elements(w).checked_div(rows)?;
    match step.opcode {
        Opcode::Dense => Some(dense::shape(k, elements(x).checked_div(k)?)),
        Opcode::TopKDense | Opcode::TopKGroups => Some(Shape {
            k,
            columns: elements(x).checked_div(k)?,
            pixel: None,
            all: true,
            whole: 0,
        }),
        Opcode::Conv if step.attributes.get(10) == Some(&1) => {
            conv::shape(&step.attributes, &words(&x.shape), &words(&out.shape))
        }
        _ => None,
    }
}

/// Multiply-accumulates of a step with weights.
fn macs(program: &Program, step: &Step) -> usize {
    let elements = |id: &TensorId| program.tensors[*id].shape.iter().product::<usize>();
    let (Some(x), Some(w), Some(out)) = (
        step.inputs.first(),
        step.inputs.get(1),
        step.outputs.first(),
    ) else {
        return 0;
    };
    let rows = program.tensors[*w].shape.first().copied().unwrap_or(1);
    let k = elements(w) / rows.max(1);
    match step.opcode {
        Opcode::Conv | Opcode::Dense => elements(out).saturating_mul(k),
        // What each row of the input keeps are the best of all rows of the weights.
        Opcode::TopKDense | Opcode::TopKGroups => elements(x).saturating_mul(rows),
        _ => 0,
    }
}

/// Dimensions as the file holds them.
fn words(shape: &[usize]) -> Vec<u32> {
    shape.iter().map(|&dim| dim as u32).collect()
}

/// Bytes of scratch of a step whose matrix is in tiles.
fn scratch(program: &Program, step: &Step) -> Option<usize> {
    let w = &program.tensors[*step.inputs.get(1)?];
    if w.layout == Layout::Plain {
        return None;
    }
    let x = &program.tensors[*step.inputs.first()?];
    shape(program, step)?.scratch(w.layout, x.dtype.size())
}

/// Bytes of scratch of a step whose channels do not mix.
fn depthwise_scratch(program: &Program, step: &Step) -> Option<usize> {
    let [x, w, out] = [
        step.inputs.first()?,
        step.inputs.get(1)?,
        step.outputs.first()?,
    ]
    .map(|&id| &program.tensors[id]);
    let channels = [x.shape.last(), out.shape.last()];
    let groups = *step
        .attributes
        .get(10)
        .filter(|_| step.opcode == Opcode::Conv)? as usize;
    if channels != [Some(&groups); 2] || (x.dtype, w.dtype) != (DType::I8, DType::I8) {
        return None;
    }
    conv::depthwise::scratch(&step.attributes, &words(&x.shape), &words(&out.shape))
}

fn pack(tensor: &mut Tensor, layout: Layout, wide: bool) {
    let rows = tensor.shape.first().copied().unwrap_or(1).max(1);
    let Content::Weights(bytes) = &mut tensor.content else {
        return;
    };
    let plain: &[i8] = bytemuck::cast_slice(bytes);
    let packed: Vec<i8> = layout.pack(plain, plain.len() / rows).collect();
    *bytes = match wide {
        false => bytemuck::cast_slice(&packed).to_vec(),
        true => widen(&packed).flat_map(i16::to_le_bytes).collect(),
    };
    if wide {
        tensor.dtype = DType::I16;
    }
    tensor.layout = layout;
}
