//! Weights in the layout that the target's kernels read, and scratch for their columns.
//!
//! ```text
//! for each int8 matrix that only Dense, Conv without groups and TopKDense read:
//!     its layout is the one that was measured, or the target's for the most columns that a step has
//!     each of these steps gets scratch, as the runtime's kernels define it
//! for each int8 Conv with as many groups as channels and filters, on any target but the portable:
//!     its weights stay plain, it gets scratch
//! ```

use crate::program::{Content, Program, Step, Tensor, TensorId};
use crate::target::{Arrangement, Target};
use qibu::format::{DType, Layout, Opcode};
use qibu::kernels::tiled::Shape;
use qibu::kernels::{conv, dense};
use std::collections::BTreeMap;

/// Arranges `program`.
pub(super) fn arrange(program: &mut Program, arrangement: &Arrangement) {
    let mut columns: BTreeMap<TensorId, Option<usize>> = BTreeMap::new();
    for step in program.functions.iter().flat_map(|f| &f.steps) {
        let shape = shape(program, step);
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
    for (id, columns) in columns {
        let name = &program.tensors[id].name;
        let layout = columns.map_or(Layout::Plain, |columns| arrangement.layout(name, columns));
        if layout != Layout::Plain {
            pack(&mut program.tensors[id], layout);
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
    let constant = matches!(w.content, Content::Weights(_)) && w.dtype == DType::I8;
    if !constant || !matches!(x.dtype, DType::I8 | DType::I16) {
        return None;
    }
    let elements = |tensor: &Tensor| tensor.shape.iter().product::<usize>();
    let &rows = w.shape.first()?;
    let k = elements(w).checked_div(rows)?;
    match step.opcode {
        Opcode::Dense => dense::shape(k, elements(x).checked_div(k)?),
        Opcode::TopKDense => Some(Shape {
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

fn pack(tensor: &mut Tensor, layout: Layout) {
    let rows = tensor.shape.first().copied().unwrap_or(1).max(1);
    let Content::Weights(bytes) = &mut tensor.content else {
        return;
    };
    let plain: &[i8] = bytemuck::cast_slice(bytes);
    let packed: Vec<i8> = layout.pack(plain, plain.len() / rows).collect();
    *bytes = bytemuck::cast_slice(&packed).to_vec();
    tensor.layout = layout;
}
