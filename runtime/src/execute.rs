//! Walks the steps of a function over the caller's arena.

use crate::arena::{HANDED, Operands, Parts, WRITTEN};
use crate::error::InputError;
use crate::format::{ALIGNMENT, DType, Place, Tensor};
use crate::kernels::{Kernel, gather};
use crate::model::Function;
use crate::step::Step;
use bytemuck::AnyBitPattern;
use core::ops::Range;

#[cfg(feature = "std")]
mod kept;

/// A function joined to an arena.
pub struct Run<'m, 'r> {
    function: Function<'m>,
    arena: &'r mut [u8],
    #[cfg(feature = "std")]
    kept: kept::Keeping<'m>,
}

impl<'m, 'r> Run<'m, 'r> {
    pub(crate) fn new(function: Function<'m>, arena: &'r mut [u8]) -> Result<Self, InputError> {
        let arena = fitted(&function, arena)?;
        #[cfg(feature = "std")]
        return Ok(Self {
            kept: kept::Keeping::Fresh,
            function,
            arena,
        });
        #[cfg(not(feature = "std"))]
        Ok(Self { function, arena })
    }

    /// [`Run::new`] with an arena from [`fitted`], apart from its errors: what a `Result` wraps has to be
    /// moved out of it, by a routine that has to be linked. For a single run: nothing is kept for others.
    pub(crate) fn on(function: Function<'m>, arena: &'r mut [u8]) -> Self {
        Self {
            #[cfg(feature = "std")]
            kept: kept::Keeping::Never,
            function,
            arena,
        }
    }

    /// The same without memory of its own, so that what holds it may be forgotten.
    #[inline(always)]
    pub(crate) fn forgettable(self) -> Self {
        #[cfg(feature = "std")]
        return Self {
            kept: kept::Keeping::Never,
            ..self
        };
        #[cfg(not(feature = "std"))]
        self
    }

