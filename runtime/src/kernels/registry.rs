//! All kernels, with the names under which Rust knows them.

use super::kernel::Kernel;
use super::*;
use crate::model::Model;
use crate::step::Step;

/// Kernels by module: the list of all of them, and their names in the same order.
macro_rules! registry {
    ($($module:ident: $($kernel:ident)+;)+) => {
        /// Every kernel; [`Model::load`] uses all.
        pub const ALL: KernelSet<'static> = &[$($(&$module::$kernel),+),+];

        /// Paths of the kernels of [`ALL`] below [`crate::kernels`], in the same order.
        pub const NAMES: &[&str] =
            &[$($(concat!(stringify!($module), "::", stringify!($kernel))),+),+];
    };
}

registry! {
    dense: I8_I8 I8_I4 I16_I8 I16_I4 F32_F32 F32_F16
        I8_TILE1 I8_TILE4 I8_TILE16 I16_TILE1 I16_TILE4 I16_TILE16
        I8_WIDE1 I8_WIDE4 I16_WIDE1 I16_WIDE4;
    conv: I8_I8 I8_I4 I16_I8 I16_I4 F32_F32 F32_F16
        I8_TILE1 I8_TILE4 I8_TILE16 I16_TILE1 I16_TILE4 I16_TILE16
        I8_WIDE1 I8_WIDE4 I16_WIDE1 I16_WIDE4 I8_DEPTHWISE;
    top_k_dense: I8_I8 I8_I4 I16_I8 I16_I4 F32_F32 F32_F16
        I8_TILE1 I8_TILE4 I8_TILE16 I16_TILE1 I16_TILE4 I16_TILE16
        I8_WIDE1 I8_WIDE4 I16_WIDE1 I16_WIDE4;
    top_k_groups: I8_I8 I8_I4 I16_I8 I16_I4 F32_F32 F32_F16
        I8_TILE1 I8_TILE4 I8_TILE16 I16_TILE1 I16_TILE4 I16_TILE16
        I8_WIDE1 I8_WIDE4 I16_WIDE1 I16_WIDE4;
    mat_mul: I8 F32;
    gate: INTEGER F32;
    arithmetic: ADD_INTEGER ADD_F32 MUL_INTEGER MUL_F32;
    mean: INTEGER F32;
    pool: I8 I16 F32;
    unary: TABLE I32 BOOL F32 F32_SQRT F32_EXP F32_TANH F32_EXPM1 F32_LOG F32_ERF F32_SOFTPLUS F32_SIN;
    binary: I32 BOOL F32 F32_POW F32_MOD;
    types: QUANTISE DEQUANTISE;
    to_grid: F32;
    cast: ANY;
    gather: PLAIN I4 F16;
    scatter: ANY;
    select: ANY;
    copy: ANY;
    pad: ANY;
    concat: ANY;
    reduce: I8 I16 I32 F32;
    cum_sum: I32 F32;
    arg_max: I8 I16 I32 F32;
    top_k: I8 I16 I32 F32;
    softmax: F32;
    normalise: F32;
}

/// Names of the kernels that `model` needs, each once, in the order of [`ALL`].
pub fn used<'m>(model: &Model<'m>) -> impl Iterator<Item = &'static str> + use<'m> {
    let model = *model;
    let needed = move |kernel: &Kernel| {
        let steps = 0..model.steps() as u32;
        let mut steps = steps.filter_map(|index| model.step(index));
        steps.any(|step| kernel.takes(&step))
    };
    let named = ALL.iter().zip(NAMES);
    named.filter_map(move |(kernel, name)| needed(kernel).then_some(*name))
}

/// Name of the kernel that runs `step` where a model has [`ALL`].
#[must_use]
pub fn name(step: &Step<'_>) -> Option<&'static str> {
    let mut named = ALL.iter().zip(NAMES);
    named.find_map(|(kernel, name)| kernel.takes(step).then_some(*name))
}
