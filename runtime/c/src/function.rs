//! The functions of a model, their inputs and outputs.

use crate::memory::{self, Answer, status};
use crate::model::{loaded, qibu_model, qibu_text};
use crate::status::qibu_status;
use core::ffi::c_char;
use qibu::Function;
use qibu::format::{DType, MAX_RANK, Tensor};

/// Most dimensions of a tensor.
pub const QIBU_MAX_RANK: usize = 6;
const _: () = assert!(QIBU_MAX_RANK == MAX_RANK);

/// Element types. The numbers are those of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum qibu_dtype {
    /// `float`.
    F32 = 0,
    /// IEEE 754 binary16; weights only.
    F16 = 1,
    /// `int8_t`; the real value is `scale * (q - zero_point)`.
    I8 = 2,
    /// `int16_t`; the real value is `scale * q`.
    I16 = 3,
    /// `int32_t`: indices, or scores with the real value `scale * q`.
    I32 = 4,
    /// Scale words of a requantisation; weights only.
    Scale = 5,
    /// Truth value in a byte: zero is false.
    Bool = 6,
    /// 4-bit integer; weights only.
    I4 = 7,
}

/// An input or output of a function.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct qibu_tensor {
    /// Its name.
    pub name: qibu_text,
    /// Element type.
    pub dtype: qibu_dtype,
    /// Number of dimensions.
    pub rank: u32,
    /// The dimensions; the rest are zero.
    pub shape: [u32; QIBU_MAX_RANK],
    /// Product of the dimensions.
    pub elements: usize,
    /// Real value of one quantisation step; 1 for floats and indices.
    pub scale: f32,
    /// Quantised value of real zero.
    pub zero_point: i32,
}

impl From<DType> for qibu_dtype {
    fn from(dtype: DType) -> Self {
        match dtype {
            DType::F32 => Self::F32,
            DType::F16 => Self::F16,
            DType::I8 => Self::I8,
            DType::I16 => Self::I16,
            DType::I32 => Self::I32,
            DType::Scale => Self::Scale,
            DType::Bool => Self::Bool,
            DType::I4 => Self::I4,
        }
    }
}

/// Function `index` of a model.
///
/// # Safety
/// The handle is valid, quiet, and keeps the promise on handles.
pub(crate) unsafe fn function(model: *const qibu_model, index: usize) -> Answer<Function<'static>> {
    // SAFETY: as promised.
    let mut functions = unsafe { loaded(model) }?.model.functions();
    functions.nth(index).ok_or(qibu_status::Index)
}

/// How many functions `model` has; one at least in files that the compiler writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_model_functions(
    model: *const qibu_model,
    count: *mut usize,
) -> qibu_status {
    let answer = || {
        // SAFETY: the caller's promises are ours.
        unsafe { memory::put(count, loaded(model)?.model.functions().count()) }
    };
    status(answer())
}

/// Finds the function called `name` (`main`, `generate`, …): its index among the functions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_model_find(
    model: *const qibu_model,
    name: *const c_char,
    name_length: usize,
    index: *mut usize,
) -> qibu_status {
    let find = || {
        // SAFETY: the caller's promises are ours.
        let (loaded, name) = unsafe { (loaded(model)?, memory::name(name, name_length)?) };
        let mut functions = loaded.model.functions();
        let found = functions.position(|function| function.name() == name);
        // SAFETY: as before.
        unsafe { memory::put(index, found.ok_or(qibu_status::NotFound)?) }
    };
    status(find())
}

/// Name of function `index`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_function_name(
    model: *const qibu_model,
    index: usize,
    name: *mut qibu_text,
) -> qibu_status {
    let answer = || {
        // SAFETY: the caller's promises are ours.
        unsafe { memory::put(name, function(model, index)?.name().into()) }
    };
    status(answer())
}

/// Bytes of arena that function `index` needs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_function_arena(
    model: *const qibu_model,
    index: usize,
    length: *mut usize,
) -> qibu_status {
    let answer = || {
        // SAFETY: the caller's promises are ours.
        unsafe { memory::put(length, function(model, index)?.arena()) }
    };
    status(answer())
}

/// How many inputs and outputs function `index` has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_function_counts(
    model: *const qibu_model,
    index: usize,
    inputs: *mut usize,
    outputs: *mut usize,
) -> qibu_status {
    let answer = || {
        // SAFETY: the caller's promises are ours.
        let function = unsafe { function(model, index) }?;
        // SAFETY: as before.
        unsafe {
            memory::put(inputs, function.inputs().len())?;
            memory::put(outputs, function.outputs().len())
        }
    };
    status(answer())
}

/// What input `input` of function `index` is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_function_input(
    model: *const qibu_model,
    index: usize,
    input: usize,
    tensor: *mut qibu_tensor,
) -> qibu_status {
    // SAFETY: the caller's promises are ours.
    status(unsafe { describe(model, index, tensor, |function| function.input(input)) })
}

/// What output `output` of function `index` is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_function_output(
    model: *const qibu_model,
    index: usize,
    output: usize,
    tensor: *mut qibu_tensor,
) -> qibu_status {
    // SAFETY: the caller's promises are ours.
    status(unsafe { describe(model, index, tensor, |function| function.output(output)) })
}

/// # Safety
/// Pointers are valid and quiet; the handle keeps the promise on handles.
unsafe fn describe(
    model: *const qibu_model,
    index: usize,
    tensor: *mut qibu_tensor,
    find: impl FnOnce(&Function<'static>) -> Option<Tensor<'static>>,
) -> Answer {
    // SAFETY: as promised.
    let (loaded, function) = unsafe { (loaded(model)?, function(model, index)?) };
    let record = find(&function).ok_or(qibu_status::Index)?;
    let description = qibu_tensor {
        name: loaded.model.tensor_name(record).into(),
        dtype: record.dtype().into(),
        rank: record.rank().into(),
        shape: *record.dims(),
        elements: record.elements().unwrap_or(0),
        scale: record.scale(),
        zero_point: record.zero_point(),
    };
    // SAFETY: as promised.
    unsafe { memory::put(tensor, description) }
}
