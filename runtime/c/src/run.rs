//! A function joined to an arena: inputs in, outputs out.
//!
//! The handle keeps the arena as a pointer and joins it anew for each call, which costs a comparison:
//! so several handles may share an arena, one after the other, and outputs may be read between calls.

use crate::function::{function, qibu_dtype};
use crate::handle::{self, Kind};
use crate::memory::{self, Answer, Region, status};
use crate::model::{loaded, qibu_model};
use crate::status::qibu_status;
use core::ffi::c_void;
use qibu::{Function, InputError, Run};

/// Words of a `qibu_run`.
pub const QIBU_RUN_WORDS: usize = 22;

/// A function joined to an arena, in the caller's memory. It may be copied, and owns nothing; it does
/// not need the `qibu_model` any more, but the model's bytes.
#[repr(C)]
pub struct qibu_run {
    opaque: [usize; QIBU_RUN_WORDS],
}

#[derive(Clone, Copy)]
struct Bound {
    function: Function<'static>,
    arena: *mut u8,
    length: usize,
    executed: bool,
}

impl Kind for Bound {
    type Storage = qibu_run;
    const MARK: usize = 0x7262_6971;
}

/// An arena that C passes in.
///
/// # Safety
/// The arena is valid and nobody else uses it while the result is alive.
pub(crate) unsafe fn arena<'a>(arena: *mut c_void, length: usize) -> Answer<&'a mut [u8]> {
    // SAFETY: as promised.
    unsafe { memory::slice_mut(arena.cast::<u8>(), length) }
}

/// Joins function `index` of `model` to `arena`, whose contents do not matter.
///
/// The arena starts on a 16-byte boundary (`QIBU_ALIGNED`), has at least the bytes that
/// `qibu_function_arena` says, and serves one function at a time: what another one does there
/// destroys inputs and outputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_run_bind(
    run: *mut qibu_run,
    model: *const qibu_model,
    index: usize,
    arena: *mut c_void,
    length: usize,
) -> qibu_status {
    let bind = || {
        // SAFETY: the caller's promises are ours.
        let (loaded, function) = unsafe { (loaded(model)?, function(model, index)?) };
        let region = Region::bytes(arena, length)?;
        region.apart(loaded.bytes)?;
        region.apart(Region::new(run, 1))?;
        let bound = Bound {
            function,
            arena: arena.cast(),
            length,
            executed: false,
        };
        // SAFETY: as before.
        unsafe { join(&bound) }?;
        Ok(bound)
    };
    // SAFETY: the caller's promises are ours.
    status(unsafe { handle::put::<Bound>(run, bind) })
}

/// # Safety
/// The arena is valid and nobody else uses it while the result is alive.
unsafe fn join<'a>(bound: &Bound) -> Answer<Run<'static, 'a>> {
    // SAFETY: as promised.
    let arena = unsafe { arena(bound.arena.cast(), bound.length) }?;
    Ok(bound.function.bind(arena)?)
}

/// # Safety
/// Pointers are valid and quiet; the handle keeps the promise on handles.
unsafe fn set<T: Copy>(
    run: *mut qibu_run,
    index: usize,
    dtype: qibu_dtype,
    values: *const T,
    count: usize,
    set: impl FnOnce(&mut Run<'_, '_>, &[T]) -> Result<(), InputError>,
) -> Answer {
    // SAFETY: as promised.
    let bound = unsafe { handle::get_mut::<Bound>(run) }?;
    let tensor = bound.function.input(index).ok_or(qibu_status::Index)?;
    if qibu_dtype::from(tensor.dtype()) != dtype {
        return Err(qibu_status::Dtype);
    }
    // An output of this arena as input: it would be read while it is overwritten.
    Region::given(values, count)?.apart(Region::new(bound.arena, bound.length))?;
    // SAFETY: as promised, and the values are apart from the arena.
    let (mut joined, values) = unsafe { (join(bound)?, memory::slice(values, count)?) };
    set(&mut joined, values)?;
    bound.executed = false;
    Ok(())
}

/// Sets float input `index`; `count` is its number of elements. The values are copied and do not lie
/// in the arena.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_run_set_f32(
    run: *mut qibu_run,
    index: usize,
    values: *const f32,
    count: usize,
) -> qibu_status {
    let put = |run: &mut Run<'_, '_>, values: &[f32]| run.set_f32(index, values);
    // SAFETY: the caller's promises are ours.
    status(unsafe { set(run, index, qibu_dtype::F32, values, count, put) })
}

/// Sets int32 input `index`: indices, for the most part.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_run_set_i32(
    run: *mut qibu_run,
    index: usize,
    values: *const i32,
    count: usize,
) -> qibu_status {
    let put = |run: &mut Run<'_, '_>, values: &[i32]| run.set_i32(index, values);
    // SAFETY: the caller's promises are ours.
    status(unsafe { set(run, index, qibu_dtype::I32, values, count, put) })
}

/// Sets int16 input `index`, as quantised values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_run_set_i16(
    run: *mut qibu_run,
    index: usize,
    values: *const i16,
    count: usize,
) -> qibu_status {
    let put = |run: &mut Run<'_, '_>, values: &[i16]| run.set_i16(index, values);
    // SAFETY: the caller's promises are ours.
    status(unsafe { set(run, index, qibu_dtype::I16, values, count, put) })
}