    /// The function.
    #[must_use]
    pub fn function(&self) -> Function<'m> {
        self.function
    }

    /// Sets float input `index`.
    ///
    /// # Errors
    /// There is no such input, or it has another length.
    pub fn set_f32(&mut self, index: usize, values: &[f32]) -> Result<(), InputError> {
        self.set(index, DType::F32, bytemuck::cast_slice(values))
    }

    /// Sets index input `index`.
    ///
    /// # Errors
    /// There is no such input, or it has another length.
    pub fn set_i32(&mut self, index: usize, values: &[i32]) -> Result<(), InputError> {
        self.set(index, DType::I32, bytemuck::cast_slice(values))
    }

    /// Sets int8 input `index`, as quantised values.
    ///
    /// # Errors
    /// There is no such input, or it has another length.
    pub fn set_i8(&mut self, index: usize, values: &[i8]) -> Result<(), InputError> {
        self.set(index, DType::I8, bytemuck::cast_slice(values))
    }

    /// Sets int16 input `index`, as quantised values.
    ///
    /// # Errors
    /// There is no such input, or it has another length.
    pub fn set_i16(&mut self, index: usize, values: &[i16]) -> Result<(), InputError> {
        self.set(index, DType::I16, bytemuck::cast_slice(values))
    }

    /// Sets input `index` of truth values.
    ///
    /// # Errors
    /// There is no such input, or it has another length.
    pub fn set_bool(&mut self, index: usize, values: &[bool]) -> Result<(), InputError> {
        self.set(index, DType::Bool, bytemuck::cast_slice(values))
    }

    fn set(&mut self, index: usize, dtype: DType, bytes: &[u8]) -> Result<(), InputError> {
        let tensor = self.function.input(index).ok_or(InputError::Index)?;
        if tensor.dtype() != dtype {
            return Err(InputError::Index);
        }
        let target = range(tensor).and_then(|range| self.arena.get_mut(range));
        let target = target.ok_or(InputError::Index)?;
        if target.len() != bytes.len() {
            return Err(InputError::Length {
                needed: target.len() / dtype.size(),
            });
        }
        for (target, byte) in target.iter_mut().zip(bytes) {
            *target = *byte;
        }
        Ok(())
    }

    /// Sets input `index`, of 32-bit elements of type `dtype`, word by word, as many as it has.
    pub(crate) fn set_words(
        &mut self,
        index: usize,
        dtype: DType,
        words: impl Iterator<Item = i32>,
    ) -> Result<(), InputError> {
        let target = self.words_mut(self.function.input(index), dtype)?;
        for (target, word) in target.iter_mut().zip(words) {
            *target = word;
        }
        Ok(())
    }

    /// Float output `index` with each element's bits replaced, in the arena, by an integer's.
    pub(crate) fn rewritten(
        &mut self,
        index: usize,
        map: impl Fn(u32) -> i32,
    ) -> Result<&[i32], InputError> {
        let words = self.words_mut(self.function.output(index), DType::F32)?;
        for word in words.iter_mut() {
            *word = map(*word as u32);
        }
        Ok(words)
    }

    /// Output `index` of 32-bit elements, whatever they are.
    pub(crate) fn output_words(&self, index: usize) -> Result<&[i32], InputError> {
        let tensor = self.function.output(index).ok_or(InputError::Index)?;
        self.output(index, tensor.dtype())
    }

    /// Outputs `a` and `b` of 32-bit elements, whatever they are, for as long as the arena is lent.
    pub(crate) fn into_words(self, a: usize, b: usize) -> Result<[&'r [i32]; 2], InputError> {
        let (function, arena) = (self.function, &*self.arena);
        let words = |index: usize| {
            let range = function.output(index).and_then(range);
            let bytes = range.and_then(|range| arena.get(range));
            let words = bytemuck::try_cast_slice(bytes.ok_or(InputError::Index)?);
            words.map_err(|_| InputError::Index)
        };
        Ok([words(a)?, words(b)?])
    }

    /// An arena tensor of 32-bit elements of type `dtype`, as words.
    fn words_mut(
        &mut self,
        tensor: Option<Tensor>,
        dtype: DType,
    ) -> Result<&mut [i32], InputError> {
        let tensor = tensor.filter(|tensor| tensor.dtype() == dtype);
        let range = tensor.and_then(|tensor| range(tensor));
        let bytes = range.and_then(|range| self.arena.get_mut(range));
        let words = bytemuck::try_cast_slice_mut(bytes.ok_or(InputError::Index)?);
        words.map_err(|_| InputError::Index)
    }

    /// Float output `index`, valid after [`Run::execute`].
    ///
    /// # Errors
    /// There is no such output.
    pub fn output_f32(&self, index: usize) -> Result<&[f32], InputError> {
        self.output(index, DType::F32)
    }

    /// 32-bit integer output `index`, valid after [`Run::execute`].
    ///
    /// # Errors
    /// There is no such output.
    pub fn output_i32(&self, index: usize) -> Result<&[i32], InputError> {
        self.output(index, DType::I32)
    }

    /// Int8 output `index`, quantised, valid after [`Run::execute`].
    ///
    /// # Errors
    /// There is no such output.
    pub fn output_i8(&self, index: usize) -> Result<&[i8], InputError> {
        self.output(index, DType::I8)
    }

    /// Int16 output `index`, quantised, valid after [`Run::execute`].
    ///
    /// # Errors
    /// There is no such output.
    pub fn output_i16(&self, index: usize) -> Result<&[i16], InputError> {
        self.output(index, DType::I16)
    }

    /// Output `index` of truth values, a byte each: zero is false. Valid after [`Run::execute`].
    ///
    /// # Errors
    /// There is no such output.
    pub fn output_bool(&self, index: usize) -> Result<&[u8], InputError> {
        self.output(index, DType::Bool)
    }

    fn output<T: AnyBitPattern>(&self, index: usize, dtype: DType) -> Result<&[T], InputError> {
        let tensor = self.function.output(index).ok_or(InputError::Index)?;
        if tensor.dtype() != dtype {
            return Err(InputError::Index);
        }
        let bytes = range(tensor).and_then(|range| self.arena.get(range));
        let values = bytemuck::try_cast_slice(bytes.ok_or(InputError::Index)?);
        values.map_err(|_| InputError::Index)
    }

    /// Bytes of any tensor in the arena, for tools that look inside (calibration, verification).
    #[must_use]
    pub fn tensor_bytes(&self, tensor: Tensor<'_>) -> Option<&[u8]> {
        if tensor.place() != Place::Arena {
            return None;
        }
        self.arena.get(range(tensor)?)
    }

    /// Runs all steps. They may overwrite the inputs: a caller sets all of them before each run.
    ///
    /// With the feature `std` the second run keeps on the heap where operands are; nothing else of the runtime
    /// allocates.
    ///
    /// # Errors
    /// An index that the caller set is outside its table.
    pub fn execute(&mut self) -> Result<(), InputError> {
        self.execute_with(|_, _| {})
    }

    /// Runs all steps and shows each to `observe`, with the arena as it stands behind it.
    ///
    /// # Errors
    /// An index that the caller set is outside its table.
    pub fn execute_with(
        &mut self,
        mut observe: impl FnMut(&Step<'_>, &[u8]),
    ) -> Result<(), InputError> {
        #[cfg(feature = "std")]
        self.kept.start(&self.function);
        // Not a copy of the function: a routine would have to be linked for that.
        for (position, step) in self.function.steps().enumerate() {
            #[cfg(feature = "std")]
            if let Some(found) = self.kept.get(position) {
                if let Some(guard) = found.kernel.guard {
                    guard(self, &step, position)?;
                }
                found.run(self.arena, &step).ok_or(InputError::Kernel)?;
                observe(&step, self.arena);
                continue;
            }
            let kernel = step.kernel().ok_or(InputError::Kernel)?;
            if let Some(guard) = kernel.guard {
                guard(self, &step, position)?;
            }
            run_step(self.arena, kernel, &step).ok_or(InputError::Kernel)?;
            observe(&step, self.arena);
        }
        Ok(())
    }

    /// Indices that come from the caller are an error outside their table; computed ones clamp.
    ///
    /// `rows` is the length of the table that input 1 of `step` has indices of.
    pub(crate) fn check_ids(
        &self,
        step: &Step<'_>,
        position: usize,
        rows: usize,
    ) -> Result<(), InputError> {
        let Some(tensor) = step.input(1).filter(|ids| self.is_given(*ids, position)) else {
            return Ok(());
        };
        let bytes = range(tensor).and_then(|range| self.arena.get(range));
        let (words, _) = bytes.ok_or(InputError::Index)?.as_chunks::<4>();
        let outside = |word: &[u8; 4]| !gather::is_inside(i32::from_le_bytes(*word), rows);
        match words.iter().position(outside) {
            Some(position) => Err(InputError::Id { position }),
            None => Ok(()),
        }
    }

    /// Whether the caller set the bytes of `tensor`, and no step before `position` wrote there.
    fn is_given(&self, tensor: Tensor<'_>, position: usize) -> bool {
        let model = self.function.model;
        let inputs = self.function.inputs().iter();
        let mut inputs = inputs.filter_map(|&input| model.tensor(input));
        let same = |input: Tensor| {
            input.place() == tensor.place()
                && range(input) == range(tensor)
                && range(tensor).is_some()
        };
        let touches = |output: Tensor| match (range(output), range(tensor)) {
            (Some(written), Some(read)) => written.start < read.end && read.start < written.end,
            _ => true,
        };
        let written = |step: Step<'_>| {
            let mut outputs = step.outputs().iter();
            outputs.any(|&output| model.tensor(output).is_none_or(touches))
        };
        tensor.place() == Place::Arena
            && inputs.any(same)
            && !self.function.steps().take(position).any(written)
    }
}