/// Sets int8 input `index`, as quantised values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_run_set_i8(
    run: *mut qibu_run,
    index: usize,
    values: *const i8,
    count: usize,
) -> qibu_status {
    let put = |run: &mut Run<'_, '_>, values: &[i8]| run.set_i8(index, values);
    // SAFETY: the caller's promises are ours.
    status(unsafe { set(run, index, qibu_dtype::I8, values, count, put) })
}

/// Sets input `index` of truth values, a byte each: 0 or 1, else `QIBU_STATUS_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_run_set_bool(
    run: *mut qibu_run,
    index: usize,
    values: *const u8,
    count: usize,
) -> qibu_status {
    let answer = || {
        // SAFETY: the caller's promises are ours.
        let bytes = unsafe { memory::slice(values, count) }?;
        if bytes.iter().any(|&byte| byte > 1) {
            return Err(qibu_status::Value);
        }
        let values = values.cast::<bool>();
        let put = |run: &mut Run<'_, '_>, values: &[bool]| run.set_bool(index, values);
        // SAFETY: as before, and each byte is 0 or 1, which makes it a `bool`.
        unsafe { set(run, index, qibu_dtype::Bool, values, count, put) }
    };
    status(answer())
}

/// Runs the function. It may overwrite its inputs: set all of them before each run.
///
/// `QIBU_STATUS_ID`: an index that was set is outside its table; `position`, which may be null, says
/// which one of its input. There are no outputs then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_run_execute(run: *mut qibu_run, position: *mut usize) -> qibu_status {
    let execute = || {
        // SAFETY: the caller's promises are ours.
        let bound = unsafe { handle::get_mut::<Bound>(run) }?;
        bound.executed = false;
        // SAFETY: as before.
        let done = unsafe { join(bound) }?.execute();
        if let Err(InputError::Id { position: at }) = done {
            // SAFETY: as before.
            unsafe { memory::put_if_wanted(position, at) }?;
        }
        done?;
        bound.executed = true;
        Ok(())
    };
    status(execute())
}

/// # Safety
/// Pointers are valid and quiet; the handle keeps the promise on handles.
unsafe fn get<T>(
    run: *const qibu_run,
    index: usize,
    dtype: qibu_dtype,
    values: *mut *const T,
    count: *mut usize,
    get: impl FnOnce(&Run<'_, '_>) -> Result<(*const T, usize), InputError>,
) -> Answer {
    // SAFETY: as promised.
    let bound = unsafe { handle::get::<Bound>(run) }?;
    let tensor = bound.function.output(index).ok_or(qibu_status::Index)?;
    if qibu_dtype::from(tensor.dtype()) != dtype {
        return Err(qibu_status::Dtype);
    }
    if !bound.executed {
        return Err(qibu_status::NotExecuted);
    }
    // SAFETY: as promised.
    let (start, length) = get(&unsafe { join(bound) }?)?;
    // The caller's own pointer, moved: one out of this view would end with the next call's view, and
    // outputs may be read together.
    let offset = start.addr().wrapping_sub(bound.arena.addr());
    let start = bound.arena.cast_const().wrapping_add(offset).cast::<T>();
    // SAFETY: as promised.
    unsafe {
        memory::put(values, start)?;
        memory::put(count, length)
    }
}

/// Float output `index`: a pointer into the arena, good until the arena is used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_run_output_f32(
    run: *const qibu_run,
    index: usize,
    values: *mut *const f32,
    count: *mut usize,
) -> qibu_status {
    let find = |run: &Run<'_, '_>| run.output_f32(index).map(|v| (v.as_ptr(), v.len()));
    // SAFETY: the caller's promises are ours.
    status(unsafe { get(run, index, qibu_dtype::F32, values, count, find) })
}

/// Int32 output `index`: a pointer into the arena, good until the arena is used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_run_output_i32(
    run: *const qibu_run,
    index: usize,
    values: *mut *const i32,
    count: *mut usize,
) -> qibu_status {
    let find = |run: &Run<'_, '_>| run.output_i32(index).map(|v| (v.as_ptr(), v.len()));
    // SAFETY: the caller's promises are ours.
    status(unsafe { get(run, index, qibu_dtype::I32, values, count, find) })
}

/// Int16 output `index`, quantised: a pointer into the arena, good until the arena is used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_run_output_i16(
    run: *const qibu_run,
    index: usize,
    values: *mut *const i16,
    count: *mut usize,
) -> qibu_status {
    let find = |run: &Run<'_, '_>| run.output_i16(index).map(|v| (v.as_ptr(), v.len()));
    // SAFETY: the caller's promises are ours.
    status(unsafe { get(run, index, qibu_dtype::I16, values, count, find) })
}

/// Int8 output `index`, quantised: a pointer into the arena, good until the arena is used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_run_output_i8(
    run: *const qibu_run,
    index: usize,
    values: *mut *const i8,
    count: *mut usize,
) -> qibu_status {
    let find = |run: &Run<'_, '_>| run.output_i8(index).map(|v| (v.as_ptr(), v.len()));
    // SAFETY: the caller's promises are ours.
    status(unsafe { get(run, index, qibu_dtype::I8, values, count, find) })
}

/// Output `index` of truth values, a byte each, zero is false: a pointer into the arena, good until
/// the arena is used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qibu_run_output_bool(
    run: *const qibu_run,
    index: usize,
    values: *mut *const u8,
    count: *mut usize,
) -> qibu_status {
    let find = |run: &Run<'_, '_>| run.output_bool(index).map(|v| (v.as_ptr(), v.len()));
    // SAFETY: the caller's promises are ours.
    status(unsafe { get(run, index, qibu_dtype::Bool, values, count, find) })
}