fn run_step(arena: &mut [u8], kernel: &Kernel, step: &Step<'_>) -> Option<()> {
    // What is missing is the empty range at the end.
    let end = arena.len();
    let mut written = [const { 0..0 }; WRITTEN];
    for range in &mut written {
        *range = end..end;
    }
    for (position, &index) in step.outputs().iter().enumerate() {
        // Scratch comes last, whatever number of results is before it.
        let position = match position < step.results() {
            true => position,
            false => WRITTEN - 1,
        };
        *written.get_mut(position)? = range(step.model.tensor(index)?)?;
    }
    let result = written.first().cloned();
    let mut parts = Parts::default();
    let [first, second, scratch] = parts.carve(arena, &mut written)?;
    let mut inputs: [&[u8]; HANDED] = Default::default();
    for ((position, &index), input) in step.inputs().iter().enumerate().zip(&mut inputs) {
        let tensor = step.model.tensor(index)?;
        let bytes = match step.model.constant(tensor) {
            Some(bytes) => bytes,
            None => {
                let range = range(tensor)?;
                if step.opcode.in_place(position) && result.as_ref() == Some(&range) {
                    continue;
                }
                parts.get(range)?
            }
        };
        *input = bytes;
    }
    // One by one: what moves more than six words at once is a routine that has to be linked.
    let [a, b, c, d] = inputs;
    let operands = Operands {
        inputs: [a, b, c, d],
        outputs: [first, second],
        scratch,
    };
    (kernel.run)(step, operands)
}

/// As much of `arena` as `function` needs.
pub(crate) fn fitted<'r>(
    function: &Function<'_>,
    arena: &'r mut [u8],
) -> Result<&'r mut [u8], InputError> {
    if !arena.as_ptr().addr().is_multiple_of(ALIGNMENT) {
        return Err(InputError::ArenaAlignment);
    }
    let needed = function.arena();
    arena
        .get_mut(..needed)
        .ok_or(InputError::ArenaLength { needed })
}

/// Byte range of an arena tensor.
#[cfg_attr(target_pointer_width = "64", inline(always))] // A caller would wait for a result that goes through memory.
fn range(tensor: Tensor<'_>) -> Option<Range<usize>> {
    let start = tensor.offset() as usize;
    Some(start..start.checked_add(tensor.bytes()?)?)
}
